// Which keys are certainly not in a set.
#ifndef USHER_INDEX_STATE_KEY_FILTER_H_
#define USHER_INDEX_STATE_KEY_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/base/hash.h"

namespace usher {

// A Bloom filter (1970) whose bits of a key lie in one cache line (Putze et al.
// 2007): 10 bits a key, and one or two of a hundred keys that are not there
// look as if they were. Keys are hashes. Of one thread.
class KeyFilter {
 public:
  // Has room for `capacity` keys; more make it useless, not wrong.
  explicit KeyFilter(size_t capacity = 0)
      : lines_(capacity * kBitsPerKey / kLineBits + 1) {}

  void Add(int64_t key) {
    Line& line = lines_[LineOf(key)];
    ForEachBit(key, [&](size_t word, uint64_t bit) { line[word] |= bit; });
  }
  // False: it was never added.
  bool MayHave(int64_t key) const {
    const Line& line = lines_[LineOf(key)];
    bool all = true;
    ForEachBit(key, [&](size_t word, uint64_t bit) {
      all &= (line[word] & bit) != 0;
    });
    return all;
  }

 private:
  static constexpr size_t kBitsPerKey = 10;
  static constexpr size_t kLineBits = 512;
  static constexpr int kBits = 6;
  using Line = std::array<uint64_t, kLineBits / 64>;

  // Keys in order have lines in order.
  size_t LineOf(int64_t key) const {
    const uint64_t upper =
        (static_cast<uint64_t>(key) ^ uint64_t{1} << 63) >> 32;
    return static_cast<size_t>(upper * lines_.size() >> 32);
  }
  template <class Use>
  static void ForEachBit(int64_t key, const Use& use) {
    uint64_t random = Mix64(static_cast<uint64_t>(key));
    for (int i = 0; i < kBits; ++i, random >>= 9) {
      use(random >> 6 & 7, uint64_t{1} << (random & 63));
    }
  }

  std::vector<Line> lines_;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_KEY_FILTER_H_
