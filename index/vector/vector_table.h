// A vector for every row: those of a file below, written ones above.
#ifndef USHER_INDEX_VECTOR_VECTOR_TABLE_H_
#define USHER_INDEX_VECTOR_VECTOR_TABLE_H_

#include <utility>

#include "absl/types/span.h"
#include "index/base/list_column.h"
#include "index/model/factors.h"

namespace usher {

// Rows past the base that were never set are empty. Thread-compatible as
// CowVector is: one writer, readers of shared copies.
class VectorTable {
 public:
  VectorTable() = default;
  explicit VectorTable(std::shared_ptr<const Factors> base)
      : base_(std::move(base)) {
    written_.Resize(base_->rows());
  }

  size_t size() const { return written_.size(); }
  const std::shared_ptr<const Factors>& base() const { return base_; }

  absl::Span<const float> Row(size_t row) const {
    const absl::Span<const float> written = written_[row];
    if (!written.empty() || base_ == nullptr || row >= base_->rows()) {
      return written;
    }
    return base_->Row(row);
  }

  // Grows the table to hold `row`.
  void Set(size_t row, absl::Span<const float> vector) {
    written_.Resize(row + 1);
    written_.Assign(row, vector);
  }

  VectorTable Share() {
    VectorTable shared;
    shared.base_ = base_;
    shared.written_ = written_.Share();
    return shared;
  }

 private:
  std::shared_ptr<const Factors> base_;
  ListColumn<float> written_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_VECTOR_TABLE_H_
