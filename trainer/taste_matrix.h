// Who liked what, as matrices to factorize.
#ifndef USHER_TRAINER_TASTE_MATRIX_H_
#define USHER_TRAINER_TASTE_MATRIX_H_

#include "absl/status/statusor.h"
#include "index/catalog/catalog.h"
#include "index/model/item_tastes.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

// All on `threads` threads (0: all that the machine has), with the same result
// on any number.

// Users x events: the positive EventTastes of each history.
absl::StatusOr<SparseMatrix> UserEventMatrix(const Catalog& catalog,
                                             const Feedback& feedback = {},
                                             int threads = 0);

// Users x organizers: the positive OrganizerTastes. Without organizers it has
// no columns.
absl::StatusOr<SparseMatrix> UserOrganizerMatrix(const Catalog& catalog,
                                                 const Feedback& feedback = {},
                                                 int threads = 0);

// Users x items of a kind: the positive ItemTastes.
absl::StatusOr<SparseMatrix> UserItemMatrix(const Catalog& catalog,
                                            ItemKind kind,
                                            const Feedback& feedback = {},
                                            int threads = 0);

}  // namespace usher

#endif  // USHER_TRAINER_TASTE_MATRIX_H_
