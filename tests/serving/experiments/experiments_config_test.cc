#include "serving/experiments/experiments_config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Complaint(const std::string& text) {
  const absl::Status status = ParseExperiments("f.textproto", text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(status.message());
}

TEST(ExperimentsConfigTest, AFileIsReadAsItIsWritten) {
  const absl::StatusOr<Experiments> read = ParseExperiments("f", R"(
    experiments {
      name: "places" salt: "spring" layer: "ranking" share: 0.5 begin: 0.25
      variants { name: "control" }
      variants {
        name: "near" weight: 3
        ranking {
          weights { feature: "distance" weight: -1.5 }
          scan_candidates: 99
        }
      }
    }
    experiments { name: "b" variants { name: "x" } variants { name: "y" } })");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->all().size(), 2u);
  const Experiment& a = read->all()[0];
  EXPECT_EQ(a.name, "places");
  EXPECT_EQ(a.salt, "spring");
  EXPECT_EQ(a.layer, "ranking");
  EXPECT_EQ(a.share, 0.5);
  EXPECT_EQ(a.begin, 0.25);
  ASSERT_EQ(a.variants.size(), 2u);
  EXPECT_EQ(a.variants[0].name, "control");
  EXPECT_EQ(a.variants[0].weight, 1);
  EXPECT_EQ(a.variants[1].weight, 3);
  RankingPolicy policy;
  Apply(a.variants[1].ranking, policy);
  EXPECT_EQ(policy.weight(Feature::kDistance), -1.5f);
  EXPECT_EQ(policy.scan_candidates, 99);
  const Experiment& b = read->all()[1];
  EXPECT_EQ(b.salt, "b");
  EXPECT_EQ(b.layer, "");
  EXPECT_EQ(b.share, 1);
}

TEST(ExperimentsConfigTest, AnEmptyFileIsNoExperiment) {
  EXPECT_TRUE(ParseExperiments("f", "")->all().empty());
}

TEST(ExperimentsConfigTest, WhatIsWrongIsNamedByFileAndLineOrField) {
  EXPECT_THAT(Complaint("experiments {\n  nam: 'a'\n}"),
              StartsWith("f.textproto:2:"));
  EXPECT_THAT(Complaint("experiments { name: 'a' }"),
              StartsWith("f.textproto: experiments[0].variants: has 0"));
  EXPECT_THAT(
      Complaint("experiments { name: 'a' variants { name: 'x' } variants { "
                "name: 'y' ranking { weights { feature: 'venu' weight: 1 } } } "
                "}"),
      AllOf(StartsWith("f.textproto: experiments[0].variants[1].ranking"),
            HasSubstr("\"venu\"")));
  EXPECT_THAT(
      Complaint("experiments { name: 'a' variants { name: 'x' } variants { "
                "name: 'y' ranking { scan_candidates: 7 } } }"),
      HasSubstr("experiments[0].variants[1].ranking.scan_candidates: 7"));
  EXPECT_THAT(Complaint("experiments { name: 'a' share: -1 }"),
              HasSubstr("experiments[0].share: -1"));
}

}  // namespace
}  // namespace usher
