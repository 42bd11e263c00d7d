// Which rows changed, in order.
#ifndef USHER_INDEX_CATALOG_CHANGE_LOG_H_
#define USHER_INDEX_CATALOG_CHANGE_LOG_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "index/base/cow_vector.h"

namespace usher {

// Lets what was worked out of a table follow its changes instead of being
// worked out anew. Thread-compatible as CowVector is: one writer, readers of
// shared copies.
template <class Row>
class ChangeLog {
 public:
  // Beyond so many entries the log begins anew.
  static constexpr size_t kMaxEntries = size_t{1} << 18;

  // Grows with every change.
  int64_t revision() const {
    return start_ + static_cast<int64_t>(entries_.size());
  }

  void Add(Row row) {
    if (entries_.size() >= kMaxEntries) {
      start_ = revision();
      entries_ = {};
    }
    entries_.PushBack(row);
  }

  // The rows that changed after `revision`, ascending, none twice; nullopt when
  // the log does not reach back so far, or not yet.
  std::optional<std::vector<Row>> Since(int64_t revision) const {
    if (revision < start_ || revision > this->revision()) return std::nullopt;
    std::vector<Row> rows;
    for (auto i = static_cast<size_t>(revision - start_); i < entries_.size();
         ++i) {
      rows.push_back(entries_[i]);
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  ChangeLog Share() {
    ChangeLog shared;
    shared.start_ = start_;
    shared.entries_ = entries_.Share();
    return shared;
  }

 private:
  int64_t start_ = 0;  // Revision of the first entry.
  CowVector<Row> entries_;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_CHANGE_LOG_H_
