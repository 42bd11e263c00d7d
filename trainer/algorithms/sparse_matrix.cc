#include "trainer/algorithms/sparse_matrix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

absl::Status CheckEntry(const SparseEntry& entry, int32_t rows,
                        int32_t columns) {
  if (entry.row < 0 || entry.row >= rows || entry.column < 0 ||
      entry.column >= columns) {
    return absl::InvalidArgumentError(
        absl::StrCat("sparse matrix: entry (", entry.row, ", ", entry.column,
                     ") lies outside ", rows, " x ", columns));
  }
  if (!(entry.value >= 0.0f) || !std::isfinite(entry.value)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sparse matrix: entry (", entry.row, ", ", entry.column, ") has value ",
        entry.value, "; weights are finite and not negative"));
  }
  return absl::OkStatus();
}

bool ComesBefore(const SparseEntry& a, const SparseEntry& b) {
  return a.row != b.row ? a.row < b.row : a.column < b.column;
}

}  // namespace

absl::StatusOr<SparseMatrix> SparseMatrix::FromEntries(
    int32_t rows, int32_t columns, absl::Span<const SparseEntry> entries) {
  if (rows < 0 || columns < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sparse matrix: size ", rows, " x ", columns, " is negative"));
  }
  for (const SparseEntry& entry : entries) {
    RETURN_IF_ERROR(CheckEntry(entry, rows, columns));
  }
  SparseMatrix matrix = ByRow(rows, columns, entries);
  if (!std::is_sorted(entries.begin(), entries.end(), ComesBefore)) {
    matrix = matrix.Transposed().Transposed();
  }
  matrix.MergeRows();
  return matrix;
}

SparseMatrix SparseMatrix::ByRow(int32_t rows, int32_t columns,
                                 absl::Span<const SparseEntry> entries) {
  SparseMatrix result;
  result.rows_ = rows;
  result.columns_ = columns;
  result.offsets_.assign(static_cast<size_t>(rows) + 1, 0);
  for (const SparseEntry& entry : entries) ++result.offsets_[entry.row + 1];
  std::partial_sum(result.offsets_.begin(), result.offsets_.end(),
                   result.offsets_.begin());
  result.column_.resize(entries.size());
  result.values_.resize(entries.size());
  std::vector<int64_t> next = result.offsets_;
  for (const SparseEntry& entry : entries) {
    const int64_t at = next[entry.row]++;
    result.column_[at] = entry.column;
    result.values_[at] = entry.value;
  }
  return result;
}

SparseMatrix SparseMatrix::Transposed() const {
  SparseMatrix result;
  result.rows_ = columns_;
  result.columns_ = rows_;
  result.offsets_.assign(static_cast<size_t>(columns_) + 1, 0);
  for (const int32_t column : column_) ++result.offsets_[column + 1];
  std::partial_sum(result.offsets_.begin(), result.offsets_.end(),
                   result.offsets_.begin());
  result.column_.resize(column_.size());
  result.values_.resize(values_.size());
  std::vector<int64_t> next = result.offsets_;
  for (int32_t row = 0; row < rows_; ++row) {
    for (int64_t i = offsets_[row]; i < offsets_[row + 1]; ++i) {
      const int64_t at = next[column_[i]]++;
      result.column_[at] = row;
      result.values_[at] = values_[i];
    }
  }
  return result;
}

SparseMatrix SparseMatrix::WeightedByDegree(float exponent) const {
  SparseMatrix result = *this;
  std::vector<float> of_column(columns_, 0.0f);
  for (const int32_t column : column_) of_column[column] += 1;
  const float all = static_cast<float>(entries());
  for (float& size : of_column) {
    size = std::pow(size * static_cast<float>(columns_) / all, -exponent);
  }
  for (int32_t row = 0; row < rows_; ++row) {
    const float of_row = std::pow(
        static_cast<float>(RowSize(row)) * static_cast<float>(rows_) / all,
        -exponent);
    for (int64_t i = offsets_[row]; i < offsets_[row + 1]; ++i) {
      result.values_[i] *= of_row * of_column[column_[i]];
    }
  }
  return result;
}

// Sums neighbours of the same column and drops zeros, in place.
void SparseMatrix::MergeRows() {
  int64_t kept = 0;
  int64_t begin = 0;
  for (int32_t row = 0; row < rows_; ++row) {
    const int64_t end = offsets_[row + 1];
    const int64_t first = kept;
    for (int64_t i = begin; i < end; ++i) {
      if (values_[i] == 0.0f) continue;
      if (kept > first && column_[kept - 1] == column_[i]) {
        values_[kept - 1] += values_[i];
        continue;
      }
      column_[kept] = column_[i];
      values_[kept++] = values_[i];
    }
    begin = end;
    offsets_[row + 1] = kept;
  }
  column_.resize(kept);
  values_.resize(kept);
  column_.shrink_to_fit();
  values_.shrink_to_fit();
}

}  // namespace usher
