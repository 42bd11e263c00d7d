#include "trainer/taste_matrix.h"

#include <vector>

#include "absl/functional/function_ref.h"
#include "index/model/hybrid_model.h"

namespace usher {
namespace {

absl::StatusOr<SparseMatrix> MatrixOf(
    const Catalog& catalog, size_t columns,
    absl::FunctionRef<std::vector<WeightedItem>(size_t user)> row_of) {
  std::vector<SparseEntry> entries;
  for (size_t user = 0; user < catalog.num_users(); ++user) {
    for (const WeightedItem& item : row_of(user)) {
      if (item.weight <= 0) continue;
      entries.push_back({static_cast<int32_t>(user), item.item, item.weight});
    }
  }
  return SparseMatrix::FromEntries(static_cast<int32_t>(catalog.num_users()),
                                   static_cast<int32_t>(columns), entries);
}

}  // namespace

absl::StatusOr<SparseMatrix> UserEventMatrix(const Catalog& catalog,
                                             const Feedback& feedback) {
  return MatrixOf(catalog, catalog.num_events(), [&](size_t user) {
    return EventTastes(catalog.users.history[user], {}, feedback);
  });
}

absl::StatusOr<SparseMatrix> UserOrganizerMatrix(const Catalog& catalog,
                                                 const Feedback& feedback) {
  return MatrixOf(catalog, catalog.num_organizers(), [&](size_t user) {
    return OrganizerTastes(catalog, catalog.users.history[user],
                           catalog.users.follows[user], {}, feedback);
  });
}

absl::StatusOr<SparseMatrix> UserItemMatrix(const Catalog& catalog,
                                            ItemKind kind,
                                            const Feedback& feedback) {
  return MatrixOf(catalog, NumItems(catalog, kind), [&](size_t user) {
    return ItemTastes(catalog, kind, catalog.users.history[user],
                      catalog.users.follows[user], {}, feedback);
  });
}

}  // namespace usher
