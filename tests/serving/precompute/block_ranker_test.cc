#include "serving/precompute/block_ranker.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

void ExpectEqual(const Ranking& a, const Ranking& b) {
  ASSERT_EQ(a.results.size(), b.results.size());
  for (size_t i = 0; i < a.results.size(); ++i) {
    EXPECT_EQ(a.results[i].event, b.results[i].event);
    EXPECT_EQ(a.results[i].score, b.results[i].score);
    EXPECT_EQ(a.results[i].sources, b.results[i].sources);
    EXPECT_EQ(a.results[i].features, b.results[i].features);
  }
  EXPECT_EQ(a.dropped, b.dropped);
  EXPECT_EQ(a.cold_user, b.cold_user);
}

void ExpectSameAsOneByOne(const Snapshot& snapshot, const RankingPolicy& policy,
                          Micros now, std::vector<std::string> users) {
  const BlockRanker ranker(&snapshot, policy, now, 0);
  const std::vector<Ranking> blocks = ranker.Rank(users, 30);
  ASSERT_EQ(blocks.size(), users.size());
  const LiveView view = BuildLiveView(snapshot, policy, now, 0);
  for (size_t i = 0; i < users.size(); ++i) {
    SCOPED_TRACE(users[i]);
    Query query;
    query.user_id = users[i];
    query.now = now;
    query.limit = 30;
    ExpectEqual(blocks[i], RankEvents(query, policy, view, snapshot));
  }
}

std::vector<std::string> Users(int count) {
  std::vector<std::string> users;
  for (int i = 0; i < count; ++i) users.push_back(absl::StrCat("u", i));
  return users;
}

TEST(BlockRankerTest, EveryListIsThatOfRankEvents) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Snapshot snapshot = SnapshotOf(RandomCatalog(seed, 400), seed);
    RankingPolicy policy;
    policy.scan_candidates = 40;
    policy.source_candidates = 10;
    std::vector<std::string> users = Users(40);
    users.push_back("nobody");
    ExpectSameAsOneByOne(snapshot, policy, kCityNow + 30 * kSecond, users);
  }
}

TEST(BlockRankerTest, SoItIsWhereTheScanIsQuantized) {
  const Snapshot snapshot =
      RandomSnapshot(5000, VectorIndexOptions::Type::kFlat);
  ExpectSameAsOneByOne(snapshot, RankingPolicy(), kTinyNow, Users(20));
}

TEST(BlockRankerTest, SoItIsWithATail) {
  Snapshot snapshot = SnapshotOf(RandomCatalog(4, 300), 4);
  for (int i = 0; i < 30; ++i) {
    Event event = TinyEvent(absl::StrCat("jazz", 100 + i), 0);
    event.start_time = kCityNow + (i + 1) * kHour;
    snapshot.RefreshVectors(snapshot.catalog.UpsertEvent(event));
  }
  RankingPolicy policy;
  policy.scan_candidates = 25;
  ExpectSameAsOneByOne(snapshot, policy, kCityNow, Users(40));
}

TEST(BlockRankerTest, ThreadsShareIt) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(1, 200), 1);
  const BlockRanker ranker(&snapshot, RankingPolicy(), kCityNow, 0);
  const std::vector<Ranking> expected = ranker.Rank(Users(40), 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      const std::vector<Ranking> got = ranker.Rank(Users(40), 20);
      for (size_t i = 0; i < got.size(); ++i) ExpectEqual(got[i], expected[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace usher
