// What one core of this machine can do, measured where it is compared with.
#ifndef USHER_TESTS_BENCH_CEILINGS_H_
#define USHER_TESTS_BENCH_CEILINGS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace usher {

// Of the calling thread: what others on the machine do counts less.
double ThreadMilliseconds();

// Memory to read as fast as a core can: from the cache that so many bytes fit
// in, or from beyond.
class ReadBuffer {
 public:
  explicit ReadBuffer(size_t bytes);

  // All of it, with the widest loads of ActiveInstructionSet().
  uint64_t ReadAll() const;

 private:
  struct Free {
    void operator()(char* bytes) const;
  };

  size_t bytes_;
  std::unique_ptr<char[], Free> data_;
};

// Multiplications and additions of floats that one core does in a second, each
// counted, when nothing waits for memory: the best of several tries, with
// ActiveInstructionSet().
double PeakFlops();

}  // namespace usher

#endif  // USHER_TESTS_BENCH_CEILINGS_H_
