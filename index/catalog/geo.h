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

inline constexpr double kEarthRadiusKm = 6371.0088;

// True when both degrees are finite and in range.
bool IsValid(const GeoPoint& point);

// Great-circle distance by the haversine formula on a sphere of radius
// kEarthRadiusKm. NaN when either point is unknown.
float DistanceKm(const GeoPoint& a, const GeoPoint& b);

// A place as a point of the unit sphere, NaN when unknown: with it, comparing
// many distances takes no trigonometry, and no meridian is a border. Doubles,
// so that a metre is not lost.
struct UnitVector {
  double x = std::numeric_limits<double>::quiet_NaN();
  double y = std::numeric_limits<double>::quiet_NaN();
  double z = std::numeric_limits<double>::quiet_NaN();

  bool known() const { return !std::isnan(x); }
};

UnitVector OnUnitSphere(const GeoPoint& point);

// The squared length of the straight line between two points, in squares of
// the earth's radius. It grows with the distance; over a few kilometres it is
// the distance's square to a millionth. NaN when either is unknown.
inline double ChordSquared(const UnitVector& a, const UnitVector& b) {
  const double x = a.x - b.x;
  const double y = a.y - b.y;
  const double z = a.z - b.z;
  return x * x + y * y + z * z;
}

// The ChordSquared() of a great-circle distance.
double ChordOfKm(double km);

// The great-circle distance that belongs to a ChordSquared().
float KmOfChord(double chord_squared);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_GEO_H_
