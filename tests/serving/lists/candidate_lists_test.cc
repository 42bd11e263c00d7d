#include "serving/lists/candidate_lists.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/convert_responses.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "tests/testing/redis_server.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class CandidateListsTest : public ::testing::Test {
 protected:
  CandidateListsTest() {
    Use(absl::Seconds(20), clock_);
    Adopt(RandomSnapshot(1000, VectorIndexOptions::Type::kFlat));
  }

  // Starts again with a Redis that is waited for so long.
  void Use(absl::Duration timeout, const Clock& clock) {
    RedisListsOptions options;
    options.address = server_.address();
    options.redis.timeout = options.redis.connect_timeout = timeout;
    options.current_for = 0;  // Always asked for anew.
    recommender_.reset();
    lists_.reset();
    redis_.emplace(options, clock, counters_);
    lists_.emplace(&*redis_, memory_, counters_);
    recommender_.emplace(holder_, 5, Experiments::None(), nullptr, &*lists_);
  }
  void Adopt(Snapshot snapshot) {
    ASSERT_TRUE(
        publisher_.Adopt(std::move(snapshot), RankingPolicy(), kTinyNow).ok());
  }
  void Write(StateWrite write) {
    const auto receipt = publisher_.Write(std::move(write));
    ASSERT_TRUE(receipt.ok()) << receipt.status();
  }
  void Cancel(const std::string& id) {
    Event event = TinyEvent(id, 5 * kDay);
    event.status = EventStatus::kCancelled;
    Write(EventUpserts{{event}, {}});
  }
  void Act(const std::string& user, const std::string& event,
           InteractionKind kind) {
    Interaction interaction;
    interaction.user_id = user;
    interaction.event_id = event;
    interaction.kind = kind;
    interaction.occurred_at = kTinyNow;
    Write(Interactions{interaction});
  }

  static RankedList ListOf(std::vector<std::string> events) {
    RankedList list;
    list.event_ids = std::move(events);
    list.model_version = 7;
    list.policy = PolicyHash(RankingPolicy());
    list.generated_at = kTinyNow;
    return list;
  }
  void Plant(const std::string& user, const RankedList& list) {
    server_.Do({"SET", ListKey("default", ListKind::kRanking, "b", user),
                EncodeList(list)});
    server_.Do({"SET", CurrentKey("default", ListKind::kRanking), "b"});
  }

  Recommendations Ask(const std::string& user, int limit) {
    Query query;
    query.user_id = user;
    query.now = kTinyNow;
    query.limit = limit;
    return Ask(query);
  }
  Recommendations Ask(const Query& query) {
    absl::StatusOr<Recommendations> answer = recommender_->Recommend(query);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return *std::move(answer);
  }
  static std::vector<std::string> Ids(const Recommendations& answer) {
    std::vector<std::string> ids;
    for (const RankedEvent& event : answer.ranking.results) {
      ids.emplace_back(answer.served->snapshot().catalog.EventId(event.event));
    }
    return ids;
  }
  int64_t Refused(ListRefusal refusal) const {
    return counters_.refused[static_cast<size_t>(refusal)].load();
  }

  RedisServer server_;
  FakeClock clock_{kTinyNow};
  ListCounters counters_;
  MemoryLists memory_{{}, clock_, counters_};
  std::optional<RedisLists> redis_;
  std::optional<CandidateLists> lists_;
  SnapshotHolder holder_;
  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotPublisher publisher_{*state_, holder_, {}};
  std::optional<Recommender> recommender_;
};

TEST_F(CandidateListsTest, APlantedListIsFollowedAndSaidSo) {
  Plant("u0", ListOf({"e5", "e7", "e9", "e11"}));
  const Recommendations answer = Ask("u0", 4);
  EXPECT_EQ(answer.origin, ListOrigin::kRedis);
  EXPECT_THAT(Ids(answer), UnorderedElementsAre("e5", "e7", "e9", "e11"));
  EXPECT_EQ(counters_.from_redis.load(), 1);
  EXPECT_EQ(counters_.topped_up.load(), 0);
}

