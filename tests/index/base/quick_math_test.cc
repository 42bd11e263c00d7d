#include "index/base/quick_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "gtest/gtest.h"

namespace usher {
namespace {

// How many units in the last place of the float next to it.
double UnitsApart(float got, double exact) {
  const int exponent = std::ilogb(static_cast<float>(exact));
  return std::abs(got - exact) / std::ldexp(1.0, exponent - 23);
}

// Some of all magnitudes.
template <class Look>
void ForFloatsUpTo(float most, Look look) {
  constexpr uint32_t kStep = 4'999;
  constexpr uint32_t kSmallest = 0x01000000;  // 2^-125.
  const uint32_t end = std::bit_cast<uint32_t>(most);
  for (uint32_t bits = kSmallest; bits <= end; bits += kStep) {
    look(std::bit_cast<float>(bits));
  }
}

TEST(QuickLog1pTest, IsGoodToAUnitInTheLastPlace) {
  double worst = 0;
  ForFloatsUpTo(1e30f, [&](float x) {
    worst = std::max(worst, UnitsApart(QuickLog1p(x), std::log1p(double{x})));
  });
  EXPECT_LT(worst, 1);
  EXPECT_EQ(QuickLog1p(0), 0);
}

TEST(QuickExpOfMinusTest, IsGoodToAUnitInTheLastPlace) {
  double worst = 0;
  ForFloatsUpTo(87, [&](float x) {
    worst =
        std::max(worst, UnitsApart(QuickExpOfMinus(x), std::exp(-double{x})));
  });
  EXPECT_LT(worst, 1);
  EXPECT_EQ(QuickExpOfMinus(0), 1);
  for (const float x : {88.0f, 1e3f, 1e30f}) EXPECT_EQ(QuickExpOfMinus(x), 0);
}

TEST(QuickMathTest, GivesTheSameBitsInALoopAndAlone) {
  constexpr size_t kMany = 1000;
  std::array<float, kMany> x, logs, powers;
  for (size_t i = 0; i < kMany; ++i) {
    x[i] = static_cast<float>(i * i) * 0.0173f;
  }
  for (size_t i = 0; i < kMany; ++i) logs[i] = QuickLog1p(x[i]);
  for (size_t i = 0; i < kMany; ++i) powers[i] = QuickExpOfMinus(x[i]);
  for (size_t i = 0; i < kMany; ++i) {
    volatile float alone = x[i];
    EXPECT_EQ(logs[i], QuickLog1p(alone));
    EXPECT_EQ(powers[i], QuickExpOfMinus(alone));
  }
}

}  // namespace
}  // namespace usher
