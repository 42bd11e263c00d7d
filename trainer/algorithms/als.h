// Implicit matrix factorization by alternating least squares.
//
// Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback
// Datasets" (ICDM 2008), in the form of Rendle, Krichene, Zhang and Koren,
// "Revisiting the Performance of iALS on Item Recommendation Benchmarks"
// (RecSys 2022). With w_ui > 0 the stored weights, a = unobserved_weight,
// x_u and y_i the factors, it minimizes
//
//   L =   sum over stored (u, i) of  w_ui (1 - x_u . y_i)^2
//       + a sum over all (u, i) of   (x_u . y_i)^2
//       + sum over u of              r_u |x_u|^2
//       + sum over i of              r_i |y_i|^2
//
//   r_u = regularization * (|stored i of u| + a * items)^frequency_exponent
//   r_i = regularization * (|stored u of i| + a * users)^frequency_exponent
//
// so that, the items fixed, a user's factors solve
//
//   (a Y^T Y + sum_i w_ui y_i y_i^T + r_u I) x_u = sum_i w_ui y_i,
//
// and alike for items. "All" includes the stored pairs: in the notation of Hu
// et al. this is confidence a + w_ui and preference w_ui / (a + w_ui). Folding
// in a new row means solving the same system.
#ifndef USHER_TRAINER_ALGORITHMS_ALS_H_
#define USHER_TRAINER_ALGORITHMS_ALS_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/model/factor_space.h"
#include "index/model/factors.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

// Factors of a user or item, at most.
inline constexpr int kMaxAlsDim = 512;

enum class AlsSolver {
  // A few steps of preconditioned conjugate gradients from the row's last
  // factors (Takacs, Pilaszy and Tikk 2011). Cost per entry grows as dim.
  kConjugateGradient,
  // Exact. Cost per entry grows as dim^2: the reference.
  kCholesky,
  // Blocks of coordinates, each solved exactly with the others fixed (Rendle,
  // Krichene, Zhang and Koren, "iALS++: Speeding up Matrix Factorization with
  // Subspace Optimization", 2021). Cost per entry grows as dim * subspace_dim.
  kSubspaces,
};

struct AlsOptions {
  int dim = 64;     // Factors of a user or item; 1 to kMaxAlsDim.
  int sweeps = 15;  // Passes over users, then items.
  float unobserved_weight = 0.01f;  // a above: the pull of "not seen" toward 0.
  float regularization = 0.005f;    // Above 0.
  float frequency_exponent = 1.0f;  // 0: the same for every row.
  // Above 0, w is the stored weight as SparseMatrix::WeightedByDegree() has it:
  // the choices of people who choose little, and rare choices, say more.
  float degree_exponent = 0.0f;
  AlsSolver solver = AlsSolver::kConjugateGradient;
  int cg_steps = 3;          // Of a row in a sweep; conjugate gradients only.
  int subspace_dim = 32;     // A multiple of 16, to 512; subspaces only.
  float init_stddev = 0.1f;  // Length, about, of an item's first factors.
  uint64_t seed = 1;         // Same seed, same bits, at any thread count.
  int threads = 0;           // 0: the machine's.
  bool report_objective = false;  // Costs about a sweep, per sweep.
};

// OK, or InvalidArgument that names the field.
absl::Status ValidateAlsOptions(const AlsOptions& options);

// Scores are users.Row(u) . items.Row(i). A row without entries is zero.
struct AlsModel {
  Factors users;  // rows() x dim
  Factors items;  // columns() x dim
};

struct AlsProgress {
  int sweep = 0;                    // From 1.
  double seconds = 0;               // Of this sweep, the objective not counted.
  std::optional<double> objective;  // L after it, with report_objective.
};

// Fits `user_item` and calls `progress` after each sweep, on the caller's
// thread. Equal input and options give equal bits on machines of the same
// instruction set (index/base/cpu.h); across sets factors agree to rounding,
// which sweeps amplify: about 1e-4 of their length. Memory beside the result:
// a second copy of the entries and of the factors, and for conjugate gradients
// one of the factors in half precision. InvalidArgument for bad options or a
// matrix without entries; FailedPrecondition when Cholesky meets a singular
// system.
absl::StatusOr<AlsModel> TrainAls(
    const SparseMatrix& user_item, const AlsOptions& options,
    absl::FunctionRef<void(const AlsProgress&)> progress);

// r of a row with `entries` entries against `others` rows of the other side.
float AlsRidge(const AlsOptions& options, int64_t entries, int64_t others);

// With which FactorSpace::FoldIn() solves what TrainAls() solved for a row.
FactorSpaceOptions FoldInOptions(const SparseMatrix& user_item,
                                 const AlsOptions& options);

// L above, in double precision.
double AlsObjective(const SparseMatrix& user_item, const AlsModel& model,
                    const AlsOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_ALS_H_