TEST_F(CandidateListsTest, ItsOrderIsThatOfTheRequestsOwnRanking) {
  Plant("u0", ListOf({"e5", "e7", "e9", "e11"}));
  const Recommendations answer = Ask("u0", 4);
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.filter.only_event_ids = {"e11", "e9", "e7", "e5"};
  EXPECT_EQ(Ids(answer), Ids(Ask(query)));
}

TEST_F(CandidateListsTest, CancellingItsTopEventRemovesItFromTheNextAnswer) {
  Plant("u0", ListOf({"e5", "e7", "e9", "e11"}));
  const std::vector<std::string> before = Ids(Ask("u0", 3));
  Cancel(before.front());
  const Recommendations answer = Ask("u0", 3);
  EXPECT_EQ(answer.origin, ListOrigin::kRedis);
  EXPECT_THAT(Ids(answer), SizeIs(3));
  EXPECT_THAT(Ids(answer), Not(Contains(before.front())));
}

TEST_F(CandidateListsTest, AListThatIsTooShortIsToppedUp) {
  const std::vector<std::string> online = Ids(Ask("u0", 20));
  Plant("u0", ListOf({online[3], "nowhere"}));
  const Recommendations answer = Ask("u0", 20);
  EXPECT_EQ(answer.origin, ListOrigin::kRedis);
  EXPECT_EQ(Ids(answer), online);
  EXPECT_EQ(counters_.topped_up.load(), 1);
}

TEST_F(CandidateListsTest, ARuleThatShortensAListHasItToppedUp) {
  const std::vector<std::string> online = Ids(Ask("u0", 20));
  Plant("u0", ListOf({online[0], online[1]}));
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.limit = 20;
  Rule rule;
  rule.action = RuleAction::kExclude;
  rule.filter.only_event_ids = {online[1]};
  query.rules.push_back(rule);
  const Recommendations answer = Ask(query);
  EXPECT_THAT(Ids(answer), SizeIs(20));
  EXPECT_THAT(Ids(answer), Not(Contains(online[1])));
  EXPECT_EQ(counters_.topped_up.load(), 1);
}

TEST_F(CandidateListsTest, AnEventThatIsNewerThanTheListIsMergedIn) {
  Plant("u0", ListOf({"e5", "e7", "e9", "e11"}));
  Write(EventUpserts{{TinyEvent("brandnew", kDay)}, {}});
  EXPECT_THAT(Ids(Ask("u0", 5)),
              UnorderedElementsAre("e5", "e7", "e9", "e11", "brandnew"));
  EXPECT_EQ(counters_.topped_up.load(), 0);
}

TEST_F(CandidateListsTest, AnEventThatIsInTheIndexByNowIsStillNewer) {
  Snapshot snapshot = RandomSnapshot(1000, VectorIndexOptions::Type::kFlat);
  snapshot.RefreshVectors(
      snapshot.catalog.UpsertEvent(TinyEvent("brandnew", kDay)));
  ASSERT_TRUE(snapshot.Take(*snapshot.IndexWhole()));
  ASSERT_TRUE(snapshot.tail.empty());
  Adopt(std::move(snapshot));
  Plant("u0", ListOf({"e5", "e7"}));
  EXPECT_THAT(Ids(Ask("u0", 3)), UnorderedElementsAre("e5", "e7", "brandnew"));
}

TEST_F(CandidateListsTest, AnEventAnnouncedSinceIsMergedIn) {
  Catalog catalog = TinyCatalog();
  Event event = TinyEvent("later", kDay);
  event.announce_time = kTinyNow - kHour;
  catalog.UpsertEvent(event);
  Event older = TinyEvent("older", kDay);
  older.announce_time = kTinyNow - 3 * kHour;
  catalog.UpsertEvent(older);
  Adopt(TinySnapshot(std::move(catalog)));
  RankedList list = ListOf({"code1"});
  list.generated_at = kTinyNow - 2 * kHour;
  list.location = {51.05f, 3.72f};
  Plant("eve", list);
  EXPECT_THAT(Ids(Ask("eve", 2)), UnorderedElementsAre("code1", "later"));
}

