#include "trainer/evaluation/scores.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

TEST(ScoresTest, AllFiguresOfAListAreThoseOfTheirDefinitions) {
  // Right at places 1 and 3 of 4; three could have been found.
  const ListScores scores = ScoreHits({true, false, true, false}, 3, 4);
  EXPECT_EQ(scores.hit_rate, 1);
  EXPECT_DOUBLE_EQ(scores.precision, 2.0 / 4);
  EXPECT_DOUBLE_EQ(scores.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.recall_of_all, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.f1, 2 * (0.5 * 2 / 3) / (0.5 + 2.0 / 3));
  EXPECT_DOUBLE_EQ(scores.map, (1.0 + 2.0 / 3) / 3);
  EXPECT_EQ(scores.mrr, 1);
  EXPECT_DOUBLE_EQ(scores.ndcg, (1 + 1 / std::log2(4)) /
                                    (1 + 1 / std::log2(3) + 1 / std::log2(4)));
}

TEST(ScoresTest, OfMoreThanFitsRecallIsOfWhatFitsOrOfAll) {
  const ListScores scores = ScoreHits({true, false}, 5, 2);
  EXPECT_DOUBLE_EQ(scores.recall, 1.0 / 2);
  EXPECT_DOUBLE_EQ(scores.recall_of_all, 1.0 / 5);
  MeanScores mean;
  mean.Add(0, scores);
  mean.Add(0, ScoreHits({false, false}, 1, 2));
  EXPECT_DOUBLE_EQ(mean.Mean().recall_of_all, 1.0 / 10);
}

TEST(ScoresTest, NothingFoundIsZeroAndAllFoundIsOne) {
  const ListScores none = ScoreHits({false, false}, 1, 2);
  EXPECT_EQ(none.f1 + none.map + none.precision + none.ndcg, 0);
  const ListScores all = ScoreHits({true, true}, 2, 2);
  EXPECT_DOUBLE_EQ(all.f1, 1);
  EXPECT_DOUBLE_EQ(all.map, 1);
  EXPECT_DOUBLE_EQ(all.ndcg, 1);
}

// Many users; `gain` is added to every score.
MeanScores Scores(double gain, uint64_t seed) {
  Random random(seed);
  MeanScores scores;
  for (int i = 0; i < 600; ++i) {
    ListScores list;
    list.ndcg = 0.3 + 0.2 * random.Uniform() + gain;
    scores.Add(i % 200, list);
  }
  return scores;
}

TEST(ScoresTest, TheSameListsDifferByNothing) {
  const MeanScores scores = Scores(0, 1);
  const MeanScores::Difference less = scores.NdcgLess(scores, 200, 1);
  EXPECT_EQ(less.mean, 0);
  EXPECT_EQ(less.low, 0);
  EXPECT_EQ(less.high, 0);
  EXPECT_EQ(less.p_value, 1);
}

TEST(ScoresTest, ASmallGainOfEverybodyIsFoundWhereIntervalsOverlap) {
  const MeanScores better = Scores(0.004, 1);
  const MeanScores worse = Scores(0, 1);
  // By themselves they cannot be told apart.
  EXPECT_LT(better.NdcgInterval(500, 1).low, worse.NdcgInterval(500, 1).high);
  const MeanScores::Difference less = better.NdcgLess(worse, 500, 1);
  EXPECT_NEAR(less.mean, 0.004, 1e-9);
  EXPECT_GT(less.low, 0.003);
  EXPECT_EQ(less.p_value, 0);
}

TEST(ScoresTest, ChanceIsSeldomCalledADifference) {
  int called = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const MeanScores::Difference less =
        Scores(0, seed).NdcgLess(Scores(0, seed + 1000), 200, seed);
    called += less.low > 0 || less.high < 0;
  }
  EXPECT_LE(called, 13);
}

}  // namespace
}  // namespace usher
