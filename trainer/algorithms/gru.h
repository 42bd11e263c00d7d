// Next-event recommendation with a recurrent network.
//
// Hidasi, Karatzoglou, Baltrunas and Tikk, "Session-based Recommendations with
// Recurrent Neural Networks" (ICLR 2016): a gated recurrent unit reads a
// user's items in order of time, and its state after each step scores the next
// one. Loss: cross entropy of the next item against sampled ones, drawn as
// often as they occur (as their mini-batches draw them; Hidasi and Karatzoglou
// 2018). Back-propagation goes through the whole window. Adagrad.
#ifndef USHER_TRAINER_ALGORITHMS_GRU_H_
#define USHER_TRAINER_ALGORITHMS_GRU_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/model/factors.h"

namespace usher {

struct GruOptions {
  int dim = 32;                  // Of an input; 1 to 256.
  int hidden = 48;               // Of the state; 1 to 512.
  int window = 20;               // Latest items that are read; 2 to 200.
  int epochs = 20;               // 1 to 1,000.
  int negatives = 32;            // Sampled for each step; 1 to 1,000.
  float rate = 0.05f;            // Of Adagrad; above 0.
  float regularization = 1e-5f;  // Of what a step touches; 0 or more.
  uint64_t seed = 1;             // Same seed, same bits. Runs on one thread.
};

absl::Status ValidateGruOptions(const GruOptions& options);

// The score of an item after some others is [state, 1] . its row.
struct GruModel {
  Factors inputs;              // Items x dim.
  Factors items;               // Items x [hidden, bias].
  std::vector<float> numbers;  // GatedUnit (index/model/neural.h).
  uint32_t hidden = 0;
  uint32_t window = 0;
};

// Items in order, and for each but the first what else could have come.
struct GruExample {
  std::vector<int32_t> sequence;
  std::vector<std::vector<int32_t>> others;  // One less than the sequence.
};

// Derivatives of an example's loss, by place in the example.
struct GruGradient {
  std::vector<std::vector<float>> inputs;  // By the input of each step.
  // By the rows of each step's items: the next one, then the others.
  std::vector<std::vector<std::vector<float>>> items;
  std::vector<float> numbers;
};

// The sum over steps of -ln softmax of the next item; fills `gradient` unless
// it is null.
double GruLoss(const GruModel& model, const GruExample& example,
               GruGradient* gradient);

struct GruProgress {
  int epoch = 0;    // From 1.
  double loss = 0;  // Mean of a step, as it was met.
};

// InvalidArgument for bad options, an item out of range, or when no sequence
// has two items.
absl::StatusOr<GruModel> TrainGru(
    int32_t items, const std::vector<std::vector<int32_t>>& sequences,
    const GruOptions& options,
    absl::FunctionRef<void(const GruProgress&)> progress);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_GRU_H_