TEST_F(CandidateListsTest, WhatTheUserDidSinceBringsItsOrganizer) {
  Adopt(TinySnapshot(TinyCatalog()));
  RankedList list = ListOf({"code1"});
  list.location = {51.05f, 3.72f};
  Plant("eve", list);
  EXPECT_THAT(Ids(Ask("eve", 1)), ElementsAre("code1"));
  Act("eve", "jazz1", InteractionKind::kRsvpYes);
  EXPECT_THAT(Ids(Ask("eve", 4)),
              UnorderedElementsAre("code1", "jazz2", "jazz3", "jazz4"));
  Act("eve", "code1", InteractionKind::kDismiss);
  EXPECT_THAT(Ids(Ask("eve", 3)), Not(Contains("code1")));
}

TEST_F(CandidateListsTest, AListOfOtherTermsIsRefusedAndCounted) {
  RankedList list = ListOf({"e5"});
  list.policy = "another";
  Plant("u0", list);
  EXPECT_EQ(Ask("u0", 1).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kPolicy), 1);
  list = ListOf({"e5"});
  list.location = {10, 10};
  Plant("u1", list);
  EXPECT_EQ(Ask("u1", 1).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kFar), 1);
  Plant("u2", ListOf({"nowhere"}));
  EXPECT_EQ(Ask("u2", 1).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kUnknown), 1);
  Query query;
  query.user_id = "u3";
  query.now = kTinyNow;
  query.filter.max_distance_km = 5;
  Plant("u3", ListOf({"e5"}));
  EXPECT_EQ(Ask(query).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kFilter), 1);
}

TEST_F(CandidateListsTest, AListWhoseEventsAreAllDeadIsNoSource) {
  Plant("u0", ListOf({"past0", "past1"}));
  const Recommendations answer = Ask("u0", 3);
  EXPECT_EQ(answer.origin, ListOrigin::kOnline);
  EXPECT_THAT(Ids(answer), SizeIs(3));
}

TEST_F(CandidateListsTest, WithoutAListTheSecondAnswerComesFromMemory) {
  const Recommendations first = Ask("u0", 20);
  EXPECT_EQ(first.origin, ListOrigin::kOnline);
  const Recommendations second = Ask("u0", 20);
  EXPECT_EQ(second.origin, ListOrigin::kMemory);
  EXPECT_EQ(Ids(second), Ids(first));
  EXPECT_EQ(second.to_come, first.to_come);
  EXPECT_EQ(counters_.from_memory.load(), 1);
  clock_.Advance(kMinute);
  EXPECT_EQ(Ask("u0", 20).origin, ListOrigin::kOnline);
}

TEST_F(CandidateListsTest, WhatIsAskedAgainIsAnsweredAsBefore) {
  const Recommendations first = Ask("u0", 20);
  const Recommendations again = Ask("u0", 20);
  ASSERT_THAT(again.ranking.results, SizeIs(20));
  for (size_t i = 0; i < 20; ++i) {
    const RankedEvent& a = first.ranking.results[i];
    const RankedEvent& b = again.ranking.results[i];
    EXPECT_EQ(b.event, a.event);
    EXPECT_EQ(b.score, a.score);
    EXPECT_EQ(b.sources, a.sources);
    EXPECT_EQ(b.features, a.features);
  }
  EXPECT_EQ(again.ranking.dropped, first.ranking.dropped);
  const Recommendations shorter = Ask("u0", 5);
  EXPECT_EQ(shorter.origin, ListOrigin::kMemory);
  std::vector<std::string> ids = Ids(first);
  ids.resize(5);
  EXPECT_EQ(Ids(shorter), ids);
  EXPECT_THAT(shorter.to_come, SizeIs(first.to_come.size() + 15));
}

TEST_F(CandidateListsTest, AnotherPlaceOrDeviceIsRankedAnew) {
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.location = {45, 10};
  Ask(query);
  query.location.latitude += 0.01f;
  const Recommendations moved = Ask(query);
  EXPECT_EQ(moved.origin, ListOrigin::kMemory);
  for (const RankedEvent& event : moved.ranking.results) {
    const GeoPoint place = moved.served->snapshot()
                               .catalog.events.columns[Index(event.event)]
                               .location;
    EXPECT_NEAR(event.distance_km, DistanceKm(query.location, place), 0.01);
  }
  query.device = Device::kDesktop;
  const Recommendations other = Ask(query);
  EXPECT_EQ(other.origin, ListOrigin::kMemory);
  for (const RankedEvent& event : other.ranking.results) {
    EXPECT_EQ(event.features[static_cast<size_t>(Feature::kDevice)],
              static_cast<float>(Device::kDesktop));
  }
}

