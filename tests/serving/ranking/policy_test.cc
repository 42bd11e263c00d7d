#include "serving/ranking/policy.h"

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
