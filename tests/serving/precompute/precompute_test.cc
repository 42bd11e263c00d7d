#include "serving/precompute/precompute.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/lists/candidate_lists.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "serving/lists/use_list.h"
#include "serving/precompute/redis_sink.h"
#include "serving/recommender.h"
#include "tests/testing/redis_server.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

// Keeps what it gets, and fails after some chunks.
class KeepingSink final : public ListSink {
 public:
  absl::StatusOr<std::optional<BatchJournal>> Unfinished() override {
    return journal;
  }
  absl::Status Begin(const BatchJournal& begun) override {
    journal = begun;
    return absl::OkStatus();
  }
  absl::Status Write(absl::Span<const EncodedList> lists,
                     BatchJournal next) override {
    if (chunks_left-- == 0) return absl::UnavailableError("full");
    for (const EncodedList& list : lists) {
      EXPECT_TRUE(bytes.emplace(list.user_id, list.bytes).second)
          << list.user_id << " was listed twice";
    }
    journal = std::move(next);
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    finished = true;
    journal.reset();
    return absl::OkStatus();
  }

  std::map<std::string, std::string> bytes;
  std::optional<BatchJournal> journal;
  int chunks_left = 1'000'000;
  bool finished = false;
};

class PrecomputeTest : public ::testing::Test {
 protected:
  PrecomputeTest() {
    options_.top = 10;
    options_.threads = 2;
    for (int i = 0; i < 2500; ++i) {
      input_.snapshot.catalog.UserRowOf(absl::StrCat("new", i));
    }
  }

  absl::StatusOr<PrecomputeReport> Run(ListSink& sink) {
    return PrecomputeInto(options_, input_, clock_, sink);
  }

  FakeClock clock_{kTinyNow};
  PrecomputeOptions options_;
  PrecomputeInput input_{RandomSnapshot(300, VectorIndexOptions::Type::kFlat),
                         RankingPolicy()};
};

TEST_F(PrecomputeTest, EveryUserGetsTheListOfTheServersOwnAnswer) {
  KeepingSink sink;
  const PrecomputeReport report = *Run(sink);
  EXPECT_TRUE(sink.finished);
  EXPECT_EQ(report.users, 2520);
  EXPECT_EQ(sink.bytes.size(), 2520u);
  SnapshotHolder holder;
  holder.Publish(std::make_shared<const Served>(
      RandomSnapshot(300, VectorIndexOptions::Type::kFlat), RankingPolicy(),
      std::make_shared<const LiveColumnsCache>(4, 0)));
  const Recommender recommender(holder, 1);
  for (const auto& [user, bytes] : sink.bytes) {
    const RankedList list = *DecodeRankedList(bytes);
    EXPECT_EQ(list.generated_at, kTinyNow);
    EXPECT_EQ(list.policy, PolicyHash(RankingPolicy()));
    EXPECT_EQ(list.model_version, 7);
    EXPECT_EQ(list.batch, report.batch);
    Query query;
    query.user_id = user;
    query.now = kTinyNow;
    query.limit = 10;
    const Recommendations answer = *recommender.Recommend(query);
    ASSERT_EQ(list.event_ids.size(), answer.ranking.results.size());
    for (size_t i = 0; i < list.event_ids.size(); ++i) {
      const RankedEvent& event = answer.ranking.results[i];
      EXPECT_EQ(list.event_ids[i],
                holder.Get()->snapshot().catalog.EventId(event.event));
      EXPECT_EQ(list.scores[i], event.score);
    }
  }
}

TEST_F(PrecomputeTest, ARunThatFailedIsGoneOnWith) {
  KeepingSink whole;
  ASSERT_TRUE(Run(whole).ok());
  KeepingSink sink;
  sink.chunks_left = 1;
  EXPECT_TRUE(absl::IsUnavailable(Run(sink).status()));
  EXPECT_FALSE(sink.finished);
  EXPECT_EQ(sink.bytes.size(), 1024u);
  const std::string batch = sink.journal->batch;
  sink.chunks_left = 100;
  clock_.Advance(kHour);
  const PrecomputeReport report = *Run(sink);
  EXPECT_TRUE(sink.finished);
  EXPECT_EQ(report.batch, batch);
  EXPECT_EQ(report.earlier, 1024);
  EXPECT_EQ(report.users, 2520);
  EXPECT_EQ(sink.bytes, whole.bytes);  // Also made for the first run's instant.
}

TEST_F(PrecomputeTest, OtherWorkStartsAnew) {
  KeepingSink sink;
  sink.chunks_left = 1;
  EXPECT_FALSE(Run(sink).ok());
  sink.chunks_left = 100;
  sink.bytes.clear();
  options_.top = 11;
  EXPECT_EQ(Run(sink)->earlier, 0);
  EXPECT_EQ(sink.bytes.size(), 2520u);
}

TEST_F(PrecomputeTest, OnlyTheUsersAskedForAreListed) {
  options_.user_ids = {{"u3", "u1", "u3", "nobody"}};
  KeepingSink sink;
  EXPECT_EQ(Run(sink)->users, 3);
  std::set<std::string> users;
  for (const auto& [user, bytes] : sink.bytes) users.insert(user);
  EXPECT_EQ(users, (std::set<std::string>{"nobody", "u1", "u3"}));
}