TEST_F(CandidateListsTest, MemoryKnowsWhatBeginsAndIsAnnouncedInTheMinute) {
  Event begins = TinyEvent("begins", 20 * kSecond);
  Event announced = TinyEvent("announced", kDay);
  announced.announce_time = kTinyNow + 20 * kSecond;
  Write(EventUpserts{{begins, announced}, {}});
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.limit = 200;
  ASSERT_EQ(MinuteOf(query.now), MinuteOf(query.now + 40 * kSecond));
  EXPECT_THAT(Ids(Ask(query)),
              AllOf(Contains("begins"), Not(Contains("announced"))));
  query.now += 40 * kSecond;
  Recommendations next = Ask(query);
  EXPECT_EQ(next.origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(next), AllOf(Not(Contains("begins")), Contains("announced")));
  next = Ask(query);
  EXPECT_EQ(next.origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(next), AllOf(Not(Contains("begins")), Contains("announced")));
}

TEST_F(CandidateListsTest, MemoryIsOfNoInstantBeforeItWasRanked) {
  Write(EventUpserts{{TinyEvent("begins", 20 * kSecond)}, {}});
  Query query;
  query.user_id = "u0";
  query.limit = 200;
  for (const Micros later : {0, 40}) {
    query.now = kTinyNow + later * kSecond;
    Ask(query);
  }
  query.now = kTinyNow + 10 * kSecond;
  EXPECT_THAT(Ids(Ask(query)), Contains("begins"));
}

TEST_F(CandidateListsTest, AListOfAllThatThereIsIsAnsweredAsBefore) {
  Adopt(TinySnapshot(TinyCatalog()));
  EXPECT_THAT(Ids(Ask("ann", 20)), SizeIs(::testing::Lt(20)));
  for (const int limit : {20, 30, 2}) {
    const Recommendations again = Ask("ann", limit);
    EXPECT_EQ(again.origin, ListOrigin::kMemory);
    EXPECT_FALSE(again.ranking.topped_up);
    EXPECT_EQ(again.ranking.candidates, (Ranking().candidates));
  }
  EXPECT_EQ(counters_.topped_up.load(), 0);
}

TEST_F(CandidateListsTest, ReasonsFromMemoryAreThoseOfTheResults) {
  v1::RecommendRequest request;
  request.set_detail(v1::REASONS);
  for (const int limit : {20, 20, 5}) {
    const Recommendations answer = Ask("u0", limit);
    v1::RecommendResponse response;
    ToProto(answer, request, &response);
    const auto expected = ReasonsOfList(answer.ranking.results, answer.policy,
                                        answer.served->snapshot(), kMaxReasons);
    ASSERT_EQ(response.results_size(), limit);
    int reasons = 0;
    for (int i = 0; i < limit; ++i) {
      ASSERT_EQ(response.results(i).reasons_size(), expected[i].size());
      for (size_t r = 0; r < expected[i].size(); ++r, ++reasons) {
        EXPECT_EQ(response.results(i).reasons(r).text(), expected[i][r].text);
      }
    }
    EXPECT_GT(reasons, 0);
    EXPECT_NE(answer.kept, nullptr);
  }
}

TEST_F(CandidateListsTest, MemoryIsRankedAnewWithTheNextMinute) {
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.limit = 20;
  const Recommendations first = Ask(query);
  query.now = MinuteOf(kTinyNow) + kMinute;
  const Recommendations next = Ask(query);
  ASSERT_EQ(next.origin, ListOrigin::kMemory);
  int in_both = 0;
  for (const RankedEvent& event : next.ranking.results) {
    for (const RankedEvent& before : first.ranking.results) {
      if (before.event != event.event) continue;
      EXPECT_LT(event.lead_hours, before.lead_hours);
      ++in_both;
    }
  }
  EXPECT_GT(in_both, 0);
}

