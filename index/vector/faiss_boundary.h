// What FAISS does for us: it builds the graph, and trains and searches the
// product quantizer. faiss_boundary.cc is the only file that includes FAISS,
// and the only one with a `try`: its exceptions become absl::Status.
#ifndef USHER_INDEX_VECTOR_FAISS_BOUNDARY_H_
#define USHER_INDEX_VECTOR_FAISS_BOUNDARY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/catalog/row_bitmap.h"
#include "index/model/factors.h"
#include "index/vector/hnsw_graph.h"

namespace usher {

struct HnswBuildOptions {
  int m = 32;
  int ef_construction = 128;
  uint64_t seed = 1;
  int threads = 0;  // 0: all. Only 1 gives the same graph every time.
};

// The graph over `vectors` (finite, at least one row) by inner product. FAISS
// inserts the rows; the distances are our kernels'.
absl::StatusOr<std::unique_ptr<HnswGraph>> BuildHnswGraph(
    const Factors& vectors, const HnswBuildOptions& options);

struct IvfPqOptions {
  int lists = 0;     // Clusters of rows. 0: about 4 * sqrt(rows).
  int segments = 0;  // Sub-vectors, a divisor of dim. 0: of about 4 numbers.
  int bits = 8;      // Of one code, 1..12; fewer when there are few rows.
  uint64_t seed = 1;
  int threads = 0;
};

// Rows in clusters, each coded by product quantization of its residual (Jegou,
// Douze and Schmid 2011). Clusters are those of Euclidean distance; a search
// probes the ones whose centre has the largest inner product with the query.
// Immutable: any number of threads may search.
class IvfPq {
 public:
  // Fewer rows than this are not worth a structure; Build() refuses them.
  static constexpr size_t kMinRows = 64;

  static absl::StatusOr<std::unique_ptr<IvfPq>> Build(
      const Factors& vectors, const IvfPqOptions& options);
  ~IvfPq();

  // Up to `count` allowed rows of `probes` clusters, best estimate first. Never
  // a placeholder, never a row that is not allowed.
  absl::StatusOr<std::vector<int32_t>> Search(absl::Span<const float> query,
                                              size_t count, int probes,
                                              const RowBitmap* allowed) const;

  int lists() const;
  int segments() const;
  int bits() const;

  // Little-endian: lists, segments, bits, centres, codebooks, the cluster of
  // each row, the code of each row. Decode distrusts all of it (DataLoss).
  std::string Encode() const;
  static absl::StatusOr<std::unique_ptr<IvfPq>> Decode(absl::string_view bytes,
                                                       size_t rows, size_t dim);

 private:
  struct Faiss;
  explicit IvfPq(std::unique_ptr<Faiss> faiss);
  std::unique_ptr<Faiss> faiss_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_FAISS_BOUNDARY_H_
