// Neural collaborative filtering.
//
// He, Liao, Zhang, Nie, Hu and Chua, "Neural Collaborative Filtering" (WWW
// 2017): GMF multiplies the factors of user and item number by number and
// weighs the products; MLP runs factors through layers; NeuMF does both. Two
// departures, so that a server can answer for a user who came a minute ago and
// find the best of all events by inner product:
// * a user comes in as the weighted mean of the inputs of what they liked, as
//   in FISM (Kabbur et al. 2013), not by number;
// * the layers are the user's tower and end in an inner product with the item,
//   whose own tower over a free vector would be a free vector again.
//
// Logistic loss with sampled negatives, Adagrad.
#ifndef USHER_TRAINER_ALGORITHMS_NCF_H_
#define USHER_TRAINER_ALGORITHMS_NCF_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/model/factor_space.h"
#include "index/model/factors.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

enum class NcfShape { kGmf, kMlp, kNeuMf };

struct NcfOptions {
  NcfShape shape = NcfShape::kNeuMf;
  int dim = 32;                  // Of each of the two parts; 1 to 256.
  int hidden = 64;               // Of the tower's first layer; 1 to 1,024.
  int epochs = 20;               // 1 to 1,000.
  int negatives = 4;             // For each positive; 1 to 100.
  float rate = 0.05f;            // Of Adagrad; above 0.
  float regularization = 1e-4f;  // Of what a step touches; 0 or more.
  // How often what is to be guessed is left out of what the user liked: 1 when
  // it is never asked for again, less when people come back to it.
  float hide = 1;
  uint64_t seed = 1;  // Same seed, same bits. Runs on one thread.
};

absl::Status ValidateNcfOptions(const NcfOptions& options);

// A user is [scale * a, TwoLayers(b), 1] of their mean input [a, b]; the score
// is its inner product with the item's row. A shape without one of the parts
// has none of its numbers.
struct NcfModel {
  Factors inputs;              // Items x [GMF part, MLP part].
  Factors items;               // Items x [GMF part, tower's output, bias].
  std::vector<float> numbers;  // Scale, then TwoLayers.
  uint32_t scaled = 0;
  uint32_t hidden = 0;
  uint32_t output = 0;
};

// One positive and its negatives, for one user.
struct NcfExample {
  std::vector<WeightedItem> liked;  // Weights sum to 1.
  std::vector<int32_t> targets;     // The first is the positive.
};

// Derivatives of an example's loss.
struct NcfGradient {
  std::vector<float> mean;                // By the user's mean input.
  std::vector<std::vector<float>> items;  // By the row of each target.
  std::vector<float> numbers;
};

// The logistic loss of the example; fills `gradient` unless it is null.
double NcfLoss(const NcfModel& model, const NcfExample& example,
               NcfGradient* gradient);

struct NcfProgress {
  int epoch = 0;    // From 1.
  double loss = 0;  // Mean of an example, as it was met.
};

// InvalidArgument for bad options or a matrix without entries.
absl::StatusOr<NcfModel> TrainNcf(
    const SparseMatrix& user_item, const NcfOptions& options,
    absl::FunctionRef<void(const NcfProgress&)> progress);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_NCF_H_
