#include "index/state/key_table.h"

#include <algorithm>

#include "index/base/status_macros.h"

namespace usher {
namespace {

// Keys merged for each one added, once a pass goes on: more than one, so that a
// pass ends, and the memory is bounded.
constexpr size_t kMergedPerAdded = 2;
constexpr size_t kLeastSlice = 64;
// Keys of the table that the filter gets for each one added.
constexpr size_t kFilteredPerAdded = 4;
// And in a rest.
constexpr size_t kFilteredInRest = size_t{1} << 14;
constexpr size_t kLeastFilter = size_t{1} << 16;

}  // namespace

absl::Status KeyTable::Open(SqliteDatabase& database) {
  ASSIGN_OR_RETURN(find_,
                   database.Prepare("SELECT position FROM interaction_keys "
                                    "WHERE key = ?1"));
  ASSIGN_OR_RETURN(insert_,
                   database.Prepare("INSERT OR IGNORE INTO interaction_keys "
                                    "VALUES (?1, ?2)"));
  ASSIGN_OR_RETURN(set_merged_,
                   database.Prepare("INSERT OR REPLACE INTO properties "
                                    "VALUES ('merged_keys', ?1)"));
  ASSIGN_OR_RETURN(read_keys_,
                   database.Prepare("SELECT key FROM interaction_keys "
                                    "WHERE key >= ?1 ORDER BY key LIMIT ?2"));
  ASSIGN_OR_RETURN(
      SqliteStatement unmerged,
      database.Prepare(
          "SELECT position, key FROM interactions WHERE position > "
          "ifnull((SELECT CAST(value AS INTEGER) FROM properties "
          "WHERE name = 'merged_keys'), 0)"));
  // It never waits for its table to grow.
  recent_.reserve(2 * merge_at_);
  while (true) {
    ASSIGN_OR_RETURN(const bool row, unmerged.Step());
    if (!row) break;
    last_ = unmerged.Int(0);
    Take(unmerged.Int(1), last_);
  }
  last_before_ = last_;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> KeyTable::Find(int64_t key) {
  if (const auto recent = recent_.find(key); recent != recent_.end()) {
    return recent->second;
  }
  if ((!filter_next_.has_value() || key < *filter_next_) &&
      !filter_.MayHave(key)) {
    return std::nullopt;
  }
  find_.BindInt(1, key);
  ASSIGN_OR_RETURN(const bool row, find_.Step());
  if (!row) return std::nullopt;
  const int64_t position = find_.Int(0);
  find_.Reset();
  return position;
}

void KeyTable::Take(int64_t key, int64_t position) {
  if (recent_.emplace(key, position).second) {
    shelves_[ShelfOf(key)].push_back(key);
  }
}

void KeyTable::Add(int64_t key, int64_t position) {
  Take(key, position);
  added_.push_back(key);
  last_ = std::max(last_, position);
}

absl::Status KeyTable::FillFilter(size_t keys) {
  if (static_cast<size_t>(last_) > filter_capacity_) {
    // Each interaction has a position and at most one key.
    filter_capacity_ = std::max(kLeastFilter, 2 * static_cast<size_t>(last_));
    filter_ = KeyFilter(filter_capacity_);
    filter_next_ = std::numeric_limits<int64_t>::min();
  }
  if (!filter_next_.has_value() || keys == 0) return absl::OkStatus();
  read_keys_.BindInt(1, *filter_next_);
  read_keys_.BindInt(2, static_cast<int64_t>(keys));
  size_t read = 0;
  int64_t key = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read_keys_.Step());
    if (!row) break;
    key = read_keys_.Int(0);
    filter_.Add(key);
    ++read;
  }
  if (read < keys || key == std::numeric_limits<int64_t>::max()) {
    filter_next_.reset();
  } else {
    filter_next_ = key + 1;
  }
  return absl::OkStatus();
}

absl::Status KeyTable::MergeSlice() {
  RETURN_IF_ERROR(FillFilter(kFilteredPerAdded * added_.size()));
  if (!pass_.has_value()) {
    if (recent_.size() < merge_at_) return absl::OkStatus();
    pass_ = Pass{last_, 0, 0};
  }
  const size_t slice = std::max(kLeastSlice, kMergedPerAdded * added_.size());
  for (; pass_->shelf < kShelves; ++pass_->shelf, pass_->merged = 0) {
    std::vector<int64_t>& shelf = shelves_[pass_->shelf];
    if (pass_->merged == 0) std::sort(shelf.begin(), shelf.end());
    for (; pass_->merged < shelf.size(); ++pass_->merged) {
      if (merged_.size() >= slice) return absl::OkStatus();
      const int64_t key = shelf[pass_->merged];
      insert_.BindInt(1, key);
      insert_.BindInt(2, recent_.find(key)->second);
      RETURN_IF_ERROR(insert_.Run());
      filter_.Add(key);
      merged_.push_back(key);
    }
  }
  const std::string up_to = std::to_string(pass_->up_to);
  set_merged_.BindText(1, up_to);
  RETURN_IF_ERROR(set_merged_.Run());
  pass_.reset();
  return absl::OkStatus();
}

void KeyTable::Committed() {
  for (const int64_t key : merged_) recent_.erase(key);
  if (pass_before_.has_value() || !merged_.empty()) {
    const size_t first = pass_before_.has_value() ? pass_before_->shelf : 0;
    const size_t end = pass_.has_value() ? pass_->shelf : kShelves;
    for (size_t shelf = first; shelf < end; ++shelf) shelves_[shelf].clear();
  }
  last_before_ = last_;
  pass_before_ = pass_;
  added_.clear();
  merged_.clear();
}

absl::Status KeyTable::Rest() { return FillFilter(kFilteredInRest); }

void KeyTable::RolledBack() {
  last_ = last_before_;
  for (const int64_t key : added_) {
    recent_.erase(key);
    std::vector<int64_t>& shelf = shelves_[ShelfOf(key)];
    // What a pass has merged stands before what came later.
    shelf.erase(std::find(shelf.rbegin(), shelf.rend(), key).base() - 1);
  }
  pass_ = pass_before_;
  added_.clear();
  merged_.clear();
}

}  // namespace usher
