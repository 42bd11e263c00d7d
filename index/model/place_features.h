// A place as numbers that a linear map can use.
#ifndef USHER_INDEX_MODEL_PLACE_FEATURES_H_
#define USHER_INDEX_MODEL_PLACE_FEATURES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/catalog/geo.h"

namespace usher {

// A centre of where events are, and the distance at which a place is still
// counted as near it.
struct Landmark {
  GeoPoint point;
  float radius_km = 1.0f;
};

// Radial basis functions: feature i of a place at distance r from landmark i is
// exp(-(r / radius_i)^2 / 2), in [0, 1]. A missing place has zeros.
// trainer/algorithms/landmarks.h finds the landmarks. Immutable.
class PlaceFeatures {
 public:
  PlaceFeatures() = default;
  // InvalidArgument for a landmark that is nowhere or has no positive radius.
  static absl::StatusOr<PlaceFeatures> Create(std::vector<Landmark> landmarks);

  // Copies what it needs. DataLoss for anything that Serialize() cannot have
  // written.
  static absl::StatusOr<PlaceFeatures> FromBytes(
      absl::string_view bytes, std::shared_ptr<const void> keep);
  // A flat block (flat_bytes.h): the count of landmarks, then latitude,
  // longitude and radius of each.
  std::string Serialize() const;

  size_t size() const { return landmarks_.size(); }
  absl::Span<const Landmark> landmarks() const { return landmarks_; }

  // The size() features of a place.
  std::vector<float> Apply(const GeoPoint& place) const;

 private:
  explicit PlaceFeatures(std::vector<Landmark> landmarks)
      : landmarks_(std::move(landmarks)) {}

  std::vector<Landmark> landmarks_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_PLACE_FEATURES_H_
