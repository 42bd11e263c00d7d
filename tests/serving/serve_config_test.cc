#include "serving/serve_config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/policy.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<ServeConfig> config =
      ParseServeConfig("a.textproto", text);
  EXPECT_TRUE(absl::IsInvalidArgument(config.status()));
  return std::string(config.status().message());
}

TEST(ServeConfigTest, AnEmptyFileIsTheDefaults) {
  const absl::StatusOr<ServeConfig> config = ParseServeConfig("a", "");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->workers.max_queued, WorkerPoolOptions().max_queued);
  EXPECT_EQ(config->ranking_config, "");
}

TEST(ServeConfigTest, SetsWhatItNames) {
  const absl::StatusOr<ServeConfig> config = ParseServeConfig(
      "a",
      "threads: 3 max_queued_calls: 9 exposure_days: 30 "
      "exposure_sample_share: 0.5 redis_timeout_ms: 7 memory_lists_mb: 0 "
      "ranking { weights { feature: 'distance' weight: -7 } }");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->workers.threads, 3);
  EXPECT_EQ(config->workers.max_queued, 9);
  EXPECT_EQ(config->exposure_retention, 30 * kDay);
  EXPECT_EQ(config->redis_timeout_ms, 7);
  EXPECT_EQ(config->exposure_sample_share, 0.5);
  EXPECT_EQ(config->memory_lists_mb, 0);
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), config->ranking_config).value();
  EXPECT_EQ(policy.weight(Feature::kDistance), -7);
  EXPECT_EQ(policy.weight(Feature::kFollowed),
            RankingPolicy().weight(Feature::kFollowed));
}

TEST(ServeConfigTest, AnErrorNamesFileLineAndField) {
  EXPECT_THAT(ErrorOf("threads: 2\nbogus: 1"),
              AllOf(StartsWith("a.textproto:2:"), HasSubstr("bogus")));
}

TEST(ServeConfigTest, AValueOutOfRangeIsNamedWithItsRange) {
  EXPECT_EQ(ErrorOf("threads: -1"),
            "a.textproto: threads: -1 is not between 0 and 1024");
  EXPECT_EQ(ErrorOf("max_queued_calls: 0"),
            "a.textproto: max_queued_calls: 0 is not between 1 and 100000");
  EXPECT_EQ(ErrorOf("exposure_sample_share: 1.5"),
            "a.textproto: exposure_sample_share: 1.5 is not between 0 and 1");
  EXPECT_THAT(ErrorOf("exposure_sample_share: nan"),
              HasSubstr("is not between 0 and 1"));
  EXPECT_EQ(ErrorOf("redis_timeout_ms: 0"),
            "a.textproto: redis_timeout_ms: 0 is not between 1 and 1000");
  EXPECT_EQ(ErrorOf("memory_lists_mb: -1"),
            "a.textproto: memory_lists_mb: -1 is not between 0 and 65536");
  EXPECT_THAT(ErrorOf("ranking { weights { feature: 'nope' weight: 1 } }"),
              HasSubstr("ranking.weights: there is no feature \"nope\""));
}

TEST(ServeConfigTest, AKeyOfPageTokensIsNotShort) {
  EXPECT_EQ(ParseServeConfig("f", "page_token_key: '0123456789abcdef'")
                ->page_token_key,
            "0123456789abcdef");
  EXPECT_THAT(
      std::string(
          ParseServeConfig("f", "page_token_key: 'short'").status().message()),
      ::testing::HasSubstr("page_token_key: has 5 bytes"));
}

TEST(ServeConfigTest, ScenariosAreCheckedAsRequestsAre) {
  const absl::StatusOr<ServeConfig> config = ParseServeConfig(
      "a",
      "scenarios { name: 'front' limit: 5 filter { cities: 'Ghent' } "
      "rules { boost: 2 } max_per_organizer: 1 max_per_venue: 2 "
      "max_per_series: 3 diversity: 0.5 exposure: DEFERRED detail: REASONS "
      "include_events: true } scenarios { name: 'mail' }");
  ASSERT_TRUE(config.ok()) << config.status();
  const Scenario& front = *config->scenarios.Find("front").value();
  EXPECT_EQ(front.defaults.ShortDebugString(),
            "limit: 5 filter { cities: \"Ghent\" } max_per_organizer: 1 "
            "max_per_venue: 2 max_per_series: 3 diversity: 0.5 "
            "scenario: \"front\" exposure: DEFERRED detail: REASONS "
            "include_events: true");
  EXPECT_EQ(front.rules.size(), 1u);
  EXPECT_TRUE(config->scenarios.Find("mail").ok());
  EXPECT_EQ(ErrorOf("scenarios { name: 'x' limit: -1 }"),
            "a.textproto: scenarios[0].limit: -1 is negative; leave it out "
            "for 20");
  EXPECT_EQ(ErrorOf("scenarios { name: 'x' } scenarios { name: 'x' }"),
            "a.textproto: scenarios[1].name: \"x\" is another's, too");
}

}  // namespace
}  // namespace usher
