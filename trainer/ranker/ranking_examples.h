// Lists with their outcome, to learn an order from.
#ifndef USHER_TRAINER_RANKER_RANKING_EXAMPLES_H_
#define USHER_TRAINER_RANKER_RANKING_EXAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "serving/ranking/features.h"
#include "serving/ranking/ranked_event.h"

namespace usher {

// Queries, each with some of its candidates: their features as RankEvents()
// computed them, the linear score, and what came of them. Rows of a query lie
// together, best linear score first.
class RankingExamples {
 public:
  // One row of a query.
  struct Label {
    bool relevant = false;  // The answer that was given.
    bool attended = false;  // The user committed to it, then or later.
  };

  size_t queries() const { return ends_.size(); }
  size_t rows() const { return linear_.size(); }

  // Begins a query of `user` with so many relevant events, found or not.
  void AddQuery(int32_t relevant, int32_t user);
  // To the last query.
  void AddRow(const RankedEvent& event, Label label);

  size_t begin(size_t query) const { return query == 0 ? 0 : ends_[query - 1]; }
  size_t end(size_t query) const { return ends_[query]; }
  int32_t relevant(size_t query) const { return relevant_[query]; }
  int32_t user(size_t query) const { return users_[query]; }

  absl::Span<const float> features() const { return features_; }
  absl::Span<const float> linear() const { return linear_; }
  const Label& label(size_t row) const { return labels_[row]; }
  // Of one query.
  FeatureMatrix FeaturesOf(size_t query) const;

 private:
  std::vector<float> features_;  // rows() x kNumFeatures, row-major.
  std::vector<float> linear_;
  std::vector<Label> labels_;
  std::vector<size_t> ends_;
  std::vector<int32_t> relevant_;
  std::vector<int32_t> users_;
};

// Which rows of a list are kept to learn from: every relevant one, the best,
// some of those that follow, and some of all. Ascending; a pure function of its
// arguments.
std::vector<size_t> SampleOfList(const std::vector<bool>& relevant,
                                 uint64_t seed);

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_RANKING_EXAMPLES_H_