TEST_F(PrecomputeTest, SimilarUsersAreListedLikeEvents) {
  options_.what = ListWhat::kUsers;
  options_.user_ids = {{"u3", "nobody"}};
  KeepingSink sink;
  const PrecomputeReport report = *Run(sink);
  EXPECT_EQ(report.users, 1);
  EXPECT_EQ(report.unknown, 1);
  const NeighbourList list = *DecodeNeighbourList(sink.bytes.at("u3"));
  const People people(&input_.snapshot);
  const auto expected = SimilarUsers(input_.snapshot.catalog.FindUser("u3"),
                                     SimilarityBasis::kTaste, 10, people);
  ASSERT_EQ(list.user_ids.size(), expected.size());
  ASSERT_FALSE(expected.empty());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(list.user_ids[i],
              input_.snapshot.catalog.UserId(expected[i].user));
  }
}

TEST_F(PrecomputeTest, ThreadsChangeNothing) {
  KeepingSink two;
  ASSERT_TRUE(Run(two).ok());
  options_.threads = 1;
  KeepingSink one;
  ASSERT_TRUE(Run(one).ok());
  EXPECT_EQ(one.bytes, two.bytes);
}

class PrecomputeIntoRedisTest : public PrecomputeTest {
 protected:
  std::unique_ptr<ListSink> Sink() {
    return *RedisSink::Open(server_.address(), "default", ListKind::kRanking,
                            absl::Hours(24));
  }

  RedisServer server_;
};

TEST_F(PrecomputeIntoRedisTest, CurrentMovesWhenAllIsThere) {
  const std::string current = CurrentKey("default", ListKind::kRanking);
  const std::string unfinished = UnfinishedKey("default", ListKind::kRanking);
  const std::unique_ptr<ListSink> sink = Sink();
  BatchJournal journal{1, "b1", 0, 0, 0, 0, ""};
  ASSERT_TRUE(sink->Begin(journal).ok());
  ASSERT_TRUE(sink->Write({{"ann", "list"}}, journal).ok());
  EXPECT_EQ(server_.Do({"GET", current}).kind, RedisReply::Kind::kNil);
  EXPECT_EQ(server_.Do({"EXISTS", unfinished}).integer, 1);
  const std::string key = ListKey("default", ListKind::kRanking, "b1", "ann");
  EXPECT_EQ(server_.Do({"GET", key}).text, "list");
  EXPECT_GT(server_.Do({"TTL", key}).integer, 86'000);
  ASSERT_TRUE(sink->Finish().ok());
  EXPECT_EQ(server_.Do({"GET", current}).text, "b1");
  EXPECT_EQ(server_.Do({"EXISTS", unfinished}).integer, 0);
}

TEST_F(PrecomputeIntoRedisTest, TheServerAnswersFromIt) {
  ASSERT_TRUE(Run(*Sink()).ok());
  ListCounters counters;
  RedisListsOptions options;
  options.address = server_.address();
  options.redis.timeout = options.redis.connect_timeout = absl::Seconds(20);
  RedisLists redis(options, clock_, counters);
  MemoryLists memory({}, clock_, counters);
  CandidateLists lists(&redis, memory, counters);
  SnapshotHolder holder;
  holder.Publish(std::make_shared<const Served>(
      RandomSnapshot(300, VectorIndexOptions::Type::kFlat), RankingPolicy(),
      std::make_shared<const LiveColumnsCache>(4, 0)));
  const Recommender recommender(holder, 1, Experiments::None(), nullptr,
                                &lists);
  const Recommender online(holder, 1);
  for (int u = 0; u < 20; ++u) {
    Query query;
    query.user_id = absl::StrCat("u", u);
    query.now = kTinyNow;
    query.limit = 10;
    const Recommendations a = *recommender.Recommend(query);
    const Recommendations b = *online.Recommend(query);
    EXPECT_EQ(a.origin, ListOrigin::kRedis);
    ASSERT_EQ(a.ranking.results.size(), b.ranking.results.size());
    for (size_t i = 0; i < a.ranking.results.size(); ++i) {
      EXPECT_EQ(a.ranking.results[i].event, b.ranking.results[i].event);
      EXPECT_EQ(a.ranking.results[i].score, b.ranking.results[i].score);
    }
  }
  EXPECT_EQ(counters.from_redis.load(), 20);
}

TEST_F(PrecomputeIntoRedisTest, AFullRedisIsNamedAndGoneOnWithLater) {
  options_.top = 200;
  server_.Do({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  server_.Do({"CONFIG", "SET", "maxmemory", "2mb"});
  const absl::Status status = Run(*Sink()).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("OOM"));
  EXPECT_EQ(
      server_.Do({"EXISTS", CurrentKey("default", ListKind::kRanking)}).integer,
      0);
  server_.Do({"CONFIG", "SET", "maxmemory", "0"});
  const PrecomputeReport report = *Run(*Sink());
  EXPECT_EQ(report.users, 2520);
  EXPECT_EQ(server_.Do({"GET", CurrentKey("default", ListKind::kRanking)}).text,
            report.batch);
  EXPECT_EQ(server_.Do({"DBSIZE"}).integer, 2521);
}

}  // namespace
}  // namespace usher
