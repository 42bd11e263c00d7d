#include "index/catalog/geo_cells.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace usher {
namespace {

constexpr int kGridRows = 360;
constexpr int kGridColumns = 720;
static_assert(kNumGeoCells == size_t{kGridRows} * kGridColumns);
constexpr double kCellsPerDegree = 2;
constexpr double kDegree = std::numbers::pi / 180.0;
// Degrees; more than rounding takes or adds.
constexpr double kMargin = 1e-3;

int RowOf(double latitude) {
  return std::clamp(
      static_cast<int>(std::floor((latitude + 90) * kCellsPerDegree)), 0,
      kGridRows - 1);
}

// Columns go on beyond both ends.
int UnboundedColumnOf(double longitude) {
  return static_cast<int>(std::floor((longitude + 180) * kCellsPerDegree));
}

int Wrapped(int column) {
  return (column % kGridColumns + kGridColumns) % kGridColumns;
}

// How far to the east and to the west a disc reaches, in degrees: where a
// meridian touches it.
double LongitudesOf(double latitude, double radius) {
  if (std::abs(latitude) + radius >= 90) return 180;
  const double sine = std::sin(radius * kDegree) / std::cos(latitude * kDegree);
  return std::asin(std::min(sine, 1.0)) / kDegree;
}

}  // namespace

int32_t CellOf(const GeoPoint& place) {
  if (!place.known()) return -1;
  return RowOf(place.latitude) * kGridColumns +
         Wrapped(UnboundedColumnOf(place.longitude));
}

std::vector<int32_t> CellsAround(const GeoDisc& disc) {
  std::vector<int32_t> cells;
  if (!disc.center.known()) return cells;
  const double radius =
      std::clamp(disc.radius_km / kEarthRadiusKm / kDegree, 0.0, 180.0) +
      kMargin;
  const double latitude = disc.center.latitude;
  const double longitude = disc.center.longitude;
  const double around = LongitudesOf(latitude, radius) + kMargin;
  const int west = UnboundedColumnOf(longitude - around);
  const int east =
      std::min(UnboundedColumnOf(longitude + around), west + kGridColumns - 1);
  const int south = RowOf(latitude - radius);
  const int north = RowOf(latitude + radius);
  cells.reserve(static_cast<size_t>(north - south + 1) *
                static_cast<size_t>(east - west + 1));
  for (int row = south; row <= north; ++row) {
    for (int column = west; column <= east; ++column) {
      cells.push_back(row * kGridColumns + Wrapped(column));
    }
  }
  return cells;
}

}  // namespace usher
