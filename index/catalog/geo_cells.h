// A grid over the earth, to look for places without looking at all of them.
#ifndef USHER_INDEX_CATALOG_GEO_CELLS_H_
#define USHER_INDEX_CATALOG_GEO_CELLS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/catalog/geo.h"

namespace usher {

// Cells are half a degree wide and high, and numbered from 0.
inline constexpr size_t kNumGeoCells = size_t{360} * 720;

// -1 for a place that is not known.
int32_t CellOf(const GeoPoint& place);

// A disc on the sphere.
struct GeoDisc {
  GeoPoint center;
  double radius_km = 0;
};

// Every cell with a place in the disc, once each, and some around it. None when
// the centre is unknown.
std::vector<int32_t> CellsAround(const GeoDisc& disc);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_GEO_CELLS_H_
