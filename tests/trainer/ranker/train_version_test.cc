#include "trainer/train_version.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/policy.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/publish_gate.h"

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
  return TrainVersion("hybrid", city, options).value();
}

TEST(TrainVersionTest, TheRankerThatDidBestIsInTheVersion) {
  const TrainedVersion version =
      Version(SyntheticCity(SmallCity(3)), SmallOptions());
  EXPECT_THAT(version.notes, Contains(HasSubstr("(taken)")));
  const std::map<std::string, double> metrics(version.metrics.begin(),
                                              version.metrics.end());
  const double ndcg = metrics.at(kJudgedNdcg);
  EXPECT_GE(ndcg, metrics.at("linear_ndcg_at_10"));
  EXPECT_EQ(PolicyOf(version).trees != nullptr,
            ndcg > metrics.at("linear_ndcg_at_10"));
  EXPECT_GT(metrics.at(kJudgedLists), 30);
  EXPECT_LT(metrics.at(kJudgedNdcgLow), ndcg);
  EXPECT_GT(metrics.at(kJudgedNdcgHigh), ndcg);
  EXPECT_GT(metrics.at("own_organizers_ndcg_at_10"),
            metrics.at("popularity_ndcg_at_10"));
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
  EXPECT_THAT(version.notes, Contains(HasSubstr("linear 0.")));
  const std::map<std::string, double> metrics(version.metrics.begin(),
                                              version.metrics.end());
  EXPECT_EQ(metrics.at(kJudgedNdcg), metrics.at("linear_ndcg_at_10"));
}

TEST(TrainVersionTest, WithoutTimesThereIsNothingToLearnFromButAModel) {
  Dataset city = SyntheticCity(SmallCity(3));
  for (InteractionRecord& row : city.interactions) row.time = kNoTime;
  const TrainedVersion version = Version(city, SmallOptions());
  EXPECT_EQ(PolicyOf(version).trees, nullptr);
  EXPECT_THAT(version.notes, Contains(HasSubstr("no ranker learned")));
  EXPECT_GT(version.snapshot.vectors.size(), 0);
}

}  // namespace
}  // namespace usher
