// Stable hashes: the same on every machine, in every run and release.
#ifndef USHER_INDEX_BASE_HASH_H_
#define USHER_INDEX_BASE_HASH_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace usher {

// XXH3, 64 bits, of the bytes; `seed` separates independent uses.
uint64_t Hash64(absl::string_view bytes, uint64_t seed = 0);

// A bijective mix of a 64-bit number (splitmix64's finalizer).
constexpr uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// A deterministic stream of random numbers (splitmix64), for seeds that must
// give the same data on every platform. Single-threaded.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    const uint64_t value = Mix64(state_);
    state_ += 0x9e3779b97f4a7c15u;
    return value;
  }
  // Uniform in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  // Uniform in [0, n); n > 0.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >>
                                 64);
  }
  // Standard normal (Box and Muller 1958).
  double Normal();

 private:
  uint64_t state_;
};

}  // namespace usher

#endif  // USHER_INDEX_BASE_HASH_H_
