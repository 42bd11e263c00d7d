#include "trainer/algorithms/landmarks.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

LandmarkOptions Count(int count) {
  LandmarkOptions options;
  options.count = count;
  return options;
}

TEST(LandmarksTest, AreTheMiddlesOfClusters) {
  std::vector<GeoPoint> places;
  Random random(1);
  // The second one lies across the date line.
  const GeoPoint middles[] = {{10, 20}, {-40, 180}, {60, -100}};
  for (const GeoPoint& middle : middles) {
    for (int i = 0; i < 100; ++i) {
      const float east = middle.longitude + 0.1f * (random.Uniform() - 0.5f);
      places.push_back(
          {middle.latitude + 0.1f * static_cast<float>(random.Uniform() - 0.5),
           east > 180 ? east - 360 : east});
    }
  }
  const std::vector<Landmark> found = FindLandmarks(places, Count(3));
  ASSERT_THAT(found, SizeIs(3));
  for (const GeoPoint& middle : middles) {
    float nearest = 1e9f;
    for (const Landmark& landmark : found) {
      nearest = std::min(nearest, DistanceKm(middle, landmark.point));
      EXPECT_GT(landmark.radius_km, 1000);
    }
    EXPECT_LT(nearest, 3);
  }
}

TEST(LandmarksTest, AreNoMoreThanThereArePlaces) {
  EXPECT_THAT(FindLandmarks({{1, 1}, {1, 1}, {2, 2}}, Count(16)), SizeIs(2));
  EXPECT_THAT(FindLandmarks({{}, {}}, Count(16)), IsEmpty());
  EXPECT_THAT(FindLandmarks({}, Count(16)), IsEmpty());
}

TEST(LandmarksTest, MakePlaceFeatures) {
  EXPECT_TRUE(
      PlaceFeatures::Create(FindLandmarks({{1, 1}, {2, 2}}, Count(4))).ok());
  EXPECT_TRUE(PlaceFeatures::Create(FindLandmarks({{1, 1}}, Count(4))).ok());
}

}  // namespace
}  // namespace usher
