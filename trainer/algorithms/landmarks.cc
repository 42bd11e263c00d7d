#include "trainer/algorithms/landmarks.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "index/base/hash.h"

namespace usher {
namespace {

using Vector = Eigen::Vector3d;

constexpr double kRadiansPerDegree = std::numbers::pi / 180.0;
constexpr float kHalfEarthKm = 20015.0f;

Vector OnSphere(const GeoPoint& place) {
  const double latitude = place.latitude * kRadiansPerDegree;
  const double longitude = place.longitude * kRadiansPerDegree;
  return {std::cos(latitude) * std::cos(longitude),
          std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
}

GeoPoint OnMap(const Vector& v) {
  return {static_cast<float>(std::atan2(v.z(), std::hypot(v.x(), v.y())) /
                             kRadiansPerDegree),
          static_cast<float>(std::atan2(v.y(), v.x()) / kRadiansPerDegree)};
}

std::vector<Vector> Sample(absl::Span<const GeoPoint> places, int max_places,
                           Random* random) {
  std::vector<Vector> points;
  for (const GeoPoint& place : places) {
    if (IsValid(place)) points.push_back(OnSphere(place));
  }
  const size_t kept = std::min<size_t>(points.size(), std::max(0, max_places));
  for (size_t i = 0; i < kept; ++i) {
    std::swap(points[i], points[i + random->Below(points.size() - i)]);
  }
  points.resize(kept);
  return points;
}

// Places drawn one by one, by the square of the distance to those drawn.
std::vector<Vector> Start(const std::vector<Vector>& points, int count,
                          Random* random) {
  std::vector<Vector> centres = {points[random->Below(points.size())]};
  std::vector<double> distance(points.size(), INFINITY);
  while (static_cast<int>(centres.size()) < count) {
    double total = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      distance[i] =
          std::min(distance[i], (points[i] - centres.back()).squaredNorm());
      total += distance[i];
    }
    if (!(total > 0)) break;
    double left = random->Uniform() * total;
    size_t drawn = 0;
    while (drawn + 1 < points.size() && left >= distance[drawn]) {
      left -= distance[drawn++];
    }
    if (distance[drawn] > 0) centres.push_back(points[drawn]);
  }
  return centres;
}

size_t Nearest(const std::vector<Vector>& centres, const Vector& point) {
  size_t best = 0;
  for (size_t c = 1; c < centres.size(); ++c) {
    if ((centres[c] - point).squaredNorm() <
        (centres[best] - point).squaredNorm()) {
      best = c;
    }
  }
  return best;
}

void Improve(const std::vector<Vector>& points, std::vector<Vector>* centres) {
  std::vector<Vector> sums(centres->size(), Vector::Zero());
  for (const Vector& point : points) sums[Nearest(*centres, point)] += point;
  for (size_t c = 0; c < sums.size(); ++c) {
    if (sums[c].norm() > 0) (*centres)[c] = sums[c].normalized();
  }
}

}  // namespace

std::vector<Landmark> FindLandmarks(absl::Span<const GeoPoint> places,
                                    const LandmarkOptions& options) {
  Random random(options.seed);
  const std::vector<Vector> points =
      Sample(places, options.max_places, &random);
  if (points.empty() || options.count < 1) return {};
  std::vector<Vector> centres = Start(points, options.count, &random);
  for (int i = 0; i < options.iterations; ++i) Improve(points, &centres);
  std::vector<Landmark> landmarks;
  for (const Vector& centre : centres) landmarks.push_back({OnMap(centre)});
  for (Landmark& landmark : landmarks) {
    float nearest = kHalfEarthKm;
    for (const Landmark& other : landmarks) {
      if (&other == &landmark) continue;
      nearest = std::min(nearest, DistanceKm(landmark.point, other.point));
    }
    landmark.radius_km = std::max(nearest, options.min_radius_km);
  }
  return landmarks;
}

}  // namespace usher
