// Which interactions have been recorded: a log-structured set of their keys.
#ifndef USHER_INDEX_STATE_KEY_TABLE_H_
#define USHER_INDEX_STATE_KEY_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/state/sqlite.h"

namespace usher {

// A unique index over random keys writes a page for every row. Here new keys
// stay in memory and are merged into the table `interaction_keys` in the order
// of keys, a slice with every commit, so that a page takes many rows at once.
// The interactions themselves are the log: those that no merge has reached are
// read again when the file is opened (the idea of O'Neil et al. 1996, "The
// Log-Structured Merge-Tree").
//
// The database has the tables of state_store.cc. Of one thread.
class KeyTable {
 public:
  // Merging begins when `merge_at` keys are in memory.
  explicit KeyTable(size_t merge_at = size_t{1} << 20) : merge_at_(merge_at) {}

  // Reads the keys that are not merged. Borrows `database`.
  absl::Status Open(SqliteDatabase& database);

  // The position of the interaction that has the key.
  absl::StatusOr<std::optional<int64_t>> Find(int64_t key);
  // The key must be new.
  void Add(int64_t key, int64_t position);

  // Merges a slice if there is much in memory: some times what was added, so
  // that the memory is bounded and no commit waits for long. Before the commit
  // of what was added.
  absl::Status MergeSlice();
  // After it, or instead of it.
  void Committed();
  void RolledBack();

  size_t in_memory() const { return recent_.size(); }

 private:
  // A pass through all keys, from the least to the largest: whatever was
  // recorded before it began is in the table when it ends.
  struct Pass {
    int64_t up_to = 0;  // Position of the last interaction before the pass.
    int64_t next = 0;   // The least key that it has not reached.
  };

  const size_t merge_at_;

  SqliteStatement find_;
  SqliteStatement insert_;
  SqliteStatement set_merged_;

  absl::btree_map<int64_t, int64_t> recent_;  // Key to position.
  int64_t last_ = 0;                          // The largest position added.
  std::optional<Pass> pass_;
  // Of the transaction that is going on.
  std::vector<int64_t> added_;
  std::vector<int64_t> merged_;
  // As of the last commit.
  std::optional<Pass> pass_before_;
  int64_t last_before_ = 0;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_KEY_TABLE_H_
