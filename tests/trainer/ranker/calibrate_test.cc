#include "trainer/ranker/calibrate.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

TEST(CalibrateTest, TheCurveThatMadeTheOutcomesIsFound) {
  Random random(1);
  std::vector<ScoredOutcome> outcomes;
  for (int i = 0; i < 200000; ++i) {
    const float score = static_cast<float>(random.Below(10000)) / 1000 + 100;
    const double p = 1 / (1 + std::exp(-(0.8 * (score - 100) - 5)));
    outcomes.push_back(
        {score, static_cast<double>(random.Below(1000000)) < p * 1000000});
  }
  const std::optional<Calibration> curve = Calibrate(outcomes);
  ASSERT_TRUE(curve.has_value());
  EXPECT_NEAR(curve->slope, 0.8, 0.02);
  EXPECT_NEAR(curve->Probability(105), 1 / (1 + std::exp(1.0)), 0.01);
}

TEST(CalibrateTest, PerfectScoresStillGiveNoCertainty) {
  std::vector<ScoredOutcome> outcomes;
  for (int i = 0; i < 100; ++i) {
    outcomes.push_back({static_cast<float>(i), i >= 50});
  }
  const std::optional<Calibration> curve = Calibrate(outcomes);
  ASSERT_TRUE(curve.has_value());
  EXPECT_GT(curve->Probability(99), 0.9f);
  EXPECT_LT(curve->Probability(0), 0.1f);
}

TEST(CalibrateTest, WhatSaysNothingIsNoCurve) {
  EXPECT_FALSE(Calibrate({}).has_value());
  const std::vector<ScoredOutcome> all = {{1, true}, {2, true}};
  EXPECT_FALSE(Calibrate(all).has_value());
  const std::vector<ScoredOutcome> upside_down = {
      {1, true}, {2, true}, {3, false}, {4, false}};
  EXPECT_FALSE(Calibrate(upside_down).has_value());
  const std::vector<ScoredOutcome> flat = {{1, true}, {1, false}};
  EXPECT_FALSE(Calibrate(flat).has_value());
}

}  // namespace
}  // namespace usher
