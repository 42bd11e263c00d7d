#include "trainer/train_version.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/policy.h"
#include "tests/testing/synthetic_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

RankingPolicy PolicyOf(const TrainedVersion& version) {
  return ApplyRankingConfig(RankingPolicy(),
                            version.snapshot.info.ranking_config)
      .value();
}

TrainedVersion Version(const Dataset& city, const TrainOptions& options) {
  return TrainVersion(city, options).value();
}

TEST(TrainVersionTest, TheRankerThatDidBestIsInTheVersion) {
  const TrainedVersion version =
      Version(SyntheticCity(SmallCity(3)), SmallOptions());
  EXPECT_THAT(version.notes, Contains(HasSubstr("(taken)")));
  ASSERT_EQ(version.metrics.size(), 3);
  EXPECT_EQ(version.metrics[1].first, "linear_ndcg_at_10");
  EXPECT_EQ(version.metrics[2].first, "ranker_ndcg_at_10");
  EXPECT_GE(version.metrics[2].second, version.metrics[1].second);
  EXPECT_EQ(PolicyOf(version).trees != nullptr,
            version.metrics[2].second > version.metrics[1].second);
}

TEST(TrainVersionTest, EqualDataGiveEqualTreesAtOneAndTwoThreads) {
  const Dataset city = SyntheticCity(SmallCity(3));
  TrainOptions options = SmallOptions();
  options.threads = 1;
  const std::string one = Version(city, options).snapshot.info.ranking_config;
  options.threads = 2;
  EXPECT_EQ(Version(city, options).snapshot.info.ranking_config, one);
}

TEST(TrainVersionTest, WhoDoesNotWantItGetsTheLinearScore) {
  TrainOptions options = SmallOptions();
  options.learn_ranker = false;
  const TrainedVersion version = Version(SyntheticCity(SmallCity(3)), options);
  EXPECT_EQ(PolicyOf(version).trees, nullptr);
  EXPECT_THAT(version.notes, Contains(HasSubstr("learn_ranker is false")));
}

TEST(TrainVersionTest, WithoutTimesThereIsNothingToLearnFromButAModel) {
  Dataset city = SyntheticCity(SmallCity(3));
  for (InteractionRecord& row : city.interactions) row.time = kNoTime;
  const TrainedVersion version = Version(city, SmallOptions());
  EXPECT_EQ(PolicyOf(version).trees, nullptr);
  EXPECT_THAT(version.notes, Contains(HasSubstr("linear score alone")));
  EXPECT_GT(version.snapshot.vectors.size(), 0);
}

}  // namespace
}  // namespace usher
