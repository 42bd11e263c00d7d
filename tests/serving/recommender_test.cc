#include "serving/recommender.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

class RecommenderTest : public ::testing::Test {
 protected:
  void Publish() {
    holder_.Publish(std::make_shared<const Served>(
        TinySnapshot(TinyCatalog()), RankingPolicy(),
        std::make_shared<const LiveColumnsCache>(4, 0)));
  }
  static Query At(Micros now) {
    Query query;
    query.user_id = "ann";
    query.now = now;
    return query;
  }

  SnapshotHolder holder_;
  Recommender recommender_{holder_, 42};
};

TEST_F(RecommenderTest, BeforeTheFirstModelEveryCallFailsAsAPrecondition) {
  const absl::Status status = recommender_.Recommend(At(kTinyNow)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--model_dir"));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      recommender_.SimilarEventsTo("jazz1", At(kTinyNow)).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      recommender_.SimilarUsersTo("ann", SimilarityBasis::kTaste, 9).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      recommender_.AudienceOf("jazz1", 9, false, kTinyNow).status()));
}

TEST_F(RecommenderTest, IdsOfRecommendationsAreHexAndNeverRepeat) {
  Publish();
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id =
        recommender_.Recommend(At(kTinyNow))->recommendation_id;
    EXPECT_EQ(id.size(), 32u);
    for (const char c : id) EXPECT_TRUE(absl::ascii_isxdigit(c));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST_F(RecommenderTest, TheRankingIsThatOfRankEvents) {
  Publish();
  const std::shared_ptr<const Served> served = holder_.Get();
  const Query query = At(kTinyNow);
  const Ranking expected = RankEvents(
      query, served->policy(), *served->ViewAt(kTinyNow, served->policy()),
      served->snapshot());
  const Recommendations got = *recommender_.Recommend(query);
  ASSERT_EQ(got.ranking.results.size(), expected.results.size());
  for (size_t i = 0; i < expected.results.size(); ++i) {
    EXPECT_EQ(got.ranking.results[i].event, expected.results[i].event);
    EXPECT_EQ(got.ranking.results[i].score, expected.results[i].score);
  }
  EXPECT_EQ(recommender_.ineligible(), 0);
}

TEST_F(RecommenderTest, AnAnswerKeepsItsModelWhenAnotherIsPublished) {
  Publish();
  const Recommendations answer = *recommender_.Recommend(At(kTinyNow));
  Publish();
  holder_.Reclaim();
  EXPECT_EQ(answer.served->snapshot().catalog.num_users(), 5u);
}

TEST_F(RecommenderTest, SeedsThatAreUnknownAreIgnored) {
  Publish();
  Query query = At(kTinyNow);
  query.seeds = {{"nowhere"}, {"code1"}};
  const SimilarEventList list = *recommender_.SimilarEventsTo("", query);
  ASSERT_FALSE(list.events.empty());
  EXPECT_EQ(list.served->snapshot().catalog.EventId(list.events[0].event),
            "code2");
  query.seeds = {{"nowhere"}};
  EXPECT_TRUE(recommender_.SimilarEventsTo("", query)->events.empty());
}

}  // namespace
}  // namespace usher
