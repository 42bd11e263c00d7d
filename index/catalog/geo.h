// Places on the earth.
#ifndef USHER_INDEX_CATALOG_GEO_H_
#define USHER_INDEX_CATALOG_GEO_H_

#include <cmath>
#include <limits>

namespace usher {

// Degrees, WGS 84; latitude in [-90, 90], longitude in [-180, 180]. NaN in both
// means "unknown".
struct GeoPoint {
  float latitude = std::numeric_limits<float>::quiet_NaN();
  float longitude = std::numeric_limits<float>::quiet_NaN();

  bool known() const { return !std::isnan(latitude) && !std::isnan(longitude); }
};

// True when both degrees are finite and in range.
bool IsValid(const GeoPoint& point);

// Great-circle distance by the haversine formula on a sphere of radius
// 6371.0088 km. NaN when either point is unknown.
float DistanceKm(const GeoPoint& a, const GeoPoint& b);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_GEO_H_
