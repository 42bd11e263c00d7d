// Truncated singular value decomposition of a sparse matrix.
#ifndef USHER_TRAINER_ALGORITHMS_RANDOMIZED_SVD_H_
#define USHER_TRAINER_ALGORITHMS_RANDOMIZED_SVD_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "index/model/factors.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

struct RandomizedSvdOptions {
  int rank = 64;
  int oversampling = 10;     // Directions beyond rank that are carried along.
  int power_iterations = 4;  // More sharpen close singular values.
  uint64_t seed = 1;
  int threads = 0;  // 0: all. The result does not depend on it.
};

// A = U diag(s) V', the largest first. Where A has a smaller rank than asked
// for, the rest is zeros.
struct TruncatedSvd {
  std::vector<float> singular_values;  // rank
  Factors left;                        // rows x rank: U
  Factors right;                       // columns x rank: V
};

// Subspace iteration from a random start (Halko, Martinsson, Tropp 2011,
// algorithm 4.4 on A'A) and Rayleigh-Ritz at its end. The largest entry of each
// column of V is positive. Singular values below about 1e-5 of the largest are
// lost in the rounding of floats and count as 0. Memory: A twice, and
// (rows + columns) * (rank + oversampling) floats.
// InvalidArgument for rank < 1 or oversampling < 0.
absl::StatusOr<TruncatedSvd> RandomizedSvd(const SparseMatrix& matrix,
                                           const RandomizedSvdOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_RANDOMIZED_SVD_H_