TEST_F(CandidateListsTest, AListThatWasRankedAnewEndsWhenItWouldHave) {
  Ask("u0", 20);
  clock_.Advance(20 * kSecond);
  Write(EventUpserts{{TinyEvent("brandnew", kDay)}, {}});
  EXPECT_EQ(Ask("u0", 200).origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(Ask("u0", 200)), Contains("brandnew"));
  EXPECT_EQ(counters_.from_memory.load(), 2);
  clock_.Advance(18 * kSecond);
  EXPECT_EQ(Ask("u0", 200).origin, ListOrigin::kOnline);
}

TEST_F(CandidateListsTest, MemoryKnowsWhatJustHappened) {
  const std::vector<std::string> first = Ids(Ask("u0", 20));
  Cancel(first[0]);
  Recommendations next = Ask("u0", 20);
  EXPECT_EQ(next.origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(next), Not(Contains(first[0])));
  Write(EventUpserts{{TinyEvent("brandnew", kDay)}, {}});
  next = Ask("u0", 200);
  EXPECT_EQ(next.origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(next), Contains("brandnew"));
  Act("u0", first[1], InteractionKind::kView);
  EXPECT_EQ(Ask("u0", 20).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kChanged), 1);
  EXPECT_EQ(Ask("u0", 20).origin, ListOrigin::kMemory);
  Act("u0", first[1], InteractionKind::kRsvpYes);
  next = Ask("u0", 20);
  EXPECT_EQ(next.origin, ListOrigin::kOnline);
  EXPECT_THAT(Ids(next), Not(Contains(first[1])));
}

TEST_F(CandidateListsTest, MemoryKnowsWhatOthersWantSinceThen) {
  const Recommendations first = Ask("u0", 20);
  const Snapshot& snapshot = first.served->snapshot();
  // An event that is not in the list, nor on any page of it.
  std::set<EventRow> listed(first.ranking.further.begin(),
                            first.ranking.further.end());
  for (const RankedEvent& event : first.ranking.results) {
    listed.insert(event.event);
  }
  std::string other;
  for (int i = 0; other.empty(); ++i) {
    ASSERT_LT(i, 1000);
    const std::string id = absl::StrCat("e", i);
    if (!listed.contains(snapshot.catalog.FindEvent(id))) other = id;
  }
  for (int u = 1; u < 20; ++u) {
    Act(absl::StrCat("u", u), other, InteractionKind::kRsvpYes);
  }
  const Recommendations next = Ask("u0", 200);
  EXPECT_EQ(next.origin, ListOrigin::kMemory);
  EXPECT_THAT(Ids(next), Contains(other));
}

TEST_F(CandidateListsTest, MemoryIsNotUsedAcrossAReload) {
  Ask("u0", 20);
  Adopt(RandomSnapshot(1000, VectorIndexOptions::Type::kFlat, 2));
  EXPECT_EQ(Ask("u0", 20).origin, ListOrigin::kOnline);
  EXPECT_EQ(Refused(ListRefusal::kChanged), 1);
}

TEST_F(CandidateListsTest, AnAnswerOfRulesIsNotKept) {
  Query query;
  query.user_id = "u0";
  query.now = kTinyNow;
  query.max_per_venue = 1;
  Ask(query);
  EXPECT_EQ(counters_.memory_kept.load(), 0);
}

TEST_F(CandidateListsTest, WhoIsForgottenHasNothingKept) {
  Plant("u0", ListOf({"e5"}));
  Ask("u1", 20);
  EXPECT_TRUE(lists_->Forget("u0").ok());
  EXPECT_TRUE(lists_->Forget("u1").ok());
  EXPECT_EQ(Ask("u0", 1).origin, ListOrigin::kOnline);
  EXPECT_EQ(Ask("u1", 1).origin, ListOrigin::kOnline);
}

TEST_F(CandidateListsTest, RedisThatIsDownFailsNoCallAndIsNamed) {
  server_.Kill();
  Use(absl::Milliseconds(50), clock_);
  const Recommendations answer = Ask("u0", 5);
  EXPECT_THAT(Ids(answer), SizeIs(5));
  ASSERT_THAT(answer.ranking.degraded, SizeIs(1));
  EXPECT_THAT(answer.ranking.degraded[0], HasSubstr("lists: redis at unix:"));
  EXPECT_EQ(Ask("u0", 5).origin, ListOrigin::kMemory);
  EXPECT_EQ(counters_.redis_failed.load(), 2);
}

