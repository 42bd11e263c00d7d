#include "index/base/hash.h"

#include <cmath>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace usher {
namespace {

// From the XXH3 reference: the hash of no bytes with seed 0.
TEST(Hash64Test, IsXxh3) { EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u); }

TEST(Hash64Test, DependsOnEveryByteAndOnTheSeed) {
  EXPECT_EQ(Hash64("user-1", 7), Hash64("user-1", 7));
  EXPECT_NE(Hash64("user-1", 7), Hash64("user-2", 7));
  EXPECT_NE(Hash64("user-1", 7), Hash64("user-1", 8));
  EXPECT_NE(Hash64(absl::string_view("a\0", 2)), Hash64("a"));
}

// splitmix64 seeded with 1234567: the first numbers of the reference program
// (Vigna, https://prng.di.unimi.it/splitmix64.c).
TEST(RandomTest, IsSplitmix64) {
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(Mix64Test, DoesNotCollideOnSmallNumbers) {
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 10'000; ++i) seen.insert(Mix64(i));
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(RandomTest, EqualSeedsGiveEqualStreams) {
  Random a(3), b(3), c(4);
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_EQ(a.Normal(), b.Normal());
  EXPECT_NE(a.Next(), c.Next());
}

TEST(RandomTest, BelowCoversItsRangeEvenly) {
  constexpr int kDraws = 100'000;
  Random random(1);
  std::vector<int> count(10, 0);
  for (int i = 0; i < kDraws; ++i) ++count.at(random.Below(10));
  double chi_square = 0;
  for (const int c : count) chi_square += (c - 1e4) * (c - 1e4) / 1e4;
  EXPECT_LT(chi_square, 27.9);  // The .999 quantile at 9 degrees of freedom.
}

TEST(RandomTest, BelowOneIsZero) {
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, UniformStaysInItsIntervalWithMeanOneHalf) {
  constexpr int kDraws = 100'000;
  Random random(2);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  // Four standard errors: 4 / sqrt(12 n).
  EXPECT_NEAR(sum / kDraws, 0.5, 4 / std::sqrt(12.0 * kDraws));
}

TEST(RandomTest, NormalHasMeanZeroAndVarianceOne) {
  constexpr int kDraws = 100'000;
  Random random(3);
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0, 4 * std::sqrt(2.0 / kDraws));
}

}  // namespace
}  // namespace usher
