// Logistic matrix factorization of implicit feedback.
//
// Johnson, "Logistic Matrix Factorization for Implicit Feedback Data" (NIPS
// 2014 workshop): the probability that user u takes to item i is
// p_ui = 1 / (1 + exp(-(x_u . y_i + b_u + b_i))), and the posterior
//
//   sum over stored (u, i) of   c w_ui (s_ui - ln(1 + exp(s_ui)))
//   - a sum over all (u, i) of    ln(1 + exp(s_ui))
//   - regularization / 2 * (|x|^2 + |y|^2)
//
// is climbed by alternating gradient steps with Adagrad, where a is so that all
// pairs together weigh `negatives` times as much as the stored ones do by
// number. "All" is an unbiased sample, drawn anew for each row in each step: as
// many for a popular item as for any other, or popularity would be lost.
#ifndef USHER_TRAINER_ALGORITHMS_LOGISTIC_MF_H_
#define USHER_TRAINER_ALGORITHMS_LOGISTIC_MF_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "index/model/factors.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

struct LogisticMfOptions {
  int dim = 32;                 // Factors without the biases; 1 to 512.
  int sweeps = 60;              // Steps of users, then of items; 1 to 1,000.
  float confidence = 1;         // c above; above 0.
  float negatives = 10;         // Weight of all pairs; above 0, at most 1,000.
  float regularization = 0.6f;  // 0 or more.
  float rate = 0.2f;            // Of Adagrad; above 0.
  uint64_t seed = 1;            // Same seed, same bits, at any thread count.
  int threads = 0;              // 0: all.
};

absl::Status ValidateLogisticMfOptions(const LogisticMfOptions& options);

// Rows are [x, 1, b] of users and [y, b, 1] of items, so that their inner
// product is the logit.
struct LogisticMfModel {
  Factors users;
  Factors items;
};

// Calls `progress` after each sweep, on the caller's thread. InvalidArgument
// for bad options or an empty matrix.
absl::StatusOr<LogisticMfModel> TrainLogisticMf(
    const SparseMatrix& user_item, const LogisticMfOptions& options,
    absl::FunctionRef<void(int sweep)> progress);

// What all pairs of one user weigh together: a * items.
float LogisticUnobserved(const SparseMatrix& user_item,
                         const LogisticMfOptions& options);

// The logarithm of the posterior with all pairs, in double precision: what
// steps climb, apart from sampling. For tests and small data.
double LogisticMfPosterior(const SparseMatrix& user_item,
                           const LogisticMfModel& model,
                           const LogisticMfOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_LOGISTIC_MF_H_
