// Values that many threads change and few read.
#ifndef USHER_SERVING_TELEMETRY_SHARDED_H_
#define USHER_SERVING_TELEMETRY_SHARDED_H_

#include <sched.h>

#include <array>
#include <cstddef>

namespace usher {

// A copy of T a core, up to kShards, so that counting threads do not pull one
// cache line back and forth; a reader adds the copies up. T has atomics that
// begin as zero: two threads of one core may meet in one copy.
template <class T>
class Sharded {
 public:
  static constexpr size_t kShards = 16;  // More cores share.

  T& Here() {
    const int core = sched_getcpu();
    return shards_[core < 0 ? 0 : static_cast<size_t>(core) % kShards].value;
  }

  auto begin() const { return shards_.begin(); }
  auto end() const { return shards_.end(); }

 private:
  struct alignas(64) Shard {
    T value{};
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_SHARDED_H_
