// Which interactions have been recorded: a log-structured set of their keys.
#ifndef USHER_INDEX_STATE_KEY_TABLE_H_
#define USHER_INDEX_STATE_KEY_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/state/key_filter.h"
#include "index/state/sqlite.h"

namespace usher {

// A unique index over random keys writes a page for every row. Here new keys
// stay in memory and are merged into the table `interaction_keys` in the order
// of keys, a slice with every commit, so that a page takes many rows at once.
// The interactions themselves are the log: those that no merge has reached are
// read again when the file is opened (the idea of O'Neil et al. 1996, "The
// Log-Structured Merge-Tree").
//
// Most keys that are asked for are new: a filter over the table's keys says so
// without a look into it. It is filled by and by, with every commit a stretch
// of the table, so that opening does not wait for it; 3 bytes a key.
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

  // Gives the filter some more keys, outside of a transaction: for when there
  // is nothing to write. Takes some ten milliseconds.
  absl::Status Rest();

  size_t in_memory() const { return recent_.size(); }
  // Whether the filter knows all keys of the table.
  bool filter_is_whole() const { return !filter_next_.has_value(); }

 private:
  // Keys whose uppermost bits are the same: shelf behind shelf they ascend.
  static constexpr size_t kShelves = 256;
  static size_t ShelfOf(int64_t key) {
    return static_cast<size_t>(
        (static_cast<uint64_t>(key) ^ uint64_t{1} << 63) >> 56);
  }
  // A pass through all shelves: whatever was recorded before it began is in the
  // table when it ends.
  struct Pass {
    int64_t up_to = 0;  // Position of the last interaction before the pass.
    size_t shelf = 0;   // Where it is,
    size_t merged = 0;  // and how many of that shelf it has merged.
  };

  void Take(int64_t key, int64_t position);
  absl::Status FillFilter(size_t keys);

  const size_t merge_at_;

  SqliteStatement find_;
  SqliteStatement insert_;
  SqliteStatement set_merged_;
  SqliteStatement read_keys_;

  absl::flat_hash_map<int64_t, int64_t> recent_;  // Key to position.
  // Keys of `recent_`. A shelf is sorted when the pass comes to it, and emptied
  // when it has gone through and what it merged is committed.
  std::array<std::vector<int64_t>, kShelves> shelves_;
  int64_t last_ = 0;  // The largest position added.
  std::optional<Pass> pass_;

  KeyFilter filter_;
  size_t filter_capacity_ = 0;
  // The table's keys below it are in the filter; nullopt: all are.
  std::optional<int64_t> filter_next_ = std::numeric_limits<int64_t>::min();

  // Of the transaction that is going on.
  std::vector<int64_t> added_;
  std::vector<int64_t> merged_;
  // As of the last commit.
  std::optional<Pass> pass_before_;
  int64_t last_before_ = 0;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_KEY_TABLE_H_
