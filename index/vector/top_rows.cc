#include "index/vector/top_rows.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace usher {
namespace {

constexpr uint32_t kSign = 0x80000000u;

// Rows beyond k that the buffer holds: more means fewer selections, but a
// threshold that lags behind.
size_t CapacityFor(size_t k) { return 2 * k + k / 2 + 256; }

// Times k: so many rows are worth to be pruned before they are scored.
constexpr size_t kPruneAbove = 4;

// Keeps the elements that `keep` holds for, in their order, without a branch.
template <class T, class Keep>
void KeepIf(std::vector<T>& values, Keep keep) {
  size_t kept = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = values[i];
    values[kept] = value;
    kept += keep(value);
  }
  values.resize(kept);
}

// By IsBetter. Whole numbers are compared without looking at two members.
void SortBest(std::vector<ScoredRow>& rows) {
  std::vector<uint64_t> keys;
  keys.reserve(rows.size());
  for (const ScoredRow& row : rows) {
    // The order of floats, but for -0, which is 0.
    const uint32_t bits = std::bit_cast<uint32_t>(row.score + 0.0f);
    const uint32_t ascending = (bits & kSign) != 0 ? ~bits : bits | kSign;
    keys.push_back(uint64_t{~ascending} << 32 | static_cast<uint32_t>(row.row));
  }
  std::sort(keys.begin(), keys.end());
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint32_t ascending = ~static_cast<uint32_t>(keys[i] >> 32);
    const uint32_t bits =
        (ascending & kSign) != 0 ? ascending & ~kSign : ~ascending;
    rows[i] = {static_cast<int32_t>(static_cast<uint32_t>(keys[i])),
               std::bit_cast<float>(bits)};
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

TopRows::TopRows(size_t k) : k_(k), capacity_(CapacityFor(k)) {
  bounded_.reserve(std::min<size_t>(capacity_, 4096));
}

std::vector<ScoredRow> TopRows::Take(Rescore rescore) {
  // To score few too many costs less than to find out which.
  if (size() > kPruneAbove * k_) PruneBelowKthLower();
  ScoreBounded(rescore);
  KeepBestExact();
  SortBest(exact_);
  return std::exchange(exact_, {});
}

void TopRows::Compact(Rescore rescore) {
  PruneBelowKthLower();
  if (size() <= k_ + (capacity_ - k_) / 2) return;
  ScoreBounded(rescore);
  KeepBestExact();
}

void TopRows::RaiseThreshold(float kth_lower) {
  kth_lower_ = std::max(kth_lower_, kth_lower);
  // Where products underflow, bounds are off by less than this.
  threshold_ = kth_lower_ - std::numeric_limits<float>::min();
}

void TopRows::PruneBelowKthLower() {
  if (size() <= k_) return;
  scratch_.clear();
  for (const Bounded& b : bounded_) scratch_.push_back(b.lower);
  for (const ScoredRow& e : exact_) scratch_.push_back(e.score);
  RaiseThreshold(KthLargest(k_, scratch_, selection_));
  const float least = threshold_;
  KeepIf(bounded_, [=](const Bounded& b) { return b.upper >= least; });
  KeepIf(exact_, [=](const ScoredRow& e) { return !(e.score < least); });
}

void TopRows::ScoreBounded(Rescore rescore) {
  if (bounded_.empty()) return;
  std::vector<int32_t> rows;
  rows.reserve(bounded_.size());
  for (const Bounded& b : bounded_) rows.push_back(b.row);
  scratch_.resize(rows.size());
  rescore(rows, scratch_.data());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (scratch_[i] > -kInfinity) exact_.push_back({rows[i], scratch_[i]});
  }
  bounded_.clear();
}

void TopRows::KeepBestExact() {
  if (exact_.size() < k_) return;
  scratch_.clear();
  for (const ScoredRow& e : exact_) scratch_.push_back(e.score);
  const float kth = KthLargest(k_, scratch_, selection_);
  RaiseThreshold(kth);
  KeepIf(exact_, [=](const ScoredRow& e) { return e.score >= kth; });
  if (exact_.size() == k_) return;
  // Several have the last score.
  std::nth_element(exact_.begin(),
                   exact_.begin() + static_cast<ptrdiff_t>(k_ - 1),
                   exact_.end(), IsBetter);
  exact_.resize(k_);
}

}  // namespace usher
