#include "index/vector/best_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// Of few different scores, so that many are equal.
std::vector<ScoredRow> RandomRows(size_t count, uint64_t seed) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kScores[] = {-kInfinity, -2.5f, -1e-30f, 0.0f,
                               1e-30f,     1.0f,  3.0f,    kInfinity};
  Random random(seed);
  std::vector<ScoredRow> rows;
  for (size_t i = 0; i < count; ++i) {
    rows.push_back({static_cast<int32_t>(i), kScores[random.Below(8)]});
  }
  for (size_t i = count; i > 1; --i) {
    std::swap(rows[i - 1], rows[random.Below(i)]);
  }
  return rows;
}

TEST(BestRowsTest, RowsAreSortedByScoreAndThenByRow) {
  for (const size_t count : {0, 1, 2, 3, 4, 5, 8, 63, 300, 1000}) {
    std::vector<ScoredRow> rows = RandomRows(count, count);
    std::vector<ScoredRow> expected = rows;
    std::sort(expected.begin(), expected.end(), IsBetter);
    SortBest(rows);
    EXPECT_EQ(rows, expected) << count;
  }
}

// Scores of any finite bits, which every digit of them tells apart.
TEST(BestRowsTest, EveryBitOfAScoreCounts) {
  Random random(11);
  for (const size_t count : {23, 24, 25, 26, 300}) {
    std::vector<ScoredRow> rows;
    while (rows.size() < count) {
      const float score = std::bit_cast<float>(
          static_cast<uint32_t>(random.Below(uint64_t{1} << 32)));
      if (!std::isfinite(score)) continue;
      rows.push_back({static_cast<int32_t>(rows.size()), score});
    }
    // The nearest neighbour of each fifth differs in the last bit only.
    for (size_t i = 4; i < count; i += 5) {
      rows[i].score = std::nextafter(rows[i - 1].score, 0.0f);
    }
    std::vector<ScoredRow> expected = rows;
    std::sort(expected.begin(), expected.end(), IsBetter);
    SortBest(rows);
    EXPECT_EQ(rows, expected) << count;
  }
}

TEST(BestRowsTest, EqualScoresAreSortedByRow) {
  std::vector<ScoredRow> rows, expected;
  for (int32_t row = 0; row < 100; ++row) {
    rows.push_back({99 - row, 2.5f});
    expected.push_back({row, 2.5f});
  }
  SortBest(rows);
  EXPECT_EQ(rows, expected);
}

TEST(BestRowsTest, MinusZeroIsNoWorseThanZero) {
  std::vector<ScoredRow> rows = {{2, 0.0f}, {1, -0.0f}, {3, -1}};
  SortBest(rows);
  EXPECT_EQ(rows, (std::vector<ScoredRow>{{1, 0.0f}, {2, 0.0f}, {3, -1}}));
}

TEST(BestRowsTest, TheBestAreKeptAndTheLastScoreIsTold) {
  for (const size_t count : {1, 2, 5, 30, 400}) {
    for (const size_t k : {size_t{1}, count / 2 + 1, count}) {
      std::vector<ScoredRow> rows = RandomRows(count, 7 * count);
      std::vector<ScoredRow> expected = rows;
      std::sort(expected.begin(), expected.end(), IsBetter);
      expected.resize(k);
      EXPECT_EQ(KeepBest(k, rows), expected.back().score);
      SortBest(rows);
      EXPECT_EQ(rows, expected) << count << " " << k;
    }
  }
}

TEST(BestRowsTest, TheKthLargestIsThatOfASort) {
  Random random(3);
  std::vector<float> scratch;
  for (const size_t count : {1, 7, 24, 25, 200, 3000}) {
    std::vector<float> sorted;
    for (size_t i = 0; i < count; ++i) {
      sorted.push_back(static_cast<float>(random.Below(count)) - 5);
    }
    std::vector<float> values = sorted;
    std::sort(sorted.begin(), sorted.end(), std::greater<float>());
    for (const size_t k : {size_t{1}, count / 3 + 1, count}) {
      std::vector<float> destroyed = values;
      EXPECT_EQ(KthLargest(k, destroyed, scratch), sorted[k - 1]);
    }
  }
}

}  // namespace
}  // namespace usher
