#include "index/catalog/geo_cells.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

GeoPoint Anywhere(Random& random) {
  return {static_cast<float>(random.Uniform() * 180 - 90),
          static_cast<float>(random.Uniform() * 360 - 180)};
}

GeoPoint Near(Random& random, const GeoPoint& place, double degrees) {
  const auto off = [&] { return (random.Uniform() * 2 - 1) * degrees; };
  double longitude = place.longitude + off();
  if (longitude > 180) longitude -= 360;
  if (longitude < -180) longitude += 360;
  return {static_cast<float>(std::clamp(place.latitude + off(), -90.0, 90.0)),
          static_cast<float>(longitude)};
}

TEST(GeoCellsTest, EveryPlaceOfADiscIsInOneOfItsCells) {
  Random random(1);
  int inside = 0;
  for (int i = 0; i < 1000; ++i) {
    GeoPoint center = Anywhere(random);
    if (i % 5 == 0) center.longitude = i % 2 == 0 ? 179.99f : -180;
    if (i % 7 == 0) center.latitude = i % 2 == 0 ? 89.8f : -90;
    const double km = std::pow(10, random.Uniform() * 4.3);
    const std::vector<int32_t> cells = CellsAround({center, km});
    std::vector<bool> found(kNumGeoCells);
    for (const int32_t cell : cells) {
      ASSERT_GE(cell, 0);
      ASSERT_LT(static_cast<size_t>(cell), kNumGeoCells);
      ASSERT_FALSE(found[static_cast<size_t>(cell)]);
      found[static_cast<size_t>(cell)] = true;
    }
    for (int n = 0; n < 60; ++n) {
      const GeoPoint place =
          n % 2 == 0 ? Near(random, center, 1.5 * km / 111) : Anywhere(random);
      if (DistanceKm(center, place) > km) continue;
      ++inside;
      ASSERT_TRUE(found[static_cast<size_t>(CellOf(place))])
          << center.latitude << " " << center.longitude << " " << km << " km, "
          << place.latitude << " " << place.longitude;
    }
  }
  EXPECT_GT(inside, 10'000);
}

TEST(GeoCellsTest, ACityIsInAFewCells) {
  EXPECT_LE(CellsAround({{37.77f, -122.42f}, 50}).size(), 16u);
  EXPECT_EQ(CellsAround({{37.77f, -122.42f}, 0}).size(), 1u);
}

TEST(GeoCellsTest, TheWholeEarthIsAllCells) {
  EXPECT_EQ(CellsAround({{10, 20}, 30'000}).size(), kNumGeoCells);
}

TEST(GeoCellsTest, WhatIsUnknownIsNowhere) {
  EXPECT_EQ(CellOf({}), -1);
  EXPECT_TRUE(CellsAround({{}, 10}).empty());
}

}  // namespace
}  // namespace usher
