#include "index/model/ridge_map.h"

#include <algorithm>

#include "index/base/status_macros.h"
#include "index/model/flat_bytes.h"

namespace usher {
namespace {

constexpr absl::string_view kRidgeMagic("USHRIDG\x01", 8);
constexpr uint64_t kMaxRows = 1 << 20;
constexpr uint64_t kMaxOutputs = 1 << 16;

}  // namespace

absl::StatusOr<RidgeMap> RidgeMap::FromBytes(absl::string_view bytes,
                                             std::shared_ptr<const void> keep) {
  const KeptBytes kept = AlignedBytes(bytes, std::move(keep));
  FlatReader reader("ridge map", kRidgeMagic, kept.bytes);
  const uint64_t rows = reader.Count(kMaxRows);
  const uint64_t outputs = reader.Count(kMaxOutputs);
  const absl::Span<const float> weights = reader.Floats(rows * outputs);
  RETURN_IF_ERROR(reader.Finish());
  return RidgeMap(Factors(rows, outputs, weights.data(), kept.keep));
}

std::string RidgeMap::Serialize() const {
  FlatWriter writer(kRidgeMagic);
  writer.Count(weights_.rows());
  writer.Count(weights_.dim());
  writer.Floats({weights_.data(), weights_.rows() * weights_.dim()});
  return std::move(writer).Take();
}

void RidgeMap::Apply(absl::Span<const float> x, absl::Span<float> out) const {
  USHER_CHECK(x.size() == inputs() && out.size() == outputs());
  if (weights_.empty()) return;
  const absl::Span<const float> bias = weights_.Row(inputs());
  std::copy(bias.begin(), bias.end(), out.begin());
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == 0) continue;
    const float* row = weights_.Row(i).data();
    for (size_t j = 0; j < out.size(); ++j) out[j] += x[i] * row[j];
  }
}

std::vector<float> RidgeMap::Apply(absl::Span<const float> x) const {
  std::vector<float> out(outputs(), 0.0f);
  Apply(x, absl::MakeSpan(out));
  return out;
}

}  // namespace usher
