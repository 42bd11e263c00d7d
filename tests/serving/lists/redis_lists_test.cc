#include "serving/lists/redis_lists.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "tests/testing/redis_server.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RedisListsTest : public ::testing::Test {
 protected:
  RedisListsTest() {
    options_.address = server_.address();
    options_.name_space = "test";
    options_.redis.timeout = options_.redis.connect_timeout = absl::Seconds(20);
  }

  void Plant(const std::string& batch, const std::string& user,
             const std::vector<std::string>& events) {
    RankedList list;
    list.event_ids = events;
    server_.Do({"SET", ListKey("test", ListKind::kRanking, batch, user),
                EncodeList(list)});
  }
  void SetCurrent(const std::string& batch) {
    server_.Do({"SET", CurrentKey("test", ListKind::kRanking), batch});
  }
  static std::vector<std::string> EventsOf(RedisLists& lists,
                                           absl::string_view user) {
    const auto list = lists.Find(user);
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() && list->has_value() ? (*list)->event_ids
                                          : std::vector<std::string>();
  }

  RedisServer server_;
  FakeClock clock_{1000 * kSecond};
  ListCounters counters_;
  RedisListsOptions options_;
};

TEST_F(RedisListsTest, ReadsTheUsersListOfTheCurrentBatch) {
  RedisLists lists(options_, clock_, counters_);
  EXPECT_FALSE(lists.Find("ann")->has_value());
  Plant("b1", "ann", {"e1", "e2"});
  Plant("b2", "ann", {"e3"});
  EXPECT_FALSE(lists.Find("ann")->has_value());  // No batch, as it remembers.
  SetCurrent("b1");
  clock_.Advance(options_.current_for);
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e1", "e2"));
  EXPECT_FALSE(lists.Find("bob")->has_value());
  EXPECT_EQ(counters_.redis_without.load(), 3);
  EXPECT_EQ(counters_.redis_asked.load(), 4);
}

TEST_F(RedisListsTest, FollowsCurrentWithinItsTime) {
  RedisLists lists(options_, clock_, counters_);
  Plant("b1", "ann", {"e1"});
  Plant("b2", "ann", {"e2"});
  SetCurrent("b1");
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e1"));
  SetCurrent("b2");
  clock_.Advance(options_.current_for);
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e2"));
}

TEST_F(RedisListsTest, IdsMayHoldAnyByte) {
  RedisLists lists(options_, clock_, counters_);
  SetCurrent("b");
  const std::string odd = absl::StrCat("{a}:b%\n\r", std::string(1, '\0'), "é");
  Plant("b", odd, {"e1"});
  EXPECT_THAT(EventsOf(lists, odd), ElementsAre("e1"));
}

TEST_F(RedisListsTest, WhatIsNoListIsDamaged) {
  RedisLists lists(options_, clock_, counters_);
  SetCurrent("b");
  const std::string key = ListKey("test", ListKind::kRanking, "b", "ann");
  server_.Do({"SET", key, "no list"});
  EXPECT_TRUE(absl::IsDataLoss(lists.Find("ann").status()));
  server_.Do({"SET", key, std::string(size_t{4} << 20, 'x')});
  EXPECT_TRUE(absl::IsDataLoss(lists.Find("ann").status()));
  server_.Do({"DEL", key});
  server_.Do({"LPUSH", key, "x"});
  EXPECT_TRUE(absl::IsDataLoss(lists.Find("ann").status()));
  EXPECT_EQ(counters_.redis_damaged.load(), 3);
  // None of it is a reason to leave Redis alone.
  Plant("b", "bob", {"e1"});
  EXPECT_THAT(EventsOf(lists, "bob"), ElementsAre("e1"));
}

TEST_F(RedisListsTest, ACurrentThatIsNoBatchIsAFailure) {
  RedisLists lists(options_, clock_, counters_);
  SetCurrent("b:{x}");
  EXPECT_THAT(std::string(lists.Find("ann").status().message()),
              HasSubstr("usher:test:rec:current"));
  EXPECT_EQ(counters_.redis_failed.load(), 1);
}

TEST_F(RedisListsTest, AfterFailuresItRestsAndOneCallTriesAgain) {
  RedisLists lists(options_, clock_, counters_);
  SetCurrent("b");
  Plant("b", "ann", {"e1"});
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e1"));
  server_.Kill();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(lists.Find("ann").status()));
  }
  EXPECT_EQ(counters_.redis_failed.load(), options_.failures_to_rest);
  EXPECT_EQ(counters_.redis_skipped.load(), 10 - options_.failures_to_rest);
  clock_.Advance(options_.rest_for);
  EXPECT_FALSE(lists.Find("ann").ok());
  EXPECT_FALSE(lists.Find("ann").ok());
  EXPECT_EQ(counters_.redis_failed.load(), options_.failures_to_rest + 1);
  server_.Start();
  SetCurrent("b");
  Plant("b", "ann", {"e2"});
  EXPECT_FALSE(lists.Find("ann").ok());
  clock_.Advance(options_.rest_for);
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e2"));
  EXPECT_THAT(EventsOf(lists, "ann"), ElementsAre("e2"));
}

TEST_F(RedisListsTest, WhoIsForgottenHasNoListsLeft) {
  RedisLists lists(options_, clock_, counters_);
  SetCurrent("b");
  Plant("b", "ann", {"e1"});
  server_.Do({"SET", CurrentKey("test", ListKind::kNeighbours), "c"});
  const std::string sim = ListKey("test", ListKind::kNeighbours, "c", "ann");
  server_.Do({"SET", sim, "x"});
  EXPECT_TRUE(lists.Forget("ann").ok());
  EXPECT_FALSE(lists.Find("ann")->has_value());
  EXPECT_EQ(server_.Do({"EXISTS", sim}).integer, 0);
}

TEST_F(RedisListsTest, AListOf100TakesAtMost2KilobytesOfRedis) {
  RankedList list;
  for (int i = 0; i < 100; ++i) {
    list.event_ids.push_back(absl::StrCat("event", 10'000 + i));
    list.scores.push_back(1.0f / static_cast<float>(i + 3));
    ASSERT_EQ(list.event_ids.back().size(), 10u);
  }
  list.batch = "20261123T060519.990-v123";
  list.model_version = 123;
  list.policy = PolicyHash(RankingPolicy());
  list.generated_at = 1'780'271'897'123'456;
  list.location = {51.05f, 3.72f};
  const std::string key =
      ListKey("production", ListKind::kRanking, list.batch, "user567890");
  server_.Do({"SET", key, EncodeList(list), "EX", "86400"});
  const int64_t bytes = server_.Do({"MEMORY", "USAGE", key}).integer;
  EXPECT_LE(bytes, 2048);
  EXPECT_GT(bytes, 1600);
  RecordProperty("redis_bytes_a_list", static_cast<int>(bytes));
}

}  // namespace
}  // namespace usher
