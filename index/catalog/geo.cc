#include "index/catalog/geo.h"

#include <algorithm>
#include <numbers>

namespace usher {
namespace {

constexpr double kRadians = std::numbers::pi / 180.0;

}  // namespace

bool IsValid(const GeoPoint& point) {
  return point.latitude >= -90 && point.latitude <= 90 &&
         point.longitude >= -180 && point.longitude <= 180;
}

float DistanceKm(const GeoPoint& a, const GeoPoint& b) {
  if (!a.known() || !b.known()) return std::numeric_limits<float>::quiet_NaN();
  const double phi_a = a.latitude * kRadians;
  const double phi_b = b.latitude * kRadians;
  const double sin_phi = std::sin((phi_b - phi_a) / 2);
  const double sin_lambda =
      std::sin((double{b.longitude} - a.longitude) * kRadians / 2);
  const double h = sin_phi * sin_phi +
                   std::cos(phi_a) * std::cos(phi_b) * sin_lambda * sin_lambda;
  return static_cast<float>(2 * kEarthRadiusKm *
                            std::asin(std::sqrt(std::clamp(h, 0.0, 1.0))));
}

UnitVector OnUnitSphere(const GeoPoint& point) {
  if (!point.known()) return {};
  const double phi = point.latitude * kRadians;
  const double lambda = point.longitude * kRadians;
  return {std::cos(phi) * std::cos(lambda), std::cos(phi) * std::sin(lambda),
          std::sin(phi)};
}

double ChordOfKm(double km) {
  const double half = std::sin(
      std::clamp(km / (2 * kEarthRadiusKm), 0.0, std::numbers::pi / 2));
  return 4 * half * half;
}

float KmOfChord(double chord_squared) {
  const double half = std::sqrt(chord_squared) / 2;
  return static_cast<float>(2 * kEarthRadiusKm *
                            std::asin(std::min(half, 1.0)));
}

}  // namespace usher
