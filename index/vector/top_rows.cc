#include "index/vector/top_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "index/vector/best_rows.h"

namespace usher {
namespace {

// Times k: so many rows are worth to be pruned before they are scored.
constexpr size_t kPruneAbove = 4;

// Times k: so many rows are scored to find what the others have to reach.
constexpr size_t kPromising = 2;

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

TopRows::TopRows(size_t k, size_t spare) : k_(k), capacity_(k + spare) {
  bounded_.reserve(std::min<size_t>(capacity_, 4096));
}

std::vector<ScoredRow> TopRows::Take(Rescore rescore) {
  // To score few too many costs less than to find out which.
  if (size() > kPruneAbove * k_) PruneBelowKthLower();
  ScorePromising(rescore);
  Score(bounded_, rescore);
  bounded_.clear();
  KeepBestExact();
  SortBest(exact_);
  return std::exchange(exact_, {});
}

void TopRows::Compact(Rescore rescore) {
  PruneBelowKthLower();
  const size_t enough = k_ + (capacity_ - k_) / 2;
  if (size() <= enough) return;
  ScorePromising(rescore);
  if (size() <= enough) return;
  Score(bounded_, rescore);
  bounded_.clear();
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

// Where bounds are wide, the best by their upper ones tell which of the others
// can be left out.
void TopRows::ScorePromising(Rescore rescore) {
  const size_t count = kPromising * k_;
  if (bounded_.size() < 2 * count) return;
  const auto rest = bounded_.begin() + static_cast<ptrdiff_t>(count);
  std::nth_element(
      bounded_.begin(), rest, bounded_.end(),
      [](const Bounded& a, const Bounded& b) { return a.upper > b.upper; });
  Score({bounded_.data(), count}, rescore);
  bounded_.erase(bounded_.begin(), rest);
  KeepBestExact();
  const float least = threshold_;
  KeepIf(bounded_, [=](const Bounded& b) { return b.upper >= least; });
}

void TopRows::Score(absl::Span<const Bounded> bounded, Rescore rescore) {
  if (bounded.empty()) return;
  std::vector<int32_t>& rows = ThreadSpace().rows;
  std::vector<float>& scores = ThreadSpace().values;
  rows.clear();
  for (const Bounded& b : bounded) rows.push_back(b.row);
  scores.resize(rows.size());
  rescore(rows, scores.data());
  exact_.reserve(exact_.size() + rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (scores[i] > -kInfinity) exact_.push_back({rows[i], scores[i]});
  }
}

void TopRows::KeepBestExact() {
  if (exact_.size() < k_) return;
  RaiseThreshold(KeepBest(k_, exact_));
}

}  // namespace usher
