#include "index/vector/quantized_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr float kLargestCode = 127.0f;
// Scales to try for four bits, as parts of what the largest number takes: the
// rarer such numbers are, the more is gained by cutting them off.
constexpr float kNibbleScales[] = {1.0f, 0.92f, 0.84f, 0.76f, 0.68f, 0.6f};
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

// To bfloat16, the next one that is not smaller. Requires value >= 0.
float RoundUpToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>((bits + 0xffffu) & 0xffff0000u);
}

// What a row has become, and how well: its scale, |v - s c| and |c|.
struct RowQuality {
  float scale = 0;
  double error = 0;
  double norm = 0;
};

class QualityOf {
 public:
  explicit QualityOf(float scale) : scale_(scale) {}

  void Add(float number, double value) {
    const double off = number - scale_ * value;
    error_ += off * off;
    norm_ += value * value;
  }
  RowQuality Get() const {
    return {scale_, std::sqrt(error_), std::sqrt(norm_)};
  }

 private:
  float scale_;
  double error_ = 0;
  double norm_ = 0;
};

// Byte i of group g goes to out[kGroupBytes * g + i].
RowQuality WriteBytes(const float* row, size_t dim, uint8_t* out) {
  const float scale = RoundUpToHalf(ScaleFor(row, dim, kLargestCode));
  const float inverse = 1.0f / scale;
  QualityOf quality(scale);
  for (size_t d = 0; d < dim; ++d) {
    const int code = static_cast<int>(row[d] * inverse + (kCodeZero + 0.5f));
    out[d / kGroupDims * kGroupBytes + d % kGroupDims] =
        static_cast<uint8_t>(code);
    quality.Add(row[d], code - kCodeZero);
  }
  return quality.Get();
}

int NibbleOf(float number, float inverse) {
  const int code = static_cast<int>(number * inverse + (kNibbleZero + 0.5f));
  return std::min(std::max(code, 0), 15);
}

float SquaredNibbleError(float number, float scale, float inverse) {
  const auto code = static_cast<float>(NibbleOf(number, inverse));
  const float off = number - scale * (code - kNibbleZero);
  return off * off;
}

// In lanes, which become vector instructions.
float SquaredError(const float* row, size_t dim, float scale) {
  constexpr size_t kLanes = 8;
  const float inverse = 1.0f / scale;
  float sums[kLanes] = {};
  size_t d = 0;
  for (; d + kLanes <= dim; d += kLanes) {
    for (size_t i = 0; i < kLanes; ++i) {
      sums[i] += SquaredNibbleError(row[d + i], scale, inverse);
    }
  }
  for (; d < dim; ++d) sums[0] += SquaredNibbleError(row[d], scale, inverse);
  return std::accumulate(sums, sums + kLanes, 0.0f);
}

