#include "trainer/tuning/trial_log.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/policy.h"
#include "trainer/train_config.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

const SearchKey kKey = {42, "seed: 1"};

Trial Random(double at) {
  Trial trial{UnitPoint(TunedParameters().size(), at), 0.5, 0.4, 0.6, 12};
  return trial;
}

TEST(TrialLogTest, WhatWasWrittenIsReadBack) {
  const std::string text =
      TrialHeader(kKey) + TrialLine({{}, 0.25, 0.2, 0.3, 1.5}) +
      TrialLine(Random(0)) + TrialLine(Random(0.37)) + TrialLine(Random(1));
  const std::vector<Trial> trials = ParseTrials("t.csv", text, kKey).value();
  ASSERT_EQ(trials.size(), 4);
  EXPECT_TRUE(trials[0].point.empty());
  EXPECT_EQ(trials[0].ndcg, 0.25);
  EXPECT_EQ(trials[0].low, 0.2);
  EXPECT_EQ(trials[0].high, 0.3);
  EXPECT_EQ(trials[0].seconds, 1.5);
  for (size_t i = 0; i < TunedParameters().size(); ++i) {
    const TunedParameter& parameter = TunedParameters()[i];
    EXPECT_EQ(ValueAt(parameter, trials[1].point[i]), parameter.low);
    EXPECT_EQ(ValueAt(parameter, trials[3].point[i]), parameter.high);
    EXPECT_NEAR(ValueAt(parameter, trials[2].point[i]),
                ValueAt(parameter, 0.37),
                1e-6 * (parameter.high - parameter.low));
  }
}

TEST(TrialLogTest, WhatIsRoundedIsWhatIsReadBack) {
  const Trial rounded = Rounded(Random(0.37));
  const std::string text = TrialHeader(kKey) + TrialLine(Random(0.37));
  EXPECT_EQ(rounded.point, ParseTrials("t", text, kKey).value()[0].point);
  EXPECT_EQ(Rounded(rounded).point, rounded.point);
  EXPECT_TRUE(Rounded({{}, 0.25, 0.2, 0.3, 1.5}).point.empty());
}

TEST(TrialLogTest, ALineThatWasBeingWrittenIsLeftOut) {
  std::string text = TrialHeader(kKey) + TrialLine(Random(0.2));
  const std::string half = TrialLine(Random(0.3));
  for (size_t cut = 0; cut < half.size(); ++cut) {
    EXPECT_EQ(ParseTrials("t", text + half.substr(0, cut), kKey)->size(), 1);
  }
}

TEST(TrialLogTest, AnotherSearchIsRefused) {
  const std::string text = TrialHeader(kKey) + TrialLine(Random(0.2));
  for (const SearchKey& other :
       {SearchKey{43, "seed: 1"}, SearchKey{42, "seed: 2"}}) {
    const absl::Status status = ParseTrials("t.csv", text, other).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(status.message(), HasSubstr("t.csv"));
  }
  EXPECT_FALSE(ParseTrials("t.csv", "", kKey).ok());
}

TEST(TrialLogTest, ALineThatIsNoTrialIsNamed) {
  std::string bad = TrialLine(Random(0.2));
  bad.replace(0, 3, "nan");
  for (const std::string& line :
       {bad, std::string("\n"), std::string("0.5,0.4\n"),
        TrialLine(Random(0.2)).insert(0, "1,")}) {
    const absl::Status status =
        ParseTrials("t.csv", TrialHeader(kKey) + TrialLine(Random(0.1)) + line,
                    kKey)
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(status.message(), HasSubstr("t.csv:4"));
  }
}

TEST(ParameterSpaceTest, EveryCornerIsAConfigurationThatTrainTakes) {
  for (const double at : {0.0, 0.21, 0.5, 0.83, 1.0}) {
    const TrainOptions options =
        OptionsAt(UnitPoint(TunedParameters().size(), at), TrainOptions());
    const std::string text = TrainConfigText(options);
    const absl::StatusOr<TrainOptions> read = ParseTrainConfig(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(TrainConfigText(*read), text);
    EXPECT_THAT(text, HasSubstr("als_organizer"));
  }
}

TEST(ParameterSpaceTest, OptionsAtTheirOwnPointAreThemselves) {
  const TrainOptions options;
  const TrainOptions again = OptionsAt(PointOf(options), options);
  EXPECT_EQ(again.event_als.dim, options.event_als.dim);
  EXPECT_EQ(again.ranker.trees, options.ranker.trees);
  EXPECT_NEAR(again.organizer_als.regularization,
              options.organizer_als.regularization, 1e-6);
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), again.ranking_config).value();
  for (size_t f = 0; f < kNumFeatures; ++f) {
    EXPECT_NEAR(policy.weights[f], RankingPolicy().weights[f], 1e-5);
  }
}

TEST(ParameterSpaceTest, CoordinatesAndValuesAreEachOthersInverse) {
  for (const TunedParameter& parameter : TunedParameters()) {
    double last = parameter.low - 1;
    for (const double at : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      const double value = ValueAt(parameter, at);
      EXPECT_GE(value, last) << parameter.name;
      last = value;
      EXPECT_NEAR(ValueAt(parameter, CoordinateOf(parameter, value)), value,
                  1e-9 * (parameter.high - parameter.low))
          << parameter.name;
    }
    EXPECT_EQ(ValueAt(parameter, -1), parameter.low);
    EXPECT_EQ(ValueAt(parameter, 2), parameter.high);
  }
}

}  // namespace
}  // namespace usher
