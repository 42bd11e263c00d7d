// Nearest-event search over one immutable set of vectors.
#ifndef USHER_INDEX_VECTOR_VECTOR_INDEX_H_
#define USHER_INDEX_VECTOR_VECTOR_INDEX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/catalog/row_bitmap.h"
#include "index/model/factors.h"
#include "index/vector/faiss_boundary.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/scan.h"
#include "index/vector/scored_row.h"

namespace usher {

struct VectorIndexOptions {
  // kFlat is exact and the default; the others trade recall for time, and are
  // chosen by measurement.
  enum class Type : uint32_t { kFlat = 0, kHnsw = 1, kIvfPq = 2 };
  Type type = Type::kFlat;

  int hnsw_m = 32;            // Edges a row, in [2, 256]. Memory: 8 * m a row.
  int ef_construction = 128;  // Beam while building. Quality against time.
  int ef_search = 512;        // Beam while searching. Recall against time.

  int ivf_lists = 0;    // Clusters; 0: about 4 * sqrt(rows).
  int ivf_probe = 16;   // Clusters that one search visits at least.
  int pq_segments = 0;  // Divides the dimension; 0: about dim / 4.
  int pq_bits = 8;      // In [1, 12]; fewer are used when rows are few.

  // Filters that leave less than this fraction of the rows scan exactly, and so
  // does what would cost more by the structure (ScansExactly). 0: the structure
  // is asked whatever it costs, with ivf_probe as it is; for measuring it.
  double exact_below_selectivity = 0.05;

  // The same seed gives the same index, but for kHnsw on several threads.
  uint64_t seed = 1;
  int build_threads = 0;  // 0: all of the machine.
};

// OK, or InvalidArgument that names the option, its value and its range.
absl::Status ValidateVectorIndexOptions(const VectorIndexOptions& options);

// Scores are inner products, plus a bias per row when one is given; larger is
// better. Immutable after Build() or Load(), so any number of threads may
// search; a search runs on the calling thread alone.
class VectorIndex {
 public:
  // Keeps `vectors`: a mapped matrix is shared, an owned one is copied unless
  // it is moved in. InvalidArgument for a NaN or an infinity (naming the row)
  // and for options out of range.
  static absl::StatusOr<std::unique_ptr<VectorIndex>> Build(
      Factors vectors, const VectorIndexOptions& options);

  // Returns up to `k` allowed rows, best first, ties by smaller row; fewer when
  // fewer are allowed; none when k <= 0. Never a row that is not allowed, never
  // a placeholder.
  //
  // `allowed` is borrowed for the call; null means every row, rows past its end
  // are not allowed. `bias` is empty or has one score per row, which is added;
  // a row with a bias of NaN or minus infinity is never returned.
  //
  // kFlat is exact. kHnsw and kIvfPq retrieve by inner product and score what
  // they found exactly; they scan exactly when that is cheaper (ScansExactly())
  // and when they found too few (counted by exact_fallbacks()). With a bias
  // they retrieve more rows than asked, add the allowed rows of the largest
  // bias, and score all of these exactly: a row that is good in neither but in
  // the sum can be missed.
  //
  // `foremost`, rows that may have a large bias, the largest first, are looked
  // at before all others. Where they leave few rows that can be among the best
  // (biased_search.h), these are scored and the result is exact, whatever the
  // type; elsewhere they change nothing.
  //
  // InvalidArgument when the query has another dimension or a number that is
  // not finite, or when the bias has another size.
  absl::StatusOr<std::vector<ScoredRow>> Search(
      absl::Span<const float> query, int k, const RowBitmap* allowed,
      absl::Span<const float> bias = {},
      absl::Span<const int32_t> foremost = {}) const;

  // True when a search for `k` of `allowed` rows scans all of those: for kFlat,
  // when k is near their number, when the filter is selective, and when the
  // structure would meet so many rows on its way to enough allowed ones that
  // reading them, one here and one there, costs more than the scan.
  bool ScansExactly(size_t k, size_t allowed, bool biased) const;

  // Search() of each, faster for kFlat: one pass over memory serves them all.
  absl::StatusOr<std::vector<std::vector<ScoredRow>>> SearchBatch(
      absl::Span<const ScanQuery> queries) const;

  // What Search() of a flat index returns: the reference for recall.
  absl::StatusOr<std::vector<ScoredRow>> SearchExact(
      absl::Span<const float> query, int k, const RowBitmap* allowed,
      absl::Span<const float> bias = {}) const;

  // Writes the approximate structure, without the vectors: a header and, but
  // for kFlat, the graph or the lists. Not atomic by itself.
  absl::Status Save(const std::string& path) const;

  // Reads what Save() wrote for the same vectors. What shapes the structure is
  // taken from the file, what shapes a search from `options`. NotFound, or
  // DataLoss naming the path when type, size or content do not fit.
  static absl::StatusOr<std::unique_ptr<VectorIndex>> Load(
      const std::string& path, Factors vectors,
      const VectorIndexOptions& options);

  size_t rows() const { return vectors_.rows(); }
  size_t dim() const { return vectors_.dim(); }
  const Factors& vectors() const { return vectors_; }
  const VectorIndexOptions& options() const { return options_; }

  // How many approximate searches found too few rows and were repeated exactly.
  int64_t exact_fallbacks() const {
    return exact_fallbacks_.load(std::memory_order_relaxed);
  }

 private:
  VectorIndex(Factors vectors, const VectorIndexOptions& options);
  static absl::StatusOr<std::unique_ptr<VectorIndex>> Create(
      Factors vectors, const VectorIndexOptions& options);
  absl::Status BuildStructure();
  absl::Status DecodeStructure(absl::string_view bytes);
  std::string EncodeStructure() const;

  absl::Status CheckQuery(const ScanQuery& query) const;
  std::vector<ScoredRow> SearchChecked(const ScanQuery& query) const;
  size_t CountAllowed(const RowBitmap* allowed) const;
  // Rows to retrieve for `k` results.
  size_t Wanted(size_t k, bool biased) const;
  size_t Beam(size_t wanted) const;
  // Clusters that hold twice the wanted rows, if rows are spread evenly.
  size_t Probes(size_t wanted, size_t allowed) const;
  // Rows that a search of the structure looks at.
  double RowsMet(size_t wanted, size_t allowed) const;
  std::vector<int32_t> Retrieve(const ScanQuery& query, size_t wanted,
                                size_t allowed) const;
  std::vector<ScoredRow> ScoreExactly(const ScanQuery& query,
                                      std::vector<int32_t> rows) const;

  // Constant after construction.
  const Factors vectors_;
  const VectorIndexOptions options_;
  const ExactScan scan_;
  const std::vector<float> norms_;  // Of each row.
  std::unique_ptr<const HnswGraph> graph_;
  std::unique_ptr<const IvfPq> lists_;

  mutable std::atomic<int64_t> exact_fallbacks_{0};
};

// The mean fraction of the exact best `k` that Search() finds, over the rows of
// `queries`; 1 when there is nothing to find. Filter, bias and errors as for
// Search().
absl::StatusOr<double> RecallAgainstExact(const VectorIndex& index,
                                          const Factors& queries, int k,
                                          const RowBitmap* allowed = nullptr,
                                          absl::Span<const float> bias = {});

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_VECTOR_INDEX_H_
