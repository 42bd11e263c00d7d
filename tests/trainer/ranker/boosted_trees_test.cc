#include "trainer/ranker/boosted_trees.h"

#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// Lists of ten of which the one with the largest `series` is the answer, while
// the linear score says nothing or, if asked, the opposite.
RankingExamples Lists(int queries, uint64_t seed, float linear_sign = 0) {
  Random random(seed);
  RankingExamples examples;
  for (int q = 0; q < queries; ++q) {
    examples.AddQuery(1, 0);
    std::vector<RankedEvent> events(10);
    size_t best = 0;
    const auto f = static_cast<size_t>(Feature::kSeries);
    for (size_t i = 0; i < events.size(); ++i) {
      for (float& value : events[i].features) {
        value = static_cast<float>(random.Below(1000)) / 1000;
      }
      events[i].score = linear_sign * events[i].features[f];
      if (events[i].features[f] > events[best].features[f]) best = i;
    }
    for (size_t i = 0; i < events.size(); ++i) {
      examples.AddRow(events[i], {i == best, false});
    }
  }
  return examples;
}

// Of how many queries the answer has the best score.
int Found(const RankingExamples& examples, const TreeRanker& trees) {
  int found = 0;
  for (size_t query = 0; query < examples.queries(); ++query) {
    std::vector<float> scores(examples.linear().begin() + examples.begin(query),
                              examples.linear().begin() + examples.end(query));
    trees.Score(examples.FeaturesOf(query), absl::MakeSpan(scores));
    const auto best = std::max_element(scores.begin(), scores.end());
    found += examples.label(examples.begin(query) + (best - scores.begin()))
                 .relevant;
  }
  return found;
}

TEST(GrowTreesTest, ForEitherLossTheyFindWhatDecides) {
  const RankingExamples examples = Lists(400, 1);
  BoostOptions options;
  std::vector<TreeRanker> grown;
  for (const RankingLoss loss : {RankingLoss::kPairwise, RankingLoss::kNdcg}) {
    options.loss = loss;
    grown.push_back(GrowTrees(examples, 400, options).value());
    EXPECT_EQ(grown.back().trees().size(), 60);
    EXPECT_GT(Found(Lists(200, 2), grown.back()), 150);
  }
  EXPECT_NE(grown[0].trees()[0].values, grown[1].trees()[0].values);
}

TEST(GrowTreesTest, WhatIsLeftOutIsNoReasonToSplit) {
  const RankingExamples examples = Lists(400, 1);
  BoostOptions options;
  options.leave_out = {Feature::kSeries};
  const TreeRanker trees = GrowTrees(examples, 400, options).value();
  EXPECT_LT(Found(Lists(200, 2), trees), 60);
}

TEST(GrowTreesTest, OnTheLinearScoreTheyCorrectIt) {
  const RankingExamples examples = Lists(400, 1, -0.5f);
  const TreeRanker trees = GrowTrees(examples, 400, {}).value();
  EXPECT_EQ(trees.linear_share(), 1);
  EXPECT_GT(Found(Lists(200, 2, -0.5f), trees), 150);
  BoostOptions alone;
  alone.on_linear = false;
  EXPECT_EQ(GrowTrees(examples, 400, alone)->linear_share(), 0);
}

TEST(GrowTreesTest, EqualExamplesGiveEqualTreesAndLaterQueriesAreNotSeen) {
  RankingExamples longer = Lists(100, 1);
  RankedEvent late;
  longer.AddQuery(1, 0);
  longer.AddRow(late, {true, false});
  longer.AddRow(late, {false, false});
  BoostOptions options;
  options.trees = 5;
  const TreeRanker a = GrowTrees(Lists(100, 1), 100, options).value();
  const TreeRanker b = GrowTrees(longer, 100, options).value();
  for (size_t i = 0; i < a.trees().size(); ++i) {
    EXPECT_EQ(a.trees()[i].values, b.trees()[i].values);
    for (size_t s = 0; s < a.trees()[i].splits.size(); ++s) {
      EXPECT_EQ(a.trees()[i].splits[s].feature, b.trees()[i].splits[s].feature);
      EXPECT_EQ(a.trees()[i].splits[s].threshold,
                b.trees()[i].splits[s].threshold);
    }
  }
}

TEST(GrowTreesTest, EveryTreeIsToldOf) {
  BoostOptions options;
  options.trees = 3;
  std::vector<int> told;
  ASSERT_TRUE(GrowTrees(Lists(50, 1), 50, options, [&](int n) {
                told.push_back(n);
              }).ok());
  EXPECT_EQ(told, (std::vector<int>{1, 2, 3}));
}

TEST(GrowTreesTest, WithoutAnAnswerAmongOthersThereIsNothingToLearn) {
  RankingExamples examples;
  EXPECT_EQ(GrowTrees(examples, 0, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  examples.AddQuery(1, 0);
  examples.AddRow({}, {true, true});
  examples.AddQuery(1, 0);
  examples.AddRow({}, {false, false});
  EXPECT_EQ(GrowTrees(examples, 2, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace usher
