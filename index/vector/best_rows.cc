#include "index/vector/best_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace usher {
namespace {

constexpr uint32_t kSign = 0x80000000u;
// Up to so many, counting digits costs more than comparing.
constexpr size_t kFewKeys = 24;

// What one call writes over, kept for the thread's next one.
struct Space {
  std::vector<float> values;
  std::vector<float> larger;
  std::vector<uint64_t> keys;
  std::vector<uint64_t> other_keys;
};

Space& ThreadSpace() {
  thread_local Space space;
  return space;
}

// Ascending by the upper half, and where that is equal, in their order (least
// significant digit first). Digits that all keys share cost next to nothing.
void SortByUpperHalf(std::vector<uint64_t>& keys,
                     std::vector<uint64_t>& other) {
  constexpr size_t kDigits = 4;
  constexpr size_t kValues = 256;
  const auto digit = [](uint64_t key, size_t place) {
    return static_cast<size_t>(key >> (32 + 8 * place)) % kValues;
  };
  std::array<std::array<uint32_t, kValues>, kDigits> ends{};
  for (const uint64_t key : keys) {
    for (size_t d = 0; d < kDigits; ++d) ++ends[d][digit(key, d)];
  }
  other.resize(keys.size());
  for (size_t d = 0; d < kDigits; ++d) {
    std::array<uint32_t, kValues>& next = ends[d];
    if (next[digit(keys[0], d)] == keys.size()) continue;
    uint32_t begin = 0;
    for (uint32_t& count : next) begin += std::exchange(count, begin);
    for (const uint64_t key : keys) other[next[digit(key, d)]++] = key;
    keys.swap(other);
  }
}

// Ascending, where the upper halves are already.
void SortLowerHalves(std::vector<uint64_t>& keys) {
  for (auto first = keys.begin(); first != keys.end();) {
    auto last = first + 1;
    while (last != keys.end() && *last >> 32 == *first >> 32) ++last;
    if (last - first > 1) std::sort(first, last);
    first = last;
  }
}

}  // namespace

// Quickselect (Hoare 1961) that copies in place of swapping: nothing branches
// on a value, so that nothing is mispredicted.
float KthLargest(size_t k, std::vector<float>& values,
                 std::vector<float>& scratch) {
  constexpr size_t kFew = 24;
  constexpr int kMostRounds = 48;  // Of which half would do but by bad luck.
  scratch.resize(values.size());
  size_t n = values.size();
  for (int round = 0; n > kFew && round < kMostRounds; ++round) {
    float* v = values.data();
    float* larger = scratch.data();
    const float a = v[n / 4], b = v[n / 2], c = v[n - 1 - n / 4];
    const float pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
    // Smaller ones stay in front of `v`: no more are written than were read.
    size_t num_larger = 0, num_smaller = 0;
    for (size_t i = 0; i < n; ++i) {
      const float x = v[i];
      larger[num_larger] = x;
      num_larger += x > pivot;
      v[num_smaller] = x;
      num_smaller += x < pivot;
    }
    if (k <= num_larger) {
      n = num_larger;
      values.swap(scratch);
    } else if (k <= n - num_smaller) {
      return pivot;
    } else {
      k -= n - num_smaller;
      n = num_smaller;
    }
  }
  std::nth_element(values.begin(), values.begin() + (k - 1), values.begin() + n,
                   std::greater<float>());
  return values[k - 1];
}

float KeepBest(size_t k, std::vector<ScoredRow>& rows) {
  std::vector<float>& scores = ThreadSpace().values;
  scores.clear();
  for (const ScoredRow& row : rows) scores.push_back(row.score);
  const float kth = KthLargest(k, scores, ThreadSpace().larger);
  KeepIf(rows, [=](const ScoredRow& row) { return row.score >= kth; });
  if (rows.size() == k) return kth;
  // Several have the last score.
  std::nth_element(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(k - 1),
                   rows.end(), IsBetter);
  rows.resize(k);
  return kth;
}

// Whole numbers are compared without looking at two members.
void SortBest(std::vector<ScoredRow>& rows) {
  std::vector<uint64_t>& keys = ThreadSpace().keys;
  keys.clear();
  for (const ScoredRow& row : rows) {
    // The order of floats, but for -0, which is 0.
    const uint32_t bits = std::bit_cast<uint32_t>(row.score + 0.0f);
    const uint32_t ascending = (bits & kSign) != 0 ? ~bits : bits | kSign;
    keys.push_back(uint64_t{~ascending} << 32 | static_cast<uint32_t>(row.row));
  }
  if (keys.size() <= kFewKeys) {
    std::sort(keys.begin(), keys.end());
  } else {
    SortByUpperHalf(keys, ThreadSpace().other_keys);
    SortLowerHalves(keys);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint32_t ascending = ~static_cast<uint32_t>(keys[i] >> 32);
    const uint32_t bits =
        (ascending & kSign) != 0 ? ascending & ~kSign : ~ascending;
    rows[i] = {static_cast<int32_t>(static_cast<uint32_t>(keys[i])),
               std::bit_cast<float>(bits)};
  }
}

}  // namespace usher
