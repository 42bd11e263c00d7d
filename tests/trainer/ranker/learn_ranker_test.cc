#include "trainer/ranker/learn_ranker.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// A list whose answer has the largest `series`; the linear score is its
// `linear_sign`-fold, and rows lie by it.
void AddList(Random& random, float linear_sign, RankingExamples& examples) {
  const auto f = static_cast<size_t>(Feature::kSeries);
  std::vector<RankedEvent> events(12);
  float best = -1;
  for (RankedEvent& event : events) {
    for (float& value : event.features) {
      value = static_cast<float>(random.Below(10000)) / 10000;
    }
    event.score = linear_sign * event.features[f];
    best = std::max(best, event.features[f]);
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const RankedEvent& a, const RankedEvent& b) {
                     return a.score > b.score;
                   });
  examples.AddQuery(1, 0);
  for (const RankedEvent& event : events) {
    const bool relevant = event.features[f] == best;
    examples.AddRow(event, {relevant, relevant});
  }
}

RankingLessons Lessons(float linear_sign) {
  Random random(1);
  RankingLessons lessons;
  for (int i = 0; i < 300; ++i) {
    AddList(random, linear_sign, lessons.samples);
    if (i == 199) lessons.before_judged = lessons.samples.queries();
  }
  for (int i = 0; i < 100; ++i) AddList(random, linear_sign, lessons.judged);
  return lessons;
}

TEST(LearnRankerTest, WhatOrdersTheLaterListsBestIsTaken) {
  const LearnedRanker learned = LearnRanker(Lessons(0), {}, 1).value();
  ASSERT_NE(learned.trees, nullptr);
  ASSERT_EQ(learned.trials.size(), 10);
  const RankerTrial& taken = learned.trials[learned.chosen];
  EXPECT_EQ(learned.trees->trees().size(), static_cast<size_t>(taken.trees));
  EXPECT_EQ(learned.trees->linear_share(),
            absl::StrContains(taken.name, "on the linear score") ? 1 : 0);
  for (const RankerTrial& trial : learned.trials) {
    EXPECT_LE(trial.ndcg, taken.ndcg);
  }
  EXPECT_GT(taken.ndcg, learned.trials[0].ndcg + 0.3);
  ASSERT_TRUE(learned.calibration.has_value());
  EXPECT_GT(learned.calibration->slope, 0);
}

TEST(LearnRankerTest, ALinearScoreThatIsRightIsLeftAlone) {
  const LearnedRanker learned = LearnRanker(Lessons(100), {}, 1).value();
  EXPECT_EQ(learned.chosen, 0);
  EXPECT_EQ(learned.trees, nullptr);
  EXPECT_EQ(learned.trials[0].ndcg, 1);
}

size_t At(Feature feature) { return static_cast<size_t>(feature); }

// On a phone the soonest event is the answer, at a desk the most popular one.
void AddListOfDevice(Random& random, Device device, RankingExamples& examples) {
  const bool phone = device == Device::kPhone;
  std::vector<RankedEvent> events(12);
  const RankedEvent* best = &events.front();
  for (RankedEvent& event : events) {
    event.features[At(Feature::kLead)] = static_cast<float>(random.Uniform());
    event.features[At(Feature::kYes)] = static_cast<float>(random.Uniform());
    event.features[At(Feature::kDevice)] = static_cast<float>(device);
    const auto better = [&](const RankedEvent& a, const RankedEvent& b) {
      return phone ? a.features[At(Feature::kLead)] <
                         b.features[At(Feature::kLead)]
                   : a.features[At(Feature::kYes)] >
                         b.features[At(Feature::kYes)];
    };
    if (better(event, *best)) best = &event;
  }
  examples.AddQuery(1, 0);
  for (const RankedEvent& event : events) {
    examples.AddRow(event, {&event == best, &event == best});
  }
}

TEST(LearnRankerTest, WhatIsTheSameForAWholeListDecidesWhatCounts) {
  Random random(2);
  RankingLessons lessons;
  const Device devices[] = {Device::kPhone, Device::kDesktop};
  for (int i = 0; i < 600; ++i) {
    AddListOfDevice(random, devices[i % 2], lessons.samples);
    if (i == 399) lessons.before_judged = lessons.samples.queries();
  }
  for (int i = 0; i < 200; ++i) {
    AddListOfDevice(random, devices[i % 2], lessons.judged);
  }
  const LearnedRanker learned = LearnRanker(lessons, {}, 1).value();
  ASSERT_NE(learned.trees, nullptr);
  EXPECT_GT(learned.trials[learned.chosen].ndcg, 0.85);
  // A soon and lonely event, and a late and popular one.
  for (const Device device : devices) {
    FeatureMatrix rows(2);
    for (size_t row = 0; row < 2; ++row) {
      rows.at(row, Feature::kLead) = row == 0 ? 0.05f : 0.95f;
      rows.at(row, Feature::kYes) = row == 0 ? 0.05f : 0.95f;
      rows.at(row, Feature::kDevice) = static_cast<float>(device);
    }
    std::vector<float> scores(2);
    learned.trees->Score(rows, absl::MakeSpan(scores));
    EXPECT_EQ(scores[0] > scores[1], device == Device::kPhone);
  }
}

TEST(LearnRankerTest, WithoutAnswersThereIsAnErrorAndNoTree) {
  RankingLessons lessons;
  EXPECT_EQ(LearnRanker(lessons, {}, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LearnRankerTest, LeavesWeighMoreWhereThereAreManyRows) {
  EXPECT_EQ(LeastWeight(0, RankingLoss::kPairwise), 5);
  EXPECT_EQ(LeastWeight(20'000, RankingLoss::kPairwise), 20);
  EXPECT_EQ(LeastWeight(1'000'000, RankingLoss::kPairwise), 40);
  EXPECT_EQ(LeastWeight(1'000'000, RankingLoss::kNdcg), 10);
}

// Asked of the same lists, what is grown again is what was tried.
TEST(LearnRankerTest, WhatWasTakenIsGrownAgain) {
  RankingLessons lessons = Lessons(0);
  lessons.before_judged = lessons.samples.queries();
  RankerOptions options;
  options.trees = 20;
  const LearnedRanker learned = LearnRanker(lessons, options, 1).value();
  ASSERT_NE(learned.trees, nullptr);
  const std::string& name = learned.trials[learned.chosen].name;
  BoostOptions same;
  same.trees = learned.trials[learned.chosen].trees;
  same.depth = options.depth;
  same.learning_rate = options.learning_rate;
  same.loss = absl::StrContains(name, "NDCG") ? RankingLoss::kNdcg
                                              : RankingLoss::kPairwise;
  same.on_linear = absl::StrContains(name, "on the linear score");
  same.least_weight = LeastWeight(lessons.samples.rows(), same.loss);
  same.seed = 1;
  const TreeRanker grown =
      GrowTrees(lessons.samples, lessons.samples.queries(), same).value();
  ASSERT_EQ(grown.trees().size(), learned.trees->trees().size());
  for (size_t i = 0; i < grown.trees().size(); ++i) {
    EXPECT_EQ(grown.trees()[i].values, learned.trees->trees()[i].values);
  }
}

TEST(LearnRankerTest, EveryStepIsToldOf) {
  std::set<std::string> steps;
  ASSERT_TRUE(LearnRanker(Lessons(0), {}, 1,
                          [&](absl::string_view what, int done, int total) {
                            EXPECT_LE(done, total);
                            steps.emplace(what);
                          })
                  .ok());
  EXPECT_EQ(steps.size(), 4);
}

}  // namespace
}  // namespace usher
