// The table of algorithms, each of which gives a version that can be served.
#ifndef USHER_TRAINER_TRAIN_ALGORITHM_H_
#define USHER_TRAINER_TRAIN_ALGORITHM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/model/hybrid_model.h"
#include "serving/ranking/features.h"
#include "trainer/data/dataset.h"
#include "trainer/train_hybrid.h"
#include "trainer/training_steps.h"

namespace usher {

// What an algorithm learns from.
struct AlgorithmInput {
  const Dataset& dataset;
  const Catalog& catalog;
  const TrainOptions& options;
  TrainingSteps& steps;
};

// An algorithm that ranks by itself. Plain data, for a table.
struct Algorithm {
  absl::string_view name;
  absl::string_view summary;
  // What its score is made of: all weights of the version's ranking but these
  // are 0, and there are no trees.
  Feature score;
  // Its scores are ratings: nothing is added to them.
  bool rates;
  absl::Status (*train)(const AlgorithmInput& input, HybridModel& model);
};

// All but "hybrid".
absl::Span<const Algorithm> Algorithms();

// "hybrid, popularity, ...".
std::string AlgorithmNames();
// OK, or InvalidArgument that says which names there are.
absl::Status CheckAlgorithm(absl::string_view name);

// Whether the scores of the algorithm are ratings.
bool PredictsRatings(absl::string_view name);

// Trains what the name says; "hybrid" is TrainHybrid(). Equal data and options
// give an equal version at any thread count. InvalidArgument for an unknown
// name, options out of range, or when there is nothing that this algorithm
// could learn from.
absl::StatusOr<TrainedVersion> TrainByName(absl::string_view name,
                                           const Dataset& dataset,
                                           const TrainOptions& options,
                                           const TrainingLog& log = {});

}  // namespace usher

#endif  // USHER_TRAINER_TRAIN_ALGORITHM_H_
