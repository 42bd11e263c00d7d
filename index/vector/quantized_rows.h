// Vectors in one byte a number, with a bound on what that costs.
#ifndef USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_
#define USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/model/factors.h"
#include "index/vector/scan_kernels.h"

namespace usher {

// OK, or InvalidArgument naming the first row that has a NaN or an infinity.
absl::Status CheckFinite(const Factors& vectors, int threads);

// A query in signed bytes: q ~ scale * values. For any row v ~ s * c,
//   |q.v - s * scale * (values . c)| <= s * (row_weight * A + code_weight * B)
// where A >= |v - s c| / s and B >= |c|, by Cauchy and Schwarz; the weights
// also hold what float arithmetic rounds away.
struct QuantizedQuery {
  std::vector<int32_t> groups;  // Four values each; see PanelQuery.
  int32_t offset = 0;
  float scale = 0;
  float row_weight = 0;
  float code_weight = 0;
  double norm = 0;
};

// `limit` is ScanKernels::query_limit. The query is finite.
QuantizedQuery QuantizeQuery(absl::Span<const float> query, int limit);

// The rows of a matrix in the blocks of scan_kernels.h. Takes dim + 4 bytes a
// row. Immutable.
class QuantizedRows {
 public:
  // `vectors` is finite. Works on `threads` threads (0: all).
  QuantizedRows(const Factors& vectors, int threads);

  size_t blocks() const { return norms_.size(); }
  size_t groups() const { return groups_; }
  const uint8_t* Codes(size_t block) const {
    return codes_.get() + block * kBlockRows * groups_ * kGroupDims;
  }
  // `count` blocks from `first` on.
  CodePanel Panel(size_t first, size_t count) const {
    return {Codes(first), Scales(first), norms_.data() + first, groups_, count};
  }
  const float* Scales(size_t block) const {
    return scales_.data() + block * kBlockRows;
  }

  // How far scores of the block's rows may be off, over each row's scale.
  float Slack(size_t block, const QuantizedQuery& query) const {
    return query.row_weight * norms_[block].error +
           query.code_weight * norms_[block].code;
  }

  // False when products with this query could overflow: score those in float.
  bool Covers(const QuantizedQuery& query) const;

 private:
  struct FreeBytes {
    void operator()(uint8_t* bytes) const;
  };

  void QuantizeBlock(const Factors& vectors, size_t block);

  size_t groups_;
  std::vector<float> scales_;
  std::vector<BlockNorms> norms_;
  double largest_norm_ = 0;
  std::unique_ptr<uint8_t[], FreeBytes> codes_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_
