// Nearest neighbours among the rows or the columns of a taste matrix.
#ifndef USHER_TRAINER_ALGORITHMS_KNN_H_
#define USHER_TRAINER_ALGORITHMS_KNN_H_

#include "absl/status/statusor.h"
#include "index/model/neighbour_model.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

struct KnnOptions {
  Likeness likeness = Likeness::kCosine;
  int neighbours = 50;  // Of an item, itself among them, or of a user; 1 to
                        // 10,000.
  float k1 = 100;       // BM25: how late a weight saturates; above 0.
  float b = 0.8f;       // BM25: how much the length of a row counts; 0 to 1.
  int threads = 0;      // 0: all. The result does not depend on it.
};

// OK, or InvalidArgument that names the field.
absl::Status ValidateKnnOptions(const KnnOptions& options);

// Item-based (Sarwar et al. 2001; Deshpande and Karypis 2004): to each item the
// items that are most like it, by who has them; an item is its own neighbour,
// so that what a user goes to again and again scores. O(sum of squared lengths
// of users' rows). Ties by the smaller item.
absl::StatusOr<NeighbourParts> TrainItemKnn(const SparseMatrix& user_item,
                                            const KnnOptions& options);

// User-based (Resnick et al. 1994, for implicit feedback): nothing is learned
// but the scale; neighbours are found when they are asked for.
absl::StatusOr<NeighbourParts> TrainUserKnn(const SparseMatrix& user_item,
                                            const KnnOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_KNN_H_
