// Growing the trees that rank.
#ifndef USHER_TRAINER_RANKER_BOOSTED_TREES_H_
#define USHER_TRAINER_RANKER_BOOSTED_TREES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/ranking/features.h"
#include "serving/ranking/tree_ranker.h"
#include "trainer/ranker/ranking_examples.h"

namespace usher {

// What a wrong order of two rows costs.
enum class RankingLoss {
  kPairwise,  // The same wherever they stand.
  kNdcg,  // What the NDCG of the query's rows would gain by changing places.
};

struct BoostOptions {
  RankingLoss loss = RankingLoss::kPairwise;
  int trees = 60;
  int depth = 4;
  float learning_rate = 0.1f;
  float row_share = 0.8f;      // Of the rows that each tree sees,
  float feature_share = 0.7f;  // and of the features.
  // Sum of hessians in a leaf. Those of kNdcg are smaller by far.
  float least_weight = 5;
  int bins = 64;
  // True: the trees correct the linear score; false: they stand for themselves.
  bool on_linear = true;
  std::vector<Feature> leave_out;  // No tree splits by them.
  uint64_t seed = 1;
};

// Trees that order the rows of each of the first `queries` queries, relevant
// ones first: the logistic loss of pairs, with or without LambdaMART's weights
// (Burges 2010), by XGBoost on one thread, so that equal examples and options
// give equal trees. `progress`, where given, is told of every tree.
// InvalidArgument when no query has both relevant rows and others; Internal
// with what XGBoost says otherwise.
absl::StatusOr<TreeRanker> GrowTrees(
    const RankingExamples& examples, size_t queries,
    const BoostOptions& options,
    const std::function<void(int trees)>& progress = nullptr);

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_BOOSTED_TREES_H_
