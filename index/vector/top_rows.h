// The k best of many rows whose scores may be known only within bounds.
#ifndef USHER_INDEX_VECTOR_TOP_ROWS_H_
#define USHER_INDEX_VECTOR_TOP_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "index/vector/scored_row.h"

namespace usher {

// Collects rows and keeps those that can still be among the best `k`. There is
// no heap: rows are appended to a buffer, and when it is full one selection
// finds the k-th lower bound, below which nothing matters any more. What is
// left is scored exactly, so the result is exact. Single-threaded.
//
// Scores that are NaN or minus infinity never enter.
class TopRows {
 public:
  // Writes the exact score of rows[i] to scores[i].
  using Rescore =
      absl::FunctionRef<void(absl::Span<const int32_t> rows, float* scores)>;

  // `spare` is how many rows beyond k are kept at most: more means fewer
  // selections, but a threshold that lags behind.
  explicit TopRows(size_t k) : TopRows(k, k + k / 2 + 256) {}
  TopRows(size_t k, size_t spare);

  // A row whose upper bound is not above this can be left out, provided that
  // every row given so far is smaller than it.
  float threshold() const { return threshold_; }

  // Of a row whose lower <= score <= upper.
  struct Bounded {
    int32_t row;
    float lower, upper;
  };

  void AddBounded(absl::Span<const Bounded> rows, Rescore rescore) {
    bounded_.insert(bounded_.end(), rows.begin(), rows.end());
    if (size() >= capacity_) Compact(rescore);
  }

  void AddExact(int32_t row, float score, Rescore rescore) {
    if (!(score >= kth_lower_) || score == -kInfinity) return;
    exact_.push_back({row, score});
    if (size() >= capacity_) Compact(rescore);
  }

  // The best k of all rows given, best first. The object is empty afterwards.
  std::vector<ScoredRow> Take(Rescore rescore);

 private:
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();

  size_t size() const { return bounded_.size() + exact_.size(); }
  void Compact(Rescore rescore);
  void RaiseThreshold(float kth_lower);
  void PruneBelowKthLower();
  void ScorePromising(Rescore rescore);
  void Score(absl::Span<const Bounded> rows, Rescore rescore);
  void KeepBestExact();

  size_t k_;
  size_t capacity_;
  float kth_lower_ = -kInfinity;
  float threshold_ = -kInfinity;
  std::vector<Bounded> bounded_;
  std::vector<ScoredRow> exact_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_TOP_ROWS_H_
