#include "index/vector/best_rows.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace usher {
namespace {

constexpr uint32_t kSign = 0x80000000u;

// What one call writes over, kept for the thread's next one.
struct Space {
  std::vector<float> values;
  std::vector<float> larger;
  std::vector<uint64_t> keys;
  std::vector<uint64_t> merged;
};

Space& ThreadSpace() {
  thread_local Space space;
  return space;
}

// Merges two ascending runs of `length`, from both ends at once, so that
// neither end of a run has to be looked for.
void MergeRuns(const uint64_t* runs, size_t length, uint64_t* out) {
  const uint64_t* a = runs;
  const uint64_t* b = runs + length;
  const uint64_t* a_last = b - 1;
  const uint64_t* b_last = a_last + length;
  uint64_t* out_last = out + 2 * length - 1;
  for (size_t i = 0; i < length; ++i) {
    const size_t from_b = *b < *a;
    *out++ = std::min(*a, *b);
    a += 1 - from_b;
    b += from_b;
    const size_t from_a = *b_last < *a_last;
    *out_last-- = std::max(*a_last, *b_last);
    a_last -= from_a;
    b_last -= 1 - from_a;
  }
}

void Order(uint64_t& a, uint64_t& b) {
  const uint64_t larger = std::max(a, b);
  a = std::min(a, b);
  b = larger;
}

void SortFour(uint64_t* keys) {
  uint64_t a = keys[0], b = keys[1], c = keys[2], d = keys[3];
  Order(a, b);
  Order(c, d);
  Order(a, c);
  Order(b, d);
  Order(b, c);
  keys[0] = a;
  keys[1] = b;
  keys[2] = c;
  keys[3] = d;
}

// Ascending, by merging: nothing branches on a value.
void SortKeys(std::vector<uint64_t>& keys, std::vector<uint64_t>& merged) {
  const size_t size = keys.size();
  const size_t padded = std::bit_ceil(std::max<size_t>(size, 4));
  keys.resize(padded, std::numeric_limits<uint64_t>::max());
  merged.resize(padded);
  for (size_t i = 0; i < padded; i += 4) SortFour(keys.data() + i);
  for (size_t length = 4; length < padded; length *= 2) {
    for (size_t i = 0; i < padded; i += 2 * length) {
      MergeRuns(keys.data() + i, length, merged.data() + i);
    }
    keys.swap(merged);
  }
  keys.resize(size);
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
  SortKeys(keys, ThreadSpace().merged);
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint32_t ascending = ~static_cast<uint32_t>(keys[i] >> 32);
    const uint32_t bits =
        (ascending & kSign) != 0 ? ascending & ~kSign : ~ascending;
    rows[i] = {static_cast<int32_t>(static_cast<uint32_t>(keys[i])),
               std::bit_cast<float>(bits)};
  }
}

}  // namespace usher