float NibbleScale(const float* row, size_t dim) {
  const float widest = ScaleFor(row, dim, kNibbleZero);
  float best = RoundUpToHalf(widest);  // Squares may overflow.
  float least = std::numeric_limits<float>::infinity();
  for (const float part : kNibbleScales) {
    const float scale = RoundUpToHalf(std::max(part * widest, kSmallestScale));
    const float error = SquaredError(row, dim, scale);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

// As WriteBytes(), two numbers in a byte. `out` is zero.
RowQuality WriteNibbles(const float* row, size_t dim, uint8_t* out) {
  const float scale = NibbleScale(row, dim);
  const float inverse = 1.0f / scale;
  QualityOf quality(scale);
  for (size_t d = 0; d < dim; ++d) {
    const int code = NibbleOf(row[d], inverse);
    const size_t group = d / kGroupDims;
    out[group / 2 * kGroupBytes + d % kGroupDims] |=
        static_cast<uint8_t>(code << (group % 2 == 0 ? 0 : 4));
    quality.Add(row[d], static_cast<double>(code) - kNibbleZero);
  }
  return quality.Get();
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
  out.groups.resize((query.size() + 2 * kGroupDims - 1) / (2 * kGroupDims) * 2);
  double square = 0, error = 0, code = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const double value = std::clamp<double>(
        Round(static_cast<double>(query[i]) / out.scale), -limit, limit);
    const double off = query[i] - out.scale * value;
    const auto byte = static_cast<int8_t>(value);
    std::memcpy(reinterpret_cast<char*>(out.groups.data()) + i, &byte, 1);
    out.sum += static_cast<int32_t>(value);
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

QuantizedRows::QuantizedRows(const Factors& vectors, CodeBits bits, int threads)
    : bits_(bits),
      groups_((vectors.dim() + kGroupDims - 1) / kGroupDims),
      terms_((vectors.rows() + kBlockRows - 1) / kBlockRows * kBlockRows),
      norms_(terms_.size() / kBlockRows) {
  if (bits == CodeBits::kFour) groups_ = (groups_ + 1) / 2;
  size_t bytes = blocks() * BlockBytes();
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  codes_.reset(static_cast<uint8_t*>(std::aligned_alloc(kHugePage, bytes)));
  USHER_CHECK(codes_ != nullptr || bytes == 0);
  if (bytes > 0) madvise(codes_.get(), bytes, MADV_HUGEPAGE);
  ParallelFor(static_cast<int64_t>(blocks()), kBlocksPerTask, threads,
              [&](int64_t begin, int64_t end) {
                for (int64_t b = begin; b < end; ++b) QuantizeBlock(vectors, b);
              });
  for (size_t row = 0; row < terms_.size(); ++row) {
    const double norm = norms_[row / kBlockRows];
    largest_norm_ = std::max(largest_norm_, Error(row) + Scale(row) * norm);
  }
}

bool QuantizedRows::Covers(const QuantizedQuery& query) const {
  constexpr double kRoom = 1e-3 * std::numeric_limits<float>::max();
  return query.norm < kRoom && largest_norm_ < kRoom &&
         query.norm * largest_norm_ < kRoom;
}

size_t QuantizedRows::bytes() const {
  return blocks() * BlockBytes() + terms_.size() * sizeof(uint32_t);
}

int32_t QuantizedRows::Offset(const QuantizedQuery& query) const {
  if (bits_ == CodeBits::kEight) return -kCodeZero * query.sum;
  static_assert(kNibbleZero == 7.5f);
  return (-15 * query.sum) >> 1;
}

float QuantizedRows::CodeWeight(const QuantizedQuery& query) const {
  if (bits_ == CodeBits::kEight) return query.code_weight;
  // Offset() is off by a half at most, and |c| is 1 or taken for it.
  return RoundUp(static_cast<double>(query.code_weight) + 0.5 * query.scale);
}

void QuantizedRows::QuantizeBlock(const Factors& vectors, size_t block) {
  const size_t dim = vectors.dim();
  const size_t first = block * kBlockRows;
  const size_t count = std::min(kBlockRows, vectors.rows() - first);
  const bool nibbles = bits_ == CodeBits::kFour;
  uint8_t* const codes = codes_.get() + block * BlockBytes();
  std::memset(codes, nibbles ? 0 : kCodeZero, BlockBytes());
  double largest_norm = 1;
  for (size_t r = 0; r < count; ++r) {
    const float* row = vectors.data() + (first + r) * dim;
    uint8_t* out = codes + r / kTileRows * groups_ * kGroupBytes +
                   r % kTileRows * kGroupDims;
    const RowQuality quality =
        nibbles ? WriteNibbles(row, dim, out) : WriteBytes(row, dim, out);
    const float error = RoundUpToHalf(RoundUp(quality.error));
    terms_[first + r] = std::bit_cast<uint32_t>(quality.scale) |
                        std::bit_cast<uint32_t>(error) >> 16;
    largest_norm = std::max(largest_norm, quality.norm);
  }
  norms_[block] = RoundUp(largest_norm);
}

}  // namespace usher
