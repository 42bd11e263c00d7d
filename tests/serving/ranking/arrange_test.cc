#include "serving/ranking/arrange.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// ann's list over the tiny city: jazz1 .. jazz4 before code1 .. code4.
class ArrangeTest : public ::testing::Test {
 protected:
  ArrangeTest() {
    query_.user_id = "ann";
    query_.now = kTinyNow;
  }

  Ranking Rank() const {
    return RankEvents(query_, RankingPolicy(),
                      BuildLiveView(snapshot_, RankingPolicy(), kTinyNow, 0),
                      snapshot_);
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const RankedEvent& event : Rank().results) {
      ids.emplace_back(snapshot_.catalog.EventId(event.event));
    }
    return ids;
  }
  static Rule Boosting(const std::string& organizer, float boost) {
    Rule rule = Of(organizer, RuleAction::kBoost);
    rule.boost = boost;
    return rule;
  }
  static Rule Of(const std::string& organizer, RuleAction action) {
    Rule rule;
    rule.action = action;
    rule.filter.organizers = {organizer};
    return rule;
  }
  void Boost(const std::string& organizer, float boost) {
    Rule rule = Of(organizer, RuleAction::kBoost);
    rule.boost = boost;
    query_.rules.push_back(rule);
  }
  void Pin(const std::string& event, int position) {
    Rule rule;
    rule.action = RuleAction::kPin;
    rule.filter.only_event_ids = {event};
    rule.pin_position = position;
    query_.rules.push_back(rule);
  }

  const Snapshot snapshot_ = TinySnapshot(TinyCatalog());
  Query query_;
};

TEST_F(ArrangeTest, ABoostOfOneChangesNothing) {
  const std::vector<std::string> before = Ids();
  ASSERT_EQ(before.size(), 8u);
  ASSERT_EQ(before.front().substr(0, 4), "jazz");
  Boost("code", 1);
  EXPECT_EQ(Ids(), before);
}

TEST_F(ArrangeTest, ABoostLiftsAndLessThanOneBuriesAndScoresStay) {
  const Ranking before = Rank();
  Boost("jazz", 0.001f);
  EXPECT_EQ(Ids().front().substr(0, 4), "code");
  query_.rules.clear();
  Boost("code", 1000);
  const std::vector<std::string> ids = Ids();
  EXPECT_EQ(ids.front().substr(0, 4), "code");
  EXPECT_EQ(ids.size(), 8u);
  for (const RankedEvent& event : Rank().results) {
    const auto same = std::find_if(
        before.results.begin(), before.results.end(),
        [&](const RankedEvent& other) { return other.event == event.event; });
    ASSERT_NE(same, before.results.end());
    EXPECT_EQ(event.score, same->score);
  }
}

TEST_F(ArrangeTest, WhatARuleExcludesIsGoneAndCounted) {
  query_.rules.push_back(Of("code", RuleAction::kExclude));
  for (const std::string& id : Ids()) EXPECT_EQ(id.substr(0, 4), "jazz");
  EXPECT_EQ(Rank().dropped[static_cast<size_t>(DropReason::kRule)], 4);
  query_.filter.only_event_ids = {"code1", "jazz1"};
  EXPECT_THAT(Ids(), ElementsAre("jazz1"));
}

TEST_F(ArrangeTest, APinIsAtItsPositionAndNowhereElse) {
  Pin("code4", 1);
  Pin("code3", 3);
  const std::vector<std::string> ids = Ids();
  EXPECT_EQ(ids[0], "code4");
  EXPECT_EQ(ids[2], "code3");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 8u);
}

TEST_F(ArrangeTest, APinBehindTheEndIsLastAndOneOfADeadEventIsNothing) {
  Pin("jazz2", 100);
  Pin("jazz0", 1);  // Over.
  const std::vector<std::string> ids = Ids();
  EXPECT_EQ(ids.back(), "jazz2");
  EXPECT_THAT(ids, Not(Contains("jazz0")));
  EXPECT_EQ(ids.size(), 8u);
}

TEST_F(ArrangeTest, APinCountsForTheCaps) {
  query_.max_per_organizer = 2;
  Pin("code4", 1);
  const std::vector<std::string> ids = Ids();
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(ids[0], "code4");
  EXPECT_EQ(std::count_if(ids.begin(), ids.end(),
                          [](const std::string& id) { return id[0] == 'c'; }),
            2);
}

TEST_F(ArrangeTest, APinHoldsWithinTheLimit) {
  query_.limit = 2;
  Pin("code4", 2);
  const std::vector<std::string> ids = Ids();
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[1], "code4");
}

TEST_F(ArrangeTest, DiversityOfNothingIsTheOrderByScoreAndMoreMixes) {
  const std::vector<std::string> by_score = Ids();
  query_.diversity = 1e-9f;
  EXPECT_EQ(Ids(), by_score);
  query_.diversity = 0.9f;
  const std::vector<std::string> mixed = Ids();
  EXPECT_EQ(mixed.front(), by_score.front());
  EXPECT_NE(mixed[1].substr(0, 4), mixed[0].substr(0, 4));
  EXPECT_TRUE(std::is_permutation(mixed.begin(), mixed.end(), by_score.begin(),
                                  by_score.end()));
}

TEST_F(ArrangeTest, NothingToArrangeIsNoTrouble) {
  query_.filter.organizers = {"nobody"};
  query_.diversity = 0.5f;
  Pin("code4", 1);
  Boost("code", 2);
  EXPECT_TRUE(Ids().empty());
}

TEST_F(ArrangeTest, ManyLargeBoostsStillGiveAnOrder) {
  for (int i = 0; i < 10; ++i) query_.rules.push_back(Boosting("code", 1e6f));
  query_.rules.push_back(Boosting("code", 0));
  const std::vector<std::string> ids = Ids();
  ASSERT_EQ(ids.size(), 8);
  // Buried in the end.
  EXPECT_EQ(ids.front().substr(0, 4), "jazz");
}

}  // namespace
}  // namespace usher
