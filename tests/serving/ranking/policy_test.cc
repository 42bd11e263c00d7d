#include "serving/ranking/policy.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

std::string Complaint(const std::string& config) {
  const absl::Status status =
      ApplyRankingConfig(RankingPolicy(), config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << config;
  return std::string(status.message());
}

TEST(PolicyTest, AConfigReplacesWhatItNamesAndNothingElse) {
  const RankingPolicy base;
  const RankingPolicy policy =
      ApplyRankingConfig(base,
                         "weights { feature: 'venue' weight: -2.5 }\n"
                         "scan_candidates: 77")
          .value();
  EXPECT_EQ(policy.weight(Feature::kVenue), -2.5f);
  EXPECT_EQ(policy.scan_candidates, 77);
  for (size_t f = 0; f < kNumFeatures; ++f) {
    if (static_cast<Feature>(f) == Feature::kVenue) continue;
    EXPECT_EQ(policy.weights[f], base.weights[f]);
  }
}

TEST(PolicyTest, AnEmptyConfigChangesNothing) {
  EXPECT_EQ(ApplyRankingConfig(RankingPolicy(), "")->weights,
            RankingPolicy().weights);
}

TEST(PolicyTest, ItsTextGivesItBack) {
  RankingPolicy policy;
  policy.scan_candidates = 1234;
  for (size_t f = 0; f < kNumFeatures; ++f) {
    policy.weights[f] = 0.1f * static_cast<float>(f) - 1;
  }
  const RankingPolicy read =
      ApplyRankingConfig(RankingPolicy(), RankingConfigText(policy)).value();
  EXPECT_EQ(read.weights, policy.weights);
  EXPECT_EQ(read.scan_candidates, policy.scan_candidates);
}

std::string TreesText(const std::string& more = "") {
  return "trees { depth: 1 linear_share: 1 features: ['venue', 'lead'] "
         "trees { features: [1] thresholds: [2.5] values: [0, -1, 1] } " +
         more + "}";
}

TEST(PolicyTest, LearnedTreesAreGivenBackByItsText) {
  const RankingPolicy read =
      ApplyRankingConfig(RankingPolicy(),
                         TreesText() + "calibration { slope: 2 intercept: -1 }")
          .value();
  const RankingPolicy again =
      ApplyRankingConfig(RankingPolicy(), RankingConfigText(read)).value();
  for (const RankingPolicy& policy : {read, again}) {
    ASSERT_NE(policy.trees, nullptr);
    EXPECT_EQ(policy.trees->linear_share(), 1);
    ASSERT_EQ(policy.trees->trees().size(), 1);
    const TreeRanker::Tree& tree = policy.trees->trees()[0];
    EXPECT_EQ(tree.splits[0].feature, Feature::kLead);
    EXPECT_EQ(tree.splits[0].threshold, 2.5f);
    EXPECT_THAT(tree.values, testing::ElementsAre(0, -1, 1));
    ASSERT_TRUE(policy.calibration.has_value());
    EXPECT_FLOAT_EQ(policy.calibration->Probability(0.5f), 0.5f);
    EXPECT_FLOAT_EQ(policy.calibration->Probability(1), 1 / (1 + std::exp(-1)));
  }
}

TEST(PolicyTest, AnEmptyTreesMessageGivesTheLinearScoreBack) {
  const RankingPolicy learned =
      ApplyRankingConfig(RankingPolicy(),
                         TreesText() + "calibration { slope: 2 intercept: -1 }")
          .value();
  const RankingPolicy linear = ApplyRankingConfig(learned, "trees {}").value();
  EXPECT_EQ(linear.trees, nullptr);
  EXPECT_FALSE(linear.calibration.has_value());
  EXPECT_EQ(ApplyRankingConfig(learned, "scan_candidates: 50")->trees,
            learned.trees);
}

TEST(PolicyTest, TreesThatAreNoneAreRefused) {
  EXPECT_THAT(Complaint("trees { depth: 1 features: ['warmth'] trees {} }"),
              HasSubstr("\"warmth\""));
  EXPECT_THAT(Complaint(TreesText("trees { features: [2] thresholds: [1] "
                                  "values: [0, 0, 0] }")),
              HasSubstr("feature 2 of 2"));
  EXPECT_THAT(Complaint(TreesText("trees { features: [-1] thresholds: [1] "
                                  "values: [0, 0, 0] }")),
              HasSubstr("feature -1"));
  EXPECT_THAT(Complaint(TreesText("trees { features: [1] values: [0, 0, 0] }")),
              HasSubstr("0 thresholds"));
  EXPECT_THAT(Complaint(TreesText("trees { values: [0, 0, 0] }")),
              HasSubstr("tree 1 has 0 splits"));
  EXPECT_THAT(Complaint("calibration { slope: nan }"), HasSubstr("slope"));
}

TEST(PolicyTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Complaint("weights { feature: 'venu' weight: 1 }"),
              HasSubstr("\"venu\""));
  EXPECT_THAT(Complaint("weights { feature: 'venue' weight: nan }"),
              HasSubstr("venue"));
  EXPECT_THAT(Complaint("weights { feature: 'venue' weight: 1e300 }"),
              HasSubstr("venue"));
  EXPECT_THAT(Complaint("weights { feature: 'venue' weight: -1000001 }"),
              HasSubstr("1e6"));
  EXPECT_EQ(ApplyRankingConfig(RankingPolicy(),
                               "weights { feature: 'venue' weight: -1e6 }")
                ->weight(Feature::kVenue),
            -1e6f);
  EXPECT_THAT(Complaint("scan_candidates: 9"), HasSubstr("scan_candidates: 9"));
  EXPECT_THAT(Complaint("scan_candidates: 5001"), HasSubstr("5001"));
  EXPECT_THAT(Complaint("scan: 5"), HasSubstr("RankingConfig"));
}

TEST(PolicyTest, LoyaltyPullsAndWhatIsFarOrLatePushesAway) {
  const RankingPolicy policy;
  EXPECT_GT(policy.weight(Feature::kOwnOrganizer), 0);
  EXPECT_GT(policy.weight(Feature::kAlsEvent), 0);
  EXPECT_LT(policy.weight(Feature::kDistance), 0);
  EXPECT_LT(policy.weight(Feature::kLeadRank), 0);
  EXPECT_LT(policy.weight(Feature::kYesRank), 0);
}

}  // namespace
}  // namespace usher
