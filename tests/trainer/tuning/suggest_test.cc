#include "trainer/tuning/suggest.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr double kTop[] = {0.7, 0.2, 0.5, 0.9, 0.35, 0.6};

// Best, 0, at kTop.
double Value(const UnitPoint& x) {
  double value = 0;
  for (size_t d = 0; d < x.size(); ++d) value -= std::pow(x[d] - kTop[d], 2);
  return value;
}

std::vector<SeenPoint> Search(size_t trials, size_t random, uint64_t seed) {
  std::vector<SeenPoint> seen;
  while (seen.size() < trials) {
    UnitPoint point =
        SuggestPoint(seen, UnitPoint(std::size(kTop), 0.1), random, seed);
    const double value = Value(point);
    seen.push_back({std::move(point), value});
  }
  return seen;
}

double Best(const std::vector<SeenPoint>& seen) {
  double best = -10;
  for (const SeenPoint& point : seen) best = std::max(best, point.value);
  return best;
}

TEST(SuggestTest, PointsLieInTheUnitCubeAndDiffer) {
  const std::vector<SeenPoint> seen = Search(40, 10, 1);
  for (size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i].point.size(), std::size(kTop));
    for (const double x : seen[i].point) {
      EXPECT_GE(x, 0);
      EXPECT_LE(x, 1);
    }
    for (size_t j = 0; j < i; ++j) EXPECT_NE(seen[i].point, seen[j].point);
  }
}

TEST(SuggestTest, WhatWasSeenLeadsToTheBest) {
  int better = 0;
  double mean = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<SeenPoint> seen = Search(60, 10, seed);
    better += Best(seen) > Best(Search(60, 60, seed));
    for (size_t i = 50; i < 60; ++i) mean += seen[i].value / 200;
  }
  EXPECT_GE(better, 15);
  // Of points around the start it is -1.1.
  EXPECT_GT(mean, -0.25);
}

TEST(SuggestTest, EqualHistoriesGiveEqualPoints) {
  std::vector<SeenPoint> seen = Search(20, 5, 3);
  EXPECT_EQ(SuggestPoint(seen, UnitPoint(6, 0.5), 5, 3),
            SuggestPoint(seen, UnitPoint(6, 0.5), 5, 3));
  EXPECT_NE(SuggestPoint(seen, UnitPoint(6, 0.5), 5, 3),
            SuggestPoint(seen, UnitPoint(6, 0.5), 5, 4));
}

TEST(SuggestTest, OnePointIsEnoughToGoOn) {
  EXPECT_EQ(SuggestPoint({}, {0.1, 0.2}, 0, 1).size(), 2);
  EXPECT_EQ(Search(2, 1, 1).size(), 2);
}

}  // namespace
}  // namespace usher
