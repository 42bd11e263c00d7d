#include "index/state/key_table.h"

#include <algorithm>
#include <limits>

#include "index/base/status_macros.h"

namespace usher {
namespace {

// Keys merged for each one added, once a pass goes on: more than one, so that a
// pass ends, and the memory is bounded.
constexpr size_t kMergedPerAdded = 2;
constexpr size_t kLeastSlice = 64;

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
  ASSIGN_OR_RETURN(
      SqliteStatement unmerged,
      database.Prepare(
          "SELECT position, key FROM interactions WHERE position > "
          "ifnull((SELECT CAST(value AS INTEGER) FROM properties "
          "WHERE name = 'merged_keys'), 0)"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, unmerged.Step());
    if (!row) break;
    last_ = unmerged.Int(0);
    recent_.emplace(unmerged.Int(1), last_);
  }
  last_before_ = last_;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> KeyTable::Find(int64_t key) {
  if (const auto recent = recent_.find(key); recent != recent_.end()) {
    return recent->second;
  }
  find_.BindInt(1, key);
  ASSIGN_OR_RETURN(const bool row, find_.Step());
  if (!row) return std::nullopt;
  const int64_t position = find_.Int(0);
  find_.Reset();
  return position;
}

void KeyTable::Add(int64_t key, int64_t position) {
  recent_.emplace(key, position);
  added_.push_back(key);
  last_ = std::max(last_, position);
}

absl::Status KeyTable::MergeSlice() {
  if (!pass_.has_value()) {
    if (recent_.size() < merge_at_) return absl::OkStatus();
    pass_ = Pass{last_, std::numeric_limits<int64_t>::min()};
  }
  const size_t slice = std::max(kLeastSlice, kMergedPerAdded * added_.size());
  auto at = recent_.lower_bound(pass_->next);
  for (; at != recent_.end() && merged_.size() < slice; ++at) {
    insert_.BindInt(1, at->first);
    insert_.BindInt(2, at->second);
    RETURN_IF_ERROR(insert_.Run());
    merged_.push_back(at->first);
  }
  if (at != recent_.end()) {
    pass_->next = at->first;
    return absl::OkStatus();
  }
  const std::string up_to = std::to_string(pass_->up_to);
  set_merged_.BindText(1, up_to);
  RETURN_IF_ERROR(set_merged_.Run());
  pass_.reset();
  return absl::OkStatus();
}

void KeyTable::Committed() {
  last_before_ = last_;
  pass_before_ = pass_;
  for (const int64_t key : merged_) recent_.erase(key);
  added_.clear();
  merged_.clear();
}

void KeyTable::RolledBack() {
  last_ = last_before_;
  for (const int64_t key : added_) recent_.erase(key);
  pass_ = pass_before_;
  added_.clear();
  merged_.clear();
}

}  // namespace usher
