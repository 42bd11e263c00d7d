// Exact search over all vectors, at the speed of memory.
//
// The rows are scanned in one byte a number (a quarter of the memory traffic
// of floats). The error of each estimated score has a proven bound
// (quantized_rows.h), so the rows that can be among the best k are known for
// certain; those few are scored again in float. The result is that of a plain
// float scan, ties included.
#ifndef USHER_INDEX_VECTOR_SCAN_H_
#define USHER_INDEX_VECTOR_SCAN_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "index/catalog/row_bitmap.h"
#include "index/model/factors.h"
#include "index/vector/quantized_rows.h"
#include "index/vector/scan_kernels.h"
#include "index/vector/scored_row.h"

namespace usher {

// One question to a scan. Everything is borrowed for the call.
struct ScanQuery {
  absl::Span<const float> query;       // dim finite floats.
  int k = 0;                           // 0 or less: no rows.
  const RowBitmap* allowed = nullptr;  // Null: every row. Rows past its end
                                       // are not allowed.
  absl::Span<const float> bias = {};   // Empty, or one per row.
};

struct ScanOptions {
  int threads = 0;  // That quantize the rows; 0: all.
  // Rows whose codes of a byte take more than this are kept in half a byte,
  // too, which caches do not hold either way, for queries that come alone.
  size_t cached_bytes = size_t{32} << 20;
  const ScanKernels* kernels = nullptr;  // Null: ActiveKernels().
};

// ScanOptions::cached_bytes where queries come in batches only.
inline constexpr size_t kOnlyBatches = std::numeric_limits<size_t>::max();

// Immutable: any number of threads may search.
class ExactScan {
 public:
  // Borrows `vectors` (finite; see CheckFinite) for its own life. Small
  // matrices are not quantized.
  explicit ExactScan(const Factors* vectors, const ScanOptions& options = {});

  // The best k allowed rows by query . row + bias[row], best first, ties by
  // smaller row; fewer when fewer are allowed. Rows whose score is NaN or minus
  // infinity (by their bias, or by overflow) are left out.
  std::vector<ScoredRow> Search(const ScanQuery& query) const;

  // Answers several queries in one pass: every block of rows is read from
  // memory once and serves all of them. Equal to Search() for each.
  std::vector<std::vector<ScoredRow>> SearchBatch(
      absl::Span<const ScanQuery> queries) const;

  // What Search() reads of all rows, in bytes.
  size_t scanned_bytes() const;

 private:
  class Pass;  // One query on its way through the blocks.

  const Factors* vectors_;
  const ScanKernels* kernels_;
  std::unique_ptr<const QuantizedRows> quantized_;  // Null for small matrices.
  std::unique_ptr<const QuantizedRows> nibbles_;    // Only for large ones.
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_SCAN_H_
