#include "serving/experiments/ratio_metric.h"

#include <cmath>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

RatioSums SumsOf(const std::vector<std::pair<double, double>>& users) {
  RatioSums sums;
  for (const auto& [x, y] : users) sums.AddUser(x, y);
  return sums;
}

TEST(RatioSumsTest, TheVarianceIsTheDeltaMethodsFormula) {
  const std::vector<std::pair<double, double>> users = {
      {1, 10}, {0, 3}, {4, 20}, {2, 5}, {0, 1}};
  double mean_x = 0, mean_y = 0;
  for (const auto& [x, y] : users) {
    mean_x += x / 5;
    mean_y += y / 5;
  }
  double xx = 0, xy = 0, yy = 0;
  for (const auto& [x, y] : users) {
    xx += (x - mean_x) * (x - mean_x) / 4;
    xy += (x - mean_x) * (y - mean_y) / 4;
    yy += (y - mean_y) * (y - mean_y) / 4;
  }
  const double r = mean_x / mean_y;
  const RatioSums sums = SumsOf(users);
  EXPECT_DOUBLE_EQ(sums.Ratio(), r);
  EXPECT_NEAR(*sums.Variance(),
              (xx - 2 * r * xy + r * r * yy) / (5 * mean_y * mean_y), 1e-15);
}

TEST(RatioSumsTest, WithOneExposureAUserItIsTheVarianceOfAMean) {
  RatioSums sums;
  for (int i = 0; i < 1000; ++i) sums.AddUser(i % 4 == 0 ? 1 : 0, 1);
  // p (1 - p) / (n - 1).
  EXPECT_NEAR(*sums.Variance(), 0.25 * 0.75 / 999, 1e-15);
}

TEST(RatioSumsTest, ExposuresOfOneUserAreNotIndependent) {
  // Who clicks clicks everything: ten exposures a user say as much as one.
  RatioSums once;
  RatioSums tenfold;
  for (int i = 0; i < 1000; ++i) {
    const double clicks = i % 5 == 0 ? 1 : 0;
    once.AddUser(clicks, 1);
    tenfold.AddUser(10 * clicks, 10);
  }
  EXPECT_NEAR(*tenfold.Variance(), *once.Variance(), 1e-15);
}

TEST(RatioSumsTest, BelowTwoUsersNothingIsKnown) {
  EXPECT_FALSE(RatioSums().Variance().has_value());
  EXPECT_FALSE(SumsOf({{1, 3}}).Variance().has_value());
  const Estimate rate = RateOf(SumsOf({{1, 4}}));
  EXPECT_EQ(rate.value, 0.25);
  EXPECT_EQ(rate.lower, 0);
  EXPECT_EQ(rate.upper, 1);
  const Estimate difference =
      DifferenceOf(SumsOf({{1, 4}, {2, 4}}), RatioSums());
  EXPECT_EQ(difference.lower, -1);
  EXPECT_EQ(difference.upper, 1);
}

TEST(RatioSumsTest, ARateStaysWithinItsBounds) {
  const Estimate rate = RateOf(SumsOf({{0, 5}, {1, 5}, {0, 5}}));
  EXPECT_EQ(rate.lower, 0);
  EXPECT_GT(rate.upper, rate.value);
  EXPECT_LT(rate.upper, 1);
}

TEST(RatioSumsTest, VariancesOfADifferenceAddUp) {
  const RatioSums a = SumsOf({{1, 10}, {0, 3}, {4, 20}, {2, 5}});
  const RatioSums b = SumsOf({{3, 10}, {1, 3}, {4, 25}, {2, 9}});
  const Estimate difference = DifferenceOf(b, a);
  EXPECT_DOUBLE_EQ(difference.value, b.Ratio() - a.Ratio());
  EXPECT_NEAR(difference.upper - difference.lower,
              2 * 1.959963984540054 * std::sqrt(*a.Variance() + *b.Variance()),
              1e-12);
}

// What the interval promises, against simulated truth.
TEST(RatioSumsTest, TheIntervalCoversTheTruthIn95OfAHundredRuns) {
  Random random(7);
  constexpr int kRuns = 2000;
  constexpr int kUsers = 500;
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    RatioSums sums;
    for (int u = 0; u < kUsers; ++u) {
      // E(x) = 0.3 E(y): the truth is 0.3.
      const double y = 1 + static_cast<double>(random.Below(20));
      const double rate = random.Uniform() < 0.5 ? 0.1 : 0.5;
      double x = 0;
      for (int i = 0; i < y; ++i) x += random.Uniform() < rate ? 1 : 0;
      sums.AddUser(x, y);
    }
    const Estimate rate = RateOf(sums);
    covered += rate.lower <= 0.3 && 0.3 <= rate.upper ? 1 : 0;
  }
  EXPECT_NEAR(covered / static_cast<double>(kRuns), 0.95, 0.015);
}

}  // namespace
}  // namespace usher
