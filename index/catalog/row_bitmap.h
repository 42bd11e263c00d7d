// A set of rows, one bit each.
#ifndef USHER_INDEX_CATALOG_ROW_BITMAP_H_
#define USHER_INDEX_CATALOG_ROW_BITMAP_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace usher {

// Bit r of word r / 64 stands for row r. Bits past size() are 0.
// Thread-compatible.
class RowBitmap {
 public:
  RowBitmap() = default;
  explicit RowBitmap(size_t size, bool value = false)
      : size_(size), words_((size + 63) / 64, value ? ~uint64_t{0} : 0) {
    if (value && size % 64 != 0) words_.back() = (uint64_t{1} << size % 64) - 1;
  }

  size_t size() const { return size_; }
  bool Test(size_t row) const {
    return row < size_ && (words_[row / 64] >> row % 64 & 1) != 0;
  }
  // Grows without new members; never shrinks.
  void Grow(size_t size) {
    size_ = std::max(size_, size);
    words_.resize((size_ + 63) / 64, 0);
  }
  void Set(size_t row) { words_[row / 64] |= uint64_t{1} << row % 64; }
  void Clear(size_t row) { words_[row / 64] &= ~(uint64_t{1} << row % 64); }
  absl::Span<const uint64_t> words() const { return words_; }

  size_t Count() const { return CountFirst(size_); }

  // How many members are below `size`.
  size_t CountFirst(size_t size) const {
    const size_t whole = std::min(size / 64, words_.size());
    size_t count = 0;
    for (size_t w = 0; w < whole; w += kWordsOfBytes) {
      count +=
          CountBits({words_.data() + w, std::min(kWordsOfBytes, whole - w)});
    }
    if (size % 64 == 0 || whole == words_.size()) return count;
    const uint64_t below = words_[whole] & ((uint64_t{1} << size % 64) - 1);
    return count + CountBits({&below, 1});
  }

  // The members below `size`, as a set of that size.
  RowBitmap First(size_t size) const {
    const size_t words = (size + 63) / 64;
    const size_t copied = std::min(words_.size(), words);
    RowBitmap first;
    first.size_ = size;
    first.words_.reserve(words);
    first.words_.assign(words_.begin(), words_.begin() + copied);
    first.words_.resize(words, 0);
    if (size % 64 != 0 && copied == words) {
      first.words_.back() &= (uint64_t{1} << size % 64) - 1;
    }
    return first;
  }

  // Calls body(row) for every member, ascending.
  template <class Body>
  void ForEach(Body&& body) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        body(w * 64 + std::countr_zero(bits));
      }
    }
  }

 private:
  // Of so many words the bits at one byte's place are counted in a byte.
  static constexpr size_t kWordsOfBytes = 31;

  // By bytes, for a loop over it becomes vector instructions on every machine;
  // one to count bits is not on all. Takes kWordsOfBytes words at most.
  static size_t CountBits(absl::Span<const uint64_t> words) {
    constexpr uint64_t kOdd = 0x5555'5555'5555'5555;
    constexpr uint64_t kPairs = 0x3333'3333'3333'3333;
    constexpr uint64_t kNibbles = 0x0f0f'0f0f'0f0f'0f0f;
    constexpr uint64_t kBytes = 0x00ff'00ff'00ff'00ff;
    constexpr uint64_t kSum = 0x0001'0001'0001'0001;
    uint64_t bytes = 0;
    for (const uint64_t word : words) {
      const uint64_t of_two = word - (word >> 1 & kOdd);
      const uint64_t of_four = (of_two & kPairs) + (of_two >> 2 & kPairs);
      bytes += (of_four + (of_four >> 4)) & kNibbles;
    }
    return ((bytes & kBytes) + (bytes >> 8 & kBytes)) * kSum >> 48;
  }

  size_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_ROW_BITMAP_H_
