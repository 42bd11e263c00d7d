#include "index/model/ridge_map.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/model/place_features.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

RidgeMap TwoByOne() {
  Factors weights(3, 1);
  weights.mutable_data()[0] = 2;
  weights.mutable_data()[1] = -1;
  weights.mutable_data()[2] = 0.5f;
  return RidgeMap(weights);
}

TEST(RidgeMapTest, AppliesWeightsAndBias) {
  EXPECT_THAT(TwoByOne().Apply({3, 4}), ElementsAre(2.5f));
  EXPECT_THAT(TwoByOne().Apply({0, 0}), ElementsAre(0.5f));
  EXPECT_TRUE(RidgeMap().empty());
}

TEST(RidgeMapTest, SurvivesSaveAndLoadAndNoTruncation) {
  auto bytes = std::make_shared<std::string>(TwoByOne().Serialize());
  const absl::StatusOr<RidgeMap> loaded = RidgeMap::FromBytes(*bytes, bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Serialize(), *bytes);
  EXPECT_THAT(loaded->Apply({3, 4}), ElementsAre(2.5f));
  for (size_t size = 0; size < bytes->size(); ++size) {
    EXPECT_EQ(
        RidgeMap::FromBytes(bytes->substr(0, size), bytes).status().code(),
        absl::StatusCode::kDataLoss);
  }
}

constexpr GeoPoint kHere{47.0f, 8.0f};
constexpr GeoPoint kOneDegreeNorth{48.0f, 8.0f};  // 111.195 km.

TEST(PlaceFeaturesTest, FallWithTheSquareOfTheDistance) {
  const absl::StatusOr<PlaceFeatures> places =
      PlaceFeatures::Create({{kHere, 111.195f}, {kOneDegreeNorth, 55.5975f}});
  ASSERT_TRUE(places.ok());
  EXPECT_THAT(places->Apply(kHere),
              ElementsAre(1.0f, FloatNear(std::exp(-2.0f), 1e-4)));
}

TEST(PlaceFeaturesTest, OfAMissingPlaceAreZeros) {
  const absl::StatusOr<PlaceFeatures> places =
      PlaceFeatures::Create({{kHere, 1.0f}});
  EXPECT_THAT(places->Apply(GeoPoint()), ElementsAre(0.0f));
}

TEST(PlaceFeaturesTest, SurviveSaveAndLoadAndNoTruncation) {
  const std::string bytes =
      PlaceFeatures::Create({{kHere, 3.0f}, {kOneDegreeNorth, 2.0f}})
          ->Serialize();
  const absl::StatusOr<PlaceFeatures> loaded =
      PlaceFeatures::FromBytes(bytes, nullptr);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->Serialize(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(PlaceFeatures::FromBytes(bytes.substr(0, size), nullptr)
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(PlaceFeaturesTest, RefuseALandmarkWithoutRadius) {
  EXPECT_EQ(PlaceFeatures::Create({{kHere, 0.0f}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace usher
