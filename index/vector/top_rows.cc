#include "index/vector/top_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "index/vector/best_rows.h"

namespace usher {
namespace {

// Rows beyond k that the buffer holds: more means fewer selections, but a
// threshold that lags behind.
size_t CapacityFor(size_t k) { return 2 * k + k / 2 + 256; }

// Times k: so many rows are worth to be pruned before they are scored.
constexpr size_t kPruneAbove = 4;

// What one call writes over, kept for the thread's next one.
struct Space {
  std::vector<float> values;
  std::vector<float> larger;
  std::vector<int32_t> rows;
};

Space& ThreadSpace() {
  thread_local Space space;
  return space;
}

}  // namespace

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
  std::vector<float>& values = ThreadSpace().values;
  values.clear();
  for (const Bounded& b : bounded_) values.push_back(b.lower);
  for (const ScoredRow& e : exact_) values.push_back(e.score);
  RaiseThreshold(KthLargest(k_, values, ThreadSpace().larger));
  const float least = threshold_;
  KeepIf(bounded_, [=](const Bounded& b) { return b.upper >= least; });
  KeepIf(exact_, [=](const ScoredRow& e) { return !(e.score < least); });
}

void TopRows::ScoreBounded(Rescore rescore) {
  if (bounded_.empty()) return;
  std::vector<int32_t>& rows = ThreadSpace().rows;
  std::vector<float>& scores = ThreadSpace().values;
  rows.clear();
  for (const Bounded& b : bounded_) rows.push_back(b.row);
  scores.resize(rows.size());
  rescore(rows, scores.data());
  exact_.reserve(exact_.size() + rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (scores[i] > -kInfinity) exact_.push_back({rows[i], scores[i]});
  }
  bounded_.clear();
}

void TopRows::KeepBestExact() {
  if (exact_.size() < k_) return;
  RaiseThreshold(KeepBest(k_, exact_));
}

}  // namespace usher
