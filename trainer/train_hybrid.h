// Training the hybrid model and everything that is served from it.
#ifndef USHER_TRAINER_TRAIN_HYBRID_H_
#define USHER_TRAINER_TRAIN_HYBRID_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/snapshot.h"
#include "index/model/feedback.h"
#include "index/vector/vector_index.h"
#include "trainer/algorithm_options.h"
#include "trainer/algorithms/als.h"
#include "trainer/algorithms/content.h"
#include "trainer/data/dataset.h"
#include "trainer/ranker/ranker_options.h"

namespace usher {

// What training is told, with defaults that work.
struct TrainOptions {
  TrainOptions();

  AlsOptions event_als;
  AlsOptions organizer_als;
  ContentOptions content;
  VectorIndexOptions index;
  std::string ranking_config;   // Text proto over the defaults for the data.
  bool learn_ranker = true;     // Trees on top of it (train_version.h),
  RankerOptions ranker;         // of at most this size.
  Feedback feedback;            // What actions say of taste.
  AlgorithmOptions algorithms;  // Of those that stand by themselves.
  uint64_t seed = 1;
  int threads = 0;
};

// What training says of itself, on the caller's thread. Either may be empty.
struct TrainingLog {
  // One line for every step, as it ends.
  std::function<void(absl::string_view line)> line;
  // A step is at `done` of `total`; a `total` of 0: it has begun.
  std::function<void(absl::string_view what, int64_t done, int64_t total)>
      progress;
};

// A trained model with all that is served from it, and what was measured.
struct TrainedVersion {
  Snapshot snapshot;
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<std::string> notes;
};

// Catalogue -> taste matrices -> ALS -> content -> ridge maps -> hybrid vectors
// -> index. Equal data and options give an equal version at any thread count.
// The snapshot's version is 0 until it is published. InvalidArgument for
// options out of range, or when no interaction says anything.
absl::StatusOr<TrainedVersion> TrainHybrid(const Dataset& dataset,
                                           const TrainOptions& options,
                                           const TrainingLog& log = {});

}  // namespace usher

#endif  // USHER_TRAINER_TRAIN_HYBRID_H_
