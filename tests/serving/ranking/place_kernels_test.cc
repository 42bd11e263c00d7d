#include "serving/ranking/place_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/catalog/geo.h"

namespace usher {
namespace {

constexpr size_t kPlaces = 9 * kPlaceLanes;

// Around a city, and one of it nowhere.
class PlaceKernelsTest : public ::testing::Test {
 protected:
  PlaceKernelsTest() {
    Random random(3);
    for (size_t i = 0; i < kPlaces; ++i) {
      const UnitVector place =
          OnUnitSphere({static_cast<float>(48 + 0.1 * random.Normal()),
                        static_cast<float>(11 + 0.1 * random.Normal())});
      x_.push_back(place.x);
      y_.push_back(place.y);
      z_.push_back(place.z);
    }
  }

  PlaceColumns Columns() const {
    return {x_.data(), y_.data(), z_.data(), kPlaces};
  }
  double Chord(size_t i) const {
    return ChordSquared({x_[i], y_[i], z_[i]}, center_);
  }
  PlaceOfOne From() const { return {center_.x, center_.y, center_.z}; }

  std::vector<const PlaceKernels*> Kernels() const {
    std::vector<const PlaceKernels*> kernels;
    for (int s = 0; s <= static_cast<int>(ActiveInstructionSet()); ++s) {
      kernels.push_back(&PlaceKernelsFor(static_cast<InstructionSet>(s)));
    }
    return kernels;
  }

  std::vector<double> x_, y_, z_;
  const UnitVector center_ = OnUnitSphere({48, 11});
};

TEST_F(PlaceKernelsTest, DensityIsTheSumOverAllPlaces) {
  constexpr double kScale = 1e6;
  double expected = 0;
  for (size_t i = 0; i < kPlaces; ++i) expected += std::exp(-kScale * Chord(i));
  ASSERT_GT(expected, 1);
  for (const PlaceKernels* kernels : Kernels()) {
    EXPECT_NEAR(kernels->density(Columns(), From(), kScale), expected,
                1e-5 * expected);
  }
}

TEST_F(PlaceKernelsTest, WhatFillsUpIsTooFarToCount) {
  std::fill(x_.begin(), x_.end(), 1e3);
  for (const PlaceKernels* kernels : Kernels()) {
    EXPECT_EQ(kernels->density(Columns(), From(), 1), 0);
    EXPECT_EQ(kernels->density({x_.data(), x_.data(), x_.data(), 0}, From(), 1),
              0);
  }
}

TEST_F(PlaceKernelsTest, LogDistancesAreThoseOfStraightLines) {
  x_[7] = std::numeric_limits<double>::quiet_NaN();
  for (const PlaceKernels* kernels : Kernels()) {
    std::vector<float> logs(kPlaces);
    kernels->log_distances(Columns(), From(), kEarthRadiusKm, logs.data());
    for (size_t i = 0; i < kPlaces; ++i) {
      if (i == 7) {
        EXPECT_TRUE(std::isnan(logs[i]));
      } else {
        EXPECT_NEAR(logs[i], std::log1p(kEarthRadiusKm * std::sqrt(Chord(i))),
                    1e-5);
      }
    }
  }
}

TEST_F(PlaceKernelsTest, AllSetsGiveTheSameBits) {
  std::vector<float> portable(kPlaces), logs(kPlaces);
  kPortablePlaceKernels.log_distances(Columns(), From(), kEarthRadiusKm,
                                      portable.data());
  for (const PlaceKernels* kernels : Kernels()) {
    EXPECT_EQ(kernels->density(Columns(), From(), 2e6),
              kPortablePlaceKernels.density(Columns(), From(), 2e6));
    kernels->log_distances(Columns(), From(), kEarthRadiusKm, logs.data());
    EXPECT_EQ(logs, portable);
  }
}

}  // namespace
}  // namespace usher
