// A vector for every row: those of a file below, written ones above.
#ifndef USHER_INDEX_VECTOR_VECTOR_TABLE_H_
#define USHER_INDEX_VECTOR_VECTOR_TABLE_H_

#include <utility>

#include "absl/types/span.h"
#include "index/base/list_column.h"
#include "index/catalog/row_bitmap.h"
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
    // Few rows are written: a bit says it without a look at their lists.
    if (base_ != nullptr && row < base_->rows() && !is_written_.Test(row)) {
      return base_->Row(row);
    }
    return written_[row];
  }

  // Grows the table to hold `row`.
  void Set(size_t row, absl::Span<const float> vector) {
    written_.Resize(row + 1);
    written_.Assign(row, vector);
    is_written_.Grow(written_.size());
    if (vector.empty()) {
      is_written_.Clear(row);
    } else {
      is_written_.Set(row);
    }
  }

  VectorTable Share() {
    VectorTable shared;
    shared.base_ = base_;
    shared.written_ = written_.Share();
    shared.is_written_ = is_written_;
    return shared;
  }

 private:
  std::shared_ptr<const Factors> base_;
  ListColumn<float> written_;
  RowBitmap is_written_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_VECTOR_TABLE_H_
