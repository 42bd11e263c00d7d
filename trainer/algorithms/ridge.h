// Ridge regression with many outputs.
#ifndef USHER_TRAINER_ALGORITHMS_RIDGE_H_
#define USHER_TRAINER_ALGORITHMS_RIDGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/model/factors.h"
#include "index/model/ridge_map.h"

namespace usher {

struct RidgeOptions {
  // Tried in this order; of equally good ones the first is taken. One alone is
  // taken without trial. Each above 0.
  std::vector<double> lambdas = {0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000};
  int folds = 5;      // Of the cross-validation, at least 2.
  bool bias = true;   // False: b = 0.
  uint64_t seed = 1;  // Deals rows (or groups) to folds.
  int threads = 0;    // 0: all. The result does not depend on it.
};

struct RidgeTrial {
  double lambda;
  // Weighted mean of the squared error of held-out rows, summed over outputs.
  double error;
};

struct RidgeFit {
  RidgeMap map;
  double lambda = 0;
  // Of predicting the weighted mean of all rows (zeros without bias): what a
  // trial's error must beat to mean something.
  double baseline_error = 0;
  std::vector<RidgeTrial> trials;  // Empty when there was no choice.
};

// Minimizes sum_i w_i |x_i W + b - y_i|^2 + lambda |W|^2 over W and b; b is not
// regularized. Solved in closed form (Cholesky) in double from the normal
// equations, with lambda by cross-validation: each fold's products are kept, so
// that all trials read the rows once.
//
// `x` is n x p and `y` n x d. `weights` holds n numbers >= 0, or is empty: all
// 1. `groups` holds n numbers, or is empty: rows of one group are held out
// together (the events of one organizer), for an honest choice of lambda when
// they resemble each other.
//
// InvalidArgument when sizes disagree, a weight or lambda is out of range, a
// number is not finite or the weights are all 0.
absl::StatusOr<RidgeFit> FitRidge(const Factors& x, const Factors& y,
                                  absl::Span<const float> weights,
                                  absl::Span<const int64_t> groups,
                                  const RidgeOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_RIDGE_H_
