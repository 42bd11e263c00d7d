#include "trainer/taste_matrix.h"

#include <vector>

#include "absl/functional/function_ref.h"
#include "index/base/parallel.h"
#include "index/model/hybrid_model.h"

namespace usher {
namespace {

absl::StatusOr<SparseMatrix> MatrixOf(
    const Catalog& catalog, size_t columns, int threads,
    absl::FunctionRef<std::vector<WeightedItem>(size_t user)> row_of) {
  constexpr int64_t kBlock = 256;
  const auto users = static_cast<int64_t>(catalog.num_users());
  std::vector<std::vector<SparseEntry>> blocks((users + kBlock - 1) / kBlock);
  ParallelFor(users, kBlock, threads, [&](int64_t begin, int64_t end) {
    std::vector<SparseEntry>& block = blocks[begin / kBlock];
    for (int64_t user = begin; user < end; ++user) {
      for (const WeightedItem& item : row_of(static_cast<size_t>(user))) {
        if (item.weight <= 0) continue;
        block.push_back({static_cast<int32_t>(user), item.item, item.weight});
      }
    }
  });
  size_t size = 0;
  for (const std::vector<SparseEntry>& block : blocks) size += block.size();
  std::vector<SparseEntry> entries;
  entries.reserve(size);
  for (std::vector<SparseEntry>& block : blocks) {
    entries.insert(entries.end(), block.begin(), block.end());
    std::vector<SparseEntry>().swap(block);
  }
  return SparseMatrix::FromEntries(static_cast<int32_t>(catalog.num_users()),
                                   static_cast<int32_t>(columns), entries);
}

}  // namespace

absl::StatusOr<SparseMatrix> UserEventMatrix(const Catalog& catalog,
                                             const Feedback& feedback,
                                             int threads) {
  return MatrixOf(catalog, catalog.num_events(), threads, [&](size_t user) {
    return EventTastes(catalog.users.history[user], {}, feedback);
  });
}

absl::StatusOr<SparseMatrix> UserOrganizerMatrix(const Catalog& catalog,
                                                 const Feedback& feedback,
                                                 int threads) {
  return MatrixOf(catalog, catalog.num_organizers(), threads, [&](size_t user) {
    return OrganizerTastes(catalog, catalog.users.history[user],
                           catalog.users.follows[user], {}, feedback);
  });
}

absl::StatusOr<SparseMatrix> UserItemMatrix(const Catalog& catalog,
                                            ItemKind kind,
                                            const Feedback& feedback,
                                            int threads) {
  return MatrixOf(catalog, NumItems(catalog, kind), threads, [&](size_t user) {
    return ItemTastes(catalog, kind, catalog.users.history[user],
                      catalog.users.follows[user], {}, feedback);
  });
}

}  // namespace usher
