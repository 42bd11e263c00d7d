// What the linear ranker does not know, learned from lists and their outcome.
#ifndef USHER_TRAINER_RANKER_LEARN_RANKER_H_
#define USHER_TRAINER_RANKER_LEARN_RANKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/tree_ranker.h"
#include "trainer/evaluation/scores.h"
#include "trainer/ranker/boosted_trees.h"
#include "trainer/ranker/ranker_options.h"
#include "trainer/ranker/ranking_examples.h"

namespace usher {

// Lists of one stretch of time.
struct RankingLessons {
  // Of all its queries, in order of time, some rows each.
  RankingExamples samples;
  // So many of them come before what is judged.
  size_t before_judged = 0;
  // Whole lists of the last part, and the numbers of their queries.
  RankingExamples judged;
  absl::flat_hash_set<int64_t> judged_numbers;
};

// One way to rank, and how it did on the judged lists.
struct RankerTrial {
  std::string name;  // "linear", "60 trees for NDCG on the linear score", ...
  int trees = 0;
  double ndcg = 0;                // At 10, of the judged lists,
  MeanScores::Interval interval;  // and 95 % of it.
};

struct LearnedRanker {
  // Null: the linear score alone was best.
  std::shared_ptr<const TreeRanker> trees;
  // Of the first places of the judged lists; unset where they say nothing.
  std::optional<Calibration> calibration;
  std::vector<RankerTrial> trials;  // The linear one first.
  size_t chosen = 0;                // Of trials.
};

// The least sum of hessians in a leaf of trees that grow on so many rows: from
// 5 to 40 for pairs. Many rows allow many small leaves, and what those say does
// not hold for long.
float LeastWeight(size_t rows, RankingLoss loss);

// The linear score alone, judged. Nothing is learned but its calibration.
LearnedRanker JudgeLinear(const RankingLessons& lessons);

// Grows trees on the lists before the judged ones, in several sizes, for either
// loss on the linear score and for pairs without it; takes what orders the
// judged lists best, and grows that again on all samples. Deterministic by
// seed.
absl::StatusOr<LearnedRanker> LearnRanker(
    const RankingLessons& lessons, const RankerOptions& options, uint64_t seed,
    const std::function<void(absl::string_view what, int done, int total)>&
        progress = nullptr);

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_LEARN_RANKER_H_
