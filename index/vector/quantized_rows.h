// Vectors in a byte or half a byte a number, with a bound on what that costs.
#ifndef USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_
#define USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_

#include <bit>
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
//   |q.v - s * scale * (values . c)| <= row_weight * A + s * code_weight * B
// where A >= |v - s c| and B >= |c|, by Cauchy and Schwarz; the weights also
// hold what float arithmetic rounds away.
struct QuantizedQuery {
  std::vector<int32_t> groups;  // Four values each, an even number of them.
  int32_t sum = 0;              // Of the values.
  float scale = 0;
  float row_weight = 0;
  float code_weight = 0;
  double norm = 0;
};

// `limit` is ScanKernels::query_limit. The query is finite.
QuantizedQuery QuantizeQuery(absl::Span<const float> query, int limit);

enum class CodeBits { kEight, kFour };

// The rows of a matrix in the blocks of scan_kernels.h. Immutable.
class QuantizedRows {
 public:
  // `vectors` is finite. Works on `threads` threads (0: all).
  QuantizedRows(const Factors& vectors, CodeBits bits, int threads);

  size_t blocks() const { return norms_.size(); }
  size_t groups() const { return groups_; }
  // dim + 4 or dim / 2 + 4 a row, and a few a block.
  size_t bytes() const;
  const uint8_t* Codes(size_t block) const {
    return codes_.get() + block * BlockBytes();
  }
  // `count` blocks from `first` on.
  CodePanel Panel(size_t first, size_t count) const {
    return {Codes(first), Terms(first), norms_.data() + first, groups_, count};
  }
  const uint32_t* Terms(size_t block) const {
    return terms_.data() + block * kBlockRows;
  }
  float Scale(size_t row) const {
    return std::bit_cast<float>(terms_[row] & 0xffff0000u);
  }
  float Error(size_t row) const {
    return std::bit_cast<float>(terms_[row] << 16);
  }

  // PanelQuery::offset and code_weight.
  int32_t Offset(const QuantizedQuery& query) const;
  float CodeWeight(const QuantizedQuery& query) const;

  // How far the row's scores may be off.
  float Slack(size_t row, const QuantizedQuery& query) const {
    return query.row_weight * Error(row) +
           Scale(row) * CodeWeight(query) * norms_[row / kBlockRows];
  }

  // False when products with this query could overflow: score those in float.
  bool Covers(const QuantizedQuery& query) const;

 private:
  struct FreeBytes {
    void operator()(uint8_t* bytes) const;
  };

  size_t BlockBytes() const {
    return kBlockRows / kTileRows * kGroupBytes * groups_;
  }
  void QuantizeBlock(const Factors& vectors, size_t block);

  CodeBits bits_;
  size_t groups_;
  std::vector<uint32_t> terms_;
  std::vector<float> norms_;
  double largest_norm_ = 0;
  std::unique_ptr<uint8_t[], FreeBytes> codes_;
};

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_QUANTIZED_ROWS_H_
