#include "index/vector/quantized_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr float kLargestCode = 127.0f;
constexpr float kSmallestScale = 1e-30f;  // Keeps 1 / scale finite.
constexpr double kFloatEpsilon = std::numeric_limits<float>::epsilon();
constexpr uint32_t kInfinityBits = 0x7f800000u;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kBlocksPerTask = 64;

// The bits of the largest magnitude; from kInfinityBits on, a value is not
// finite.
uint32_t LargestBits(const float* values, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(values[i]) & 0x7fffffffu;
    largest = std::max(largest, bits);
  }
  return largest;
}

float ScaleFor(const float* values, size_t count, float limit) {
  const float largest = std::bit_cast<float>(LargestBits(values, count));
  return std::max(largest / limit, kSmallestScale);
}

float RoundUp(double value) {
  return static_cast<float>(value * (1 + 4 * kFloatEpsilon));
}

// To the nearest whole number, of two the even one. Requires |x| < 2^51.
double Round(double x) {
  constexpr double kShift = 0x1.8p52;  // Behind it there is no fraction.
  return x + kShift - kShift;
}

}  // namespace

absl::Status CheckFinite(const Factors& vectors, int threads) {
  const int64_t rows = static_cast<int64_t>(vectors.rows());
  std::atomic<int64_t> first_bad{rows};
  ParallelFor(rows, 4096, threads, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* row = vectors.data() + r * vectors.dim();
      if (LargestBits(row, vectors.dim()) < kInfinityBits) continue;
      int64_t seen = first_bad.load();
      while (r < seen && !first_bad.compare_exchange_weak(seen, r)) {
      }
      return;
    }
  });
  if (first_bad.load() == rows) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("vectors: row ", first_bad.load(),
                   " has a NaN or an infinity; every number must be finite"));
}

QuantizedQuery QuantizeQuery(absl::Span<const float> query, int limit) {
  QuantizedQuery out;
  out.scale = ScaleFor(query.data(), query.size(), static_cast<float>(limit));
  out.groups.resize((query.size() + kGroupDims - 1) / kGroupDims);
  double square = 0, error = 0, code = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const double value = std::clamp<double>(
        Round(static_cast<double>(query[i]) / out.scale), -limit, limit);
    const double off = query[i] - out.scale * value;
    const auto byte = static_cast<int8_t>(value);
    std::memcpy(reinterpret_cast<char*>(out.groups.data()) + i, &byte, 1);
    out.offset -= kCodeZero * static_cast<int32_t>(value);
    square += static_cast<double>(query[i]) * query[i];
    error += off * off;
    code += value * value;
  }
  out.norm = std::sqrt(square);
  const double dot_rounding =
      (static_cast<double>(query.size()) + 8) * kFloatEpsilon * out.norm;
  out.row_weight = RoundUp(out.norm + dot_rounding);
  out.code_weight = RoundUp(std::sqrt(error) + dot_rounding +
                            8 * kFloatEpsilon * out.scale * std::sqrt(code));
  return out;
}

void QuantizedRows::FreeBytes::operator()(uint8_t* bytes) const {
  std::free(bytes);
}

QuantizedRows::QuantizedRows(const Factors& vectors, int threads)
    : groups_((vectors.dim() + kGroupDims - 1) / kGroupDims),
      scales_((vectors.rows() + kBlockRows - 1) / kBlockRows * kBlockRows),
      norms_(scales_.size() / kBlockRows) {
  size_t bytes = scales_.size() * groups_ * kGroupDims;
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  codes_.reset(static_cast<uint8_t*>(std::aligned_alloc(kHugePage, bytes)));
  USHER_CHECK(codes_ != nullptr || bytes == 0);
  if (bytes > 0) madvise(codes_.get(), bytes, MADV_HUGEPAGE);
  ParallelFor(static_cast<int64_t>(blocks()), kBlocksPerTask, threads,
              [&](int64_t begin, int64_t end) {
                for (int64_t b = begin; b < end; ++b) QuantizeBlock(vectors, b);
              });
  for (size_t b = 0; b < blocks(); ++b) {
    const double weight = static_cast<double>(norms_[b].error) + norms_[b].code;
    const float scale = *std::max_element(Scales(b), Scales(b) + kBlockRows);
    largest_norm_ = std::max(largest_norm_, weight * scale);
  }
}

bool QuantizedRows::Covers(const QuantizedQuery& query) const {
  constexpr double kRoom = 1e-3 * std::numeric_limits<float>::max();
  return query.norm < kRoom && largest_norm_ < kRoom &&
         query.norm * largest_norm_ < kRoom;
}

void QuantizedRows::QuantizeBlock(const Factors& vectors, size_t block) {
  const size_t dim = vectors.dim();
  const size_t tile_bytes = groups_ * kGroupDims * kTileRows;
  const size_t first = block * kBlockRows;
  const size_t count = std::min(kBlockRows, vectors.rows() - first);
  uint8_t* codes = codes_.get() + block * kBlockRows * groups_ * kGroupDims;
  std::memset(codes, kCodeZero, kBlockRows * groups_ * kGroupDims);
  double worst_error = 0, worst_code = 0;
  for (size_t r = 0; r < count; ++r) {
    const float* row = vectors.data() + (first + r) * dim;
    const float scale = ScaleFor(row, dim, kLargestCode);
    const float inverse = 1.0f / scale;
    uint8_t* out =
        codes + r / kTileRows * tile_bytes + r % kTileRows * kGroupDims;
    double error = 0, norm = 0;
    for (size_t d = 0; d < dim; ++d) {
      const int code = static_cast<int>(row[d] * inverse + (kCodeZero + 0.5f));
      const double value = code - kCodeZero;
      const double off = row[d] - scale * value;
      out[d / kGroupDims * 4 * kTileRows + d % kGroupDims] =
          static_cast<uint8_t>(code);
      error += off * off;
      norm += value * value;
    }
    scales_[first + r] = scale;
    worst_error = std::max(worst_error, std::sqrt(error) / scale);
    worst_code = std::max(worst_code, std::sqrt(norm));
  }
  norms_[block] = {RoundUp(worst_error), RoundUp(worst_code)};
}

}  // namespace usher
