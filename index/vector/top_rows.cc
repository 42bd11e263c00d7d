#include "index/vector/top_rows.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace usher {
namespace {

// Rows beyond k that the buffer holds: more means fewer selections, but a
// threshold that lags behind.
size_t CapacityFor(size_t k) { return 2 * k + k / 2 + 256; }

}  // namespace

TopRows::TopRows(size_t k) : k_(k), capacity_(CapacityFor(k)) {
  bounded_.reserve(std::min<size_t>(capacity_, 4096));
}

std::vector<ScoredRow> TopRows::Take(Rescore rescore) {
  PruneBelowKthLower();
  ScoreBounded(rescore);
  KeepBestExact();
  std::sort(exact_.begin(), exact_.end(), IsBetter);
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
  std::nth_element(scratch_.begin(), scratch_.begin() + (k_ - 1),
                   scratch_.end(), std::greater<float>());
  RaiseThreshold(scratch_[k_ - 1]);
  const float least = threshold_;
  bounded_.erase(
      std::remove_if(bounded_.begin(), bounded_.end(),
                     [=](const Bounded& b) { return !(b.upper >= least); }),
      bounded_.end());
  exact_.erase(
      std::remove_if(exact_.begin(), exact_.end(),
                     [=](const ScoredRow& e) { return e.score < least; }),
      exact_.end());
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
  const auto kth = exact_.begin() + static_cast<ptrdiff_t>(k_ - 1);
  std::nth_element(exact_.begin(), kth, exact_.end(), IsBetter);
  RaiseThreshold(kth->score);
  exact_.resize(k_);
}

}  // namespace usher
