#include "index/catalog/geo.h"

#include <cmath>

#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr GeoPoint kParis = {48.8566f, 2.3522f};
constexpr GeoPoint kLondon = {51.5074f, -0.1278f};
constexpr GeoPoint kNewYork = {40.7128f, -74.0060f};
constexpr GeoPoint kSydney = {-33.8688f, 151.2093f};

TEST(GeoTest, CitiesAreAsFarApartAsTheAtlasSays) {
  EXPECT_NEAR(DistanceKm(kParis, kLondon), 343.6, 0.5);
  EXPECT_NEAR(DistanceKm(kLondon, kNewYork), 5570, 2);
  EXPECT_NEAR(DistanceKm(kNewYork, kSydney), 15989, 8);
}

TEST(GeoTest, ADegreeOfLatitudeIsTheSameLengthEverywhere) {
  const double degree = 6371.0088 * std::acos(-1.0) / 180;
  EXPECT_NEAR(DistanceKm({0, 5}, {1, 5}), degree, 1e-3);
  EXPECT_NEAR(DistanceKm({80, 5}, {81, 5}), degree, 1e-3);
}

TEST(GeoTest, TheWayBackIsAsLong) {
  EXPECT_EQ(DistanceKm(kParis, kSydney), DistanceKm(kSydney, kParis));
}

TEST(GeoTest, APlaceIsAtNoDistanceFromItself) {
  EXPECT_EQ(DistanceKm(kSydney, kSydney), 0);
}

TEST(GeoTest, TheAntimeridianIsNoDistance) {
  EXPECT_NEAR(DistanceKm({10, 180}, {10, -180}), 0, 1e-3);
  EXPECT_NEAR(DistanceKm({0, 179.5f}, {0, -179.5f}), 111.195, 0.01);
}

TEST(GeoTest, AntipodesAreHalfACircleApart) {
  EXPECT_NEAR(DistanceKm({90, 0}, {-90, 0}), 6371.0088 * std::acos(-1.0), 0.01);
  EXPECT_NEAR(DistanceKm({12, 34}, {-12, -146}), 6371.0088 * std::acos(-1.0),
              0.5);
}

TEST(GeoTest, ChordsGiveTheDistancesOfHaversines) {
  const GeoPoint places[] = {kParis,          {48.86f, 2.36f}, {0, 179.9f},
                             {0, -179.9f},    {90, 0},         {-90, 12},
                             {-33.9f, 18.4f}, {59.9f, -75}};
  for (const GeoPoint& a : places) {
    for (const GeoPoint& b : places) {
      const double chord = ChordSquared(OnUnitSphere(a), OnUnitSphere(b));
      const float km = DistanceKm(a, b);
      EXPECT_NEAR(KmOfChord(chord), km, 1e-6f * km + 1e-4f);
    }
  }
  EXPECT_FALSE(OnUnitSphere({}).known());
  EXPECT_TRUE(std::isnan(ChordSquared(OnUnitSphere({}), OnUnitSphere(kParis))));
}

TEST(GeoTest, AnUnknownPlaceIsAtNoKnownDistance) {
  EXPECT_TRUE(std::isnan(DistanceKm({}, kParis)));
  EXPECT_TRUE(std::isnan(DistanceKm(kParis, {})));
}

TEST(GeoTest, OnlyDegreesOnTheGlobeAreValid) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(IsValid(kParis));
  EXPECT_TRUE(IsValid({-90, 180}));
  EXPECT_FALSE(IsValid({90.01f, 0}));
  EXPECT_FALSE(IsValid({0, -180.1f}));
  EXPECT_FALSE(IsValid({infinity, 0}));
  EXPECT_FALSE(IsValid({}));
}

TEST(GeoTest, ChordsAndKilometresAreTheSameDistance) {
  for (const double km : {0.0, 0.01, 1.0, 50.0, 1000.0, 15'000.0, 20'015.0}) {
    EXPECT_NEAR(KmOfChord(ChordOfKm(km)), km, 1e-3 + 1e-6 * km);
  }
  EXPECT_DOUBLE_EQ(ChordOfKm(1e9), 4);
}

}  // namespace
}  // namespace usher
