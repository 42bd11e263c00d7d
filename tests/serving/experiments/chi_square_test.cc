#include "serving/experiments/chi_square.h"

#include <cmath>

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(ChiSquareTailTest, IsThatOfPrintedTables) {
  // Upper 5 % and 0.1 % points (Abramowitz and Stegun 1964, table 26.8).
  EXPECT_NEAR(ChiSquareTail(3.841459, 1), 0.05, 3e-8);
  EXPECT_NEAR(ChiSquareTail(5.991465, 2), 0.05, 3e-8);
  EXPECT_NEAR(ChiSquareTail(7.814728, 3), 0.05, 3e-8);
  EXPECT_NEAR(ChiSquareTail(18.307038, 10), 0.05, 3e-8);
  EXPECT_NEAR(ChiSquareTail(30.143527, 19), 0.05, 3e-8);
  EXPECT_NEAR(ChiSquareTail(10.827566, 1), 0.001, 1e-9);
  EXPECT_NEAR(ChiSquareTail(13.815511, 2), 0.001, 1e-9);
  EXPECT_NEAR(ChiSquareTail(16.266236, 3), 0.001, 1e-9);
}

TEST(ChiSquareTailTest, HasItsClosedFormsAtOneTwoAndFourDegrees) {
  for (const double x : {0.0, 0.1, 1.0, 7.5, 60.0, 500.0}) {
    EXPECT_DOUBLE_EQ(ChiSquareTail(x, 1), std::erfc(std::sqrt(x / 2)));
    EXPECT_DOUBLE_EQ(ChiSquareTail(x, 2), std::exp(-x / 2));
    EXPECT_DOUBLE_EQ(ChiSquareTail(x, 4), std::exp(-x / 2) * (1 + x / 2));
  }
}

// The tail is the integral of the density, here by Simpson's rule.
TEST(ChiSquareTailTest, IsTheIntegralOfTheDensity) {
  for (int degrees = 3; degrees <= 19; ++degrees) {
    const double from = degrees + 4.0;
    const auto density = [&](double x) {
      return std::exp((degrees / 2.0 - 1) * std::log(x) - x / 2 -
                      degrees / 2.0 * std::log(2.0) -
                      std::lgamma(degrees / 2.0));
    };
    constexpr int kSteps = 20'000;
    constexpr double kReach = 300;
    const double step = kReach / kSteps;
    double sum = density(from) + density(from + kReach);
    for (int i = 1; i < kSteps; ++i) {
      sum += density(from + i * step) * (i % 2 == 1 ? 4 : 2);
    }
    EXPECT_NEAR(ChiSquareTail(from, degrees), sum * step / 3, 1e-10) << degrees;
  }
}

TEST(SampleRatioTest, A51To49SplitOf100000UsersIsNoChanceAndAFairOneIs) {
  // (1000^2 / 50,000) * 2 = 40 at one degree of freedom: 2.5e-10.
  EXPECT_NEAR(SampleRatioPValue({51'000, 49'000}, {1, 1}), 2.54e-10, 1e-12);
  EXPECT_LT(SampleRatioPValue({51'000, 49'000}, {1, 1}), kSampleRatioAlarm);
  EXPECT_EQ(SampleRatioPValue({50'000, 50'000}, {1, 1}), 1);
  EXPECT_GT(SampleRatioPValue({50'150, 49'850}, {1, 1}), 0.3);
}

TEST(SampleRatioTest, WeightsAreWhatIsExpected) {
  EXPECT_EQ(SampleRatioPValue({9'000, 1'000}, {9, 1}), 1);
  EXPECT_EQ(SampleRatioPValue({100, 200, 300}, {0.1, 0.2, 0.3}), 1);
  EXPECT_LT(SampleRatioPValue({5'000, 5'000}, {9, 1}), 1e-100);
  EXPECT_LT(SampleRatioPValue({1'000, 0}, {1, 1}), 1e-100);
}

TEST(SampleRatioTest, NobodyIsNoMismatch) {
  EXPECT_EQ(SampleRatioPValue({0, 0}, {1, 1}), 1);
}

}  // namespace
}  // namespace usher
