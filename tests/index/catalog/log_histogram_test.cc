#include "index/catalog/log_histogram.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

uint32_t CountBelow(const std::vector<float>& values, float limit) {
  uint32_t count = 0;
  for (const float value : values) count += value < limit;
  return count;
}

// What a set says of numbers.
class Counted {
 public:
  explicit Counted(const std::vector<float>& values) {
    for (const float value : values) histogram_.Add(LogHistogram::BinOf(value));
  }
  uint32_t Below(float value) const {
    return CountOf(histogram_.RanksOfSmall(), value);
  }
  uint32_t Above(float value) const {
    return CountOf(histogram_.RanksOfLarge(), value);
  }

 private:
  static uint32_t CountOf(const LogHistogram::Ranks& ranks, float value) {
    return static_cast<uint32_t>(
        std::lround(std::expm1(ranks[LogHistogram::BinOf(value)])));
  }

  LogHistogram histogram_;
};

TEST(LogHistogramTest, SmallIntegersAreCountedExactly) {
  std::vector<float> values;
  for (int i = 0; i <= 16; ++i) {
    for (int n = 0; n <= i % 4; ++n) values.push_back(static_cast<float>(i));
  }
  const Counted histogram(values);
  for (int i = 0; i <= 16; ++i) {
    const float value = static_cast<float>(i);
    const uint32_t below = CountBelow(values, value);
    const uint32_t at_most = CountBelow(values, value + 0.5f);
    EXPECT_EQ(histogram.Below(value), below) << i;
    EXPECT_EQ(histogram.Above(value), values.size() - at_most) << i;
  }
}

TEST(LogHistogramTest, NumbersMoreThanABinApartAreCountedExactly) {
  std::vector<float> values;
  for (float value = 0x1p-23f; value < 0x1p39f; value *= 1.13f) {
    values.push_back(value);
  }
  const Counted histogram(values);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(histogram.Below(values[i]), i);
    EXPECT_EQ(histogram.Above(values[i]), values.size() - 1 - i);
  }
}

TEST(LogHistogramTest, NeverCountsANumberOnTheWrongSide) {
  Random random(3);
  std::vector<float> values(500);
  for (float& value : values) {
    value = static_cast<float>(std::exp(4 * random.Normal()));
  }
  const Counted histogram(values);
  for (const float value : values) {
    // What is 7 % below is in a lower bin, what is above is in none.
    EXPECT_LE(histogram.Below(value), CountBelow(values, value));
    EXPECT_GE(histogram.Below(value), CountBelow(values, value / 1.07f));
  }
}

TEST(LogHistogramTest, NegativeNumbersCountAsZero) {
  const Counted histogram({-5.0f, 0.0f, 1.0f});
  for (const float zero : {-1.0f, 0.0f}) {
    EXPECT_EQ(histogram.Below(zero), 0);
    EXPECT_EQ(histogram.Above(zero), 1);
  }
  EXPECT_EQ(histogram.Below(1), 2);
}

TEST(LogHistogramTest, WhatIsNoNumberIsNotCounted) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Counted histogram({nan, 1.0f, nan, 2.0f});
  EXPECT_EQ(histogram.Below(1), 0);
  EXPECT_EQ(histogram.Below(4), 2);
  EXPECT_EQ(histogram.Above(0), 2);
}

TEST(LogHistogramTest, TheExtremesShareTheLastBins) {
  const std::vector<float> values = {1e-30f, 1, 1e30f,
                                     std::numeric_limits<float>::infinity()};
  const Counted histogram(values);
  EXPECT_EQ(histogram.Below(0), 0);
  EXPECT_EQ(histogram.Below(1e35f), 2);
  EXPECT_EQ(histogram.Above(1e20f), 0);
  EXPECT_EQ(histogram.Above(1e-35f), 3);
}

TEST(LogHistogramTest, WhatIsTakenOutCountsNoMore) {
  LogHistogram histogram;
  histogram.Add(LogHistogram::BinOf(1));
  histogram.Add(LogHistogram::BinOf(2));
  histogram.Remove(LogHistogram::BinOf(1));
  EXPECT_EQ(histogram.RanksOfSmall()[LogHistogram::BinOf(2)], 0.0f);
  EXPECT_EQ(histogram.RanksOfLarge()[LogHistogram::BinOf(1)], std::log1p(1.0f));
}

TEST(LogHistogramTest, TheRankOfWhatIsNoNumberIsTheMean) {
  LogHistogram histogram;
  EXPECT_EQ(histogram.RanksOfSmall()[LogHistogram::kNoBin], 0.0f);
  for (const float value : {1.0f, 1.0f, 5.0f}) {
    histogram.Add(LogHistogram::BinOf(value));
  }
  EXPECT_FLOAT_EQ(histogram.RanksOfSmall()[LogHistogram::kNoBin],
                  std::log1p(2.0f) / 3);
  EXPECT_FLOAT_EQ(histogram.RanksOfLarge()[LogHistogram::kNoBin],
                  2 * std::log1p(1.0f) / 3);
}

TEST(LogHistogramTest, NothingIsBelowOrAboveInAnEmptyOne) {
  const Counted histogram({});
  EXPECT_EQ(histogram.Below(1), 0);
  EXPECT_EQ(histogram.Above(1), 0);
}

}  // namespace
}  // namespace usher
