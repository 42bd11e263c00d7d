#include "index/model/place_features.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "index/model/flat_bytes.h"

namespace usher {
namespace {

constexpr absl::string_view kPlaceMagic("USHPLAC\x01", 8);
constexpr uint64_t kMaxLandmarks = 4096;

}  // namespace

absl::StatusOr<PlaceFeatures> PlaceFeatures::Create(
    std::vector<Landmark> landmarks) {
  for (const auto& [point, radius_km] : landmarks) {
    if (IsValid(point) && radius_km > 0 && std::isfinite(radius_km)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("place features: a landmark at (", point.latitude, ", ",
                     point.longitude, ") with a radius of ", radius_km,
                     " km; it needs a place on earth and a positive radius"));
  }
  return PlaceFeatures(std::move(landmarks));
}

absl::StatusOr<PlaceFeatures> PlaceFeatures::FromBytes(
    absl::string_view bytes, std::shared_ptr<const void> keep) {
  const KeptBytes kept = AlignedBytes(bytes, std::move(keep));
  FlatReader reader("place features", kPlaceMagic, kept.bytes);
  const uint64_t count = reader.Count(kMaxLandmarks);
  const absl::Span<const float> numbers = reader.Floats(3 * count);
  RETURN_IF_ERROR(reader.Finish());
  std::vector<Landmark> landmarks;
  for (size_t i = 0; i < numbers.size(); i += 3) {
    landmarks.push_back({{numbers[i], numbers[i + 1]}, numbers[i + 2]});
  }
  absl::StatusOr<PlaceFeatures> made = Create(std::move(landmarks));
  if (!made.ok()) return absl::DataLossError(made.status().message());
  return made;
}

std::string PlaceFeatures::Serialize() const {
  std::vector<float> numbers;
  for (const auto& [point, radius_km] : landmarks_) {
    numbers.insert(numbers.end(), {point.latitude, point.longitude, radius_km});
  }
  FlatWriter writer(kPlaceMagic);
  writer.Count(landmarks_.size());
  writer.Floats(numbers);
  return std::move(writer).Take();
}

std::vector<float> PlaceFeatures::Apply(const GeoPoint& place) const {
  std::vector<float> features(size(), 0.0f);
  if (!IsValid(place)) return features;
  for (size_t i = 0; i < features.size(); ++i) {
    const float steps =
        DistanceKm(place, landmarks_[i].point) / landmarks_[i].radius_km;
    features[i] = std::exp(-0.5f * steps * steps);
  }
  return features;
}

}  // namespace usher
