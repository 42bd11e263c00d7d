// A sparse matrix of confidence weights: who met what, and how surely.
#ifndef USHER_TRAINER_ALGORITHMS_SPARSE_MATRIX_H_
#define USHER_TRAINER_ALGORITHMS_SPARSE_MATRIX_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace usher {

// One weight. Rows and columns count from 0.
struct SparseEntry {
  int32_t row = 0;
  int32_t column = 0;
  float value = 1.0f;
};

// Compressed rows (CSR): 64-bit offsets, 32-bit columns, float values. Columns
// of a row are strictly ascending. Every stored value is finite and positive.
// Immutable.
class SparseMatrix {
 public:
  // 0 x 0.
  SparseMatrix() : offsets_(1, 0) {}

  // Sorts `entries`, sums those of the same place and drops zeros, in time
  // O(entries + rows + columns), a fourth of it when they are sorted.
  // InvalidArgument when an entry lies outside the matrix or its value is
  // negative or not finite.
  static absl::StatusOr<SparseMatrix> FromEntries(
      int32_t rows, int32_t columns, absl::Span<const SparseEntry> entries);

  int32_t rows() const { return rows_; }
  int32_t columns() const { return columns_; }
  // Number of stored values.
  int64_t entries() const { return static_cast<int64_t>(values_.size()); }

  int64_t RowSize(int32_t row) const {
    return offsets_[row + 1] - offsets_[row];
  }
  absl::Span<const int32_t> RowColumns(int32_t row) const {
    return {column_.data() + offsets_[row], static_cast<size_t>(RowSize(row))};
  }
  absl::Span<const float> RowValues(int32_t row) const {
    return {values_.data() + offsets_[row], static_cast<size_t>(RowSize(row))};
  }
  // Where each row begins in values(); rows() + 1 numbers.
  absl::Span<const int64_t> offsets() const { return offsets_; }
  absl::Span<const float> values() const { return values_; }

  // The same weights with rows and columns exchanged, in O(entries).
  SparseMatrix Transposed() const;

  // Each weight times (row size / mean row size * column size / mean column
  // size)^-exponent, sizes being counts of stored values: what is rare says
  // more. The means are over all rows and all columns.
  SparseMatrix WeightedByDegree(float exponent) const;

 private:
  // `entries` by row, those of one row in their order.
  static SparseMatrix ByRow(int32_t rows, int32_t columns,
                            absl::Span<const SparseEntry> entries);
  void MergeRows();

  int32_t rows_ = 0;
  int32_t columns_ = 0;
  std::vector<int64_t> offsets_;
  std::vector<int32_t> column_;
  std::vector<float> values_;
};

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_SPARSE_MATRIX_H_
