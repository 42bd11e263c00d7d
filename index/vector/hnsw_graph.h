// A navigable small-world graph over vectors, and the walk that searches it
// (Malkov and Yashunin 2018, arXiv:1603.09320).
#ifndef USHER_INDEX_VECTOR_HNSW_GRAPH_H_
#define USHER_INDEX_VECTOR_HNSW_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "index/catalog/row_bitmap.h"
#include "index/model/factors.h"
#include "index/vector/scan_kernels.h"
#include "index/vector/scored_row.h"

namespace usher {

// The edges as plain arrays; a missing edge is -1. Rows have levels[row] >= 1
// levels: 2 * m edges on the lowest, m on each one above.
struct HnswEdges {
  int m = 0;
  int32_t entry = -1;           // Where searches begin: a row of most levels.
  std::vector<uint8_t> levels;  // Per row.
  std::vector<int32_t> base;    // 2 * m a row.
  std::vector<int32_t> upper;   // (levels - 1) * m a row, by row, by level.
};

// Immutable but for a pool of scratch memory: any number of threads may search.
class HnswGraph {
 public:
  // DataLoss when an edge leads nowhere or sizes do not fit.
  static absl::StatusOr<std::unique_ptr<HnswGraph>> Create(HnswEdges edges);

  // The `wanted` best allowed rows that a walk with a beam of `wanted` rows
  // finds, best first. The walk passes through rows that are not allowed, so a
  // selective filter costs time, not recall. `vectors` are those of the build.
  std::vector<ScoredRow> Search(absl::Span<const float> query, size_t wanted,
                                const RowBitmap* allowed,
                                const Factors& vectors,
                                const ScanKernels& kernels) const;

  size_t rows() const { return edges_.levels.size(); }
  int m() const { return edges_.m; }

  // Little-endian: m, entry, levels, base, upper. Decode distrusts all of it.
  std::string Encode() const;
  static absl::StatusOr<std::unique_ptr<HnswGraph>> Decode(
      absl::string_view bytes, size_t rows);

 private:
  // Which rows a walk has seen: those whose stamp is the current one.
  struct Visited {
    uint16_t stamp = 0;
    std::vector<uint16_t> stamps;
  };
  class Walk;

  explicit HnswGraph(HnswEdges edges);
  absl::Span<const int32_t> Neighbours(int32_t row, int level) const;
  std::unique_ptr<Visited> BorrowVisited() const ABSL_LOCKS_EXCLUDED(mu_);
  void ReturnVisited(std::unique_ptr<Visited> visited) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  HnswEdges edges_;
  std::vector<size_t> upper_begin_;

  mutable absl::Mutex mu_;
  mutable std::vector<std::unique_ptr<Visited>> idle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_HNSW_GRAPH_H_
