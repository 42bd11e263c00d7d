// Where events are: centres for PlaceFeatures.
#ifndef USHER_TRAINER_ALGORITHMS_LANDMARKS_H_
#define USHER_TRAINER_ALGORITHMS_LANDMARKS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "index/catalog/geo.h"
#include "index/model/place_features.h"

namespace usher {

struct LandmarkOptions {
  int count = 16;
  float min_radius_km = 1.0f;
  int iterations = 20;
  int max_places = 20000;  // Of more, a random choice is clustered.
  uint64_t seed = 1;
};

// At most `count` centres of `places` by k-means on the unit sphere, started by
// k-means++ (Arthur, Vassilvitskii 2007). A landmark's radius is the distance
// to the nearest other one, at least min_radius_km. Invalid places are left
// out; without any place there are no landmarks. Same seed, same landmarks.
std::vector<Landmark> FindLandmarks(absl::Span<const GeoPoint> places,
                                    const LandmarkOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_LANDMARKS_H_
