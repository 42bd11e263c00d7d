// Factorization of ratings with biases.
//
// Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender
// Systems" (2009): r_ui = mean + b_u + b_i + p_u . q_i, by stochastic gradient
// descent on the squared error with the same regularization for all of b, p and
// q.
#ifndef USHER_TRAINER_ALGORITHMS_SVD_H_
#define USHER_TRAINER_ALGORITHMS_SVD_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/model/factors.h"

namespace usher {

struct SvdOptions {
  int dim = 64;                 // Factors without the biases; 1 to 512.
  int epochs = 60;              // Passes over the ratings; 1 to 1,000.
  float rate = 0.01f;           // Of the first pass; above 0.
  float regularization = 0.1f;  // Of each rating; above 0.
  uint64_t seed = 1;            // Same seed, same bits. Runs on one thread.
};

absl::Status ValidateSvdOptions(const SvdOptions& options);

struct Rating {
  int32_t user = 0;
  int32_t item = 0;
  float value = 0;
};

// Rows are [p, mean + b_u, 1] of users and [q, 1, b_i] of items, so that their
// inner product is the rating. Who or what has no rating has zeros for p or q.
struct SvdModel {
  float mean = 0;
  Factors users;
  Factors items;
};

struct SvdProgress {
  int epoch = 0;    // From 1.
  double rmse = 0;  // Of the ratings as they were met.
};

// InvalidArgument for bad options, no ratings, or one that is outside of the
// tables or not finite.
absl::StatusOr<SvdModel> TrainSvd(
    int32_t users, int32_t items, absl::Span<const Rating> ratings,
    const SvdOptions& options,
    absl::FunctionRef<void(const SvdProgress&)> progress);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_SVD_H_