TEST_F(CandidateListsTest, RedisThatLiesFailsNoCall) {
  server_.Do({"SET", CurrentKey("default", ListKind::kRanking), "b"});
  const auto key = [](const char* user) {
    return ListKey("default", ListKind::kRanking, "b", user);
  };
  server_.Do({"SET", key("u0"), std::string(size_t{8} << 20, '\x80')});
  server_.Do({"HSET", key("u1"), "a", "b"});
  RankedList endless = ListOf({});
  for (int i = 0; i < 900; ++i)
    endless.event_ids.push_back(absl::StrCat("x", i));
  Plant("u2", endless);
  server_.Do({"SET", key("u3"), EncodeList(ListOf({"e5"})).substr(3)});
  for (const char* user : {"u0", "u1", "u2", "u3"}) {
    const Recommendations answer = Ask(user, 5);
    EXPECT_EQ(answer.origin, ListOrigin::kOnline) << user;
    EXPECT_THAT(Ids(answer), SizeIs(5));
  }
  EXPECT_EQ(counters_.redis_damaged.load(), 3);
  EXPECT_EQ(Refused(ListRefusal::kUnknown), 1);
}

// Asks from two threads while `trouble` happens to Redis; every call must be
// answered, and none may take as long as the rest of the test.
class RedisUnderLoadTest : public CandidateListsTest {
 protected:
  static constexpr int kCallsMeanwhile = 300;

  void AskDuring(const std::function<void()>& trouble) {
    Use(absl::Milliseconds(20), Clock::System());
    for (int u = 0; u < 20; ++u) {
      Plant(absl::StrCat("u", u), ListOf({"e5", "e7", "e9", "e11"}));
    }
    std::atomic<bool> stop{false};
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; !stop.load(); ++i) {
          Query query;
          query.user_id = absl::StrCat("u", i % 20);
          query.now = kTinyNow;
          query.limit = 4;
          const absl::Time begin = absl::Now();
          const auto answer = recommender_->Recommend(query);
          const absl::Duration took = absl::Now() - begin;
          ASSERT_TRUE(answer.ok()) << answer.status();
          EXPECT_THAT(answer->ranking.results, SizeIs(4));
          if (took > slowest_[t]) slowest_[t] = took;
          calls.fetch_add(1);
        }
      });
    }
    const auto wait_for = [&](int more) {
      const int target = calls.load() + more;
      while (calls.load() < target) std::this_thread::yield();
    };
    wait_for(kCallsMeanwhile);
    EXPECT_GT(counters_.from_redis.load(), 0);
    trouble();
    const int64_t asked = counters_.redis_asked.load();
    wait_for(kCallsMeanwhile);
    asked_in_trouble_ = counters_.redis_asked.load() - asked;
    stop.store(true);
    for (std::thread& thread : threads) thread.join();
  }

  // A connection and two answers of 20 ms, on a machine that is busy.
  void ExpectBounded() const {
    EXPECT_LT(std::max(slowest_[0], slowest_[1]), absl::Seconds(2));
    EXPECT_GT(counters_.redis_failed.load(), 0);
    EXPECT_GT(counters_.redis_skipped.load(), 0);
    EXPECT_LT(asked_in_trouble_, kCallsMeanwhile / 2);
  }

  absl::Duration slowest_[2] = {absl::ZeroDuration(), absl::ZeroDuration()};
  int64_t asked_in_trouble_ = 0;
};

TEST_F(RedisUnderLoadTest, KilledItCostsNoCall) {
  AskDuring([&] { server_.Kill(); });
  ExpectBounded();
}

TEST_F(RedisUnderLoadTest, PausedItCostsNoCallAndIsUsedAgainAfterwards) {
  AskDuring([&] { server_.Pause(); });
  ExpectBounded();
  server_.Resume();
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (Ask("u0", 4).origin != ListOrigin::kRedis) {
    ASSERT_LT(absl::Now(), deadline);
  }
}

}  // namespace
}  // namespace usher
