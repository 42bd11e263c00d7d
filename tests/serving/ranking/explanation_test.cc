#include "serving/ranking/explanation.h"

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Snapshot TwoEvents() {
  Catalog catalog;
  Event jazz;
  jazz.id = "jazz";
  jazz.organizer = "club";
  jazz.organizer_name = "The Club";
  jazz.start_time = kCityNow + kDay;
  catalog.UpsertEvent(jazz);
  Event bare;
  bare.id = "bare";
  catalog.UpsertEvent(bare);
  for (const char* user : {"ann", "bob", "cem", "dee", "eve"}) {
    catalog.Apply(catalog.UserRowOf(user), EventRow{0},
                  InteractionKind::kRsvpYes, NAN, kCityNow - kHour);
  }
  return SnapshotOf(std::move(catalog));
}

RankedEvent Ranked(EventRow event) {
  RankedEvent ranked;
  ranked.event = event;
  ranked.distance_km = NAN;
  ranked.lead_hours = 24;
  ranked.fresh_hours = NAN;
  ranked.upcoming = 100;
  return ranked;
}

std::vector<std::string> Codes(const std::vector<Reason>& reasons) {
  std::vector<std::string> codes;
  for (const Reason& reason : reasons) codes.emplace_back(reason.code);
  return codes;
}

class ExplanationTest : public ::testing::Test {
 protected:
  static void Set(RankedEvent& event, Feature feature, float value) {
    event.features[static_cast<size_t>(feature)] = value;
  }
  std::vector<Reason> ReasonsOf(const RankedEvent& event, int limit = 20) {
    return Reasons(event, policy_, snapshot_, limit);
  }

  const Snapshot snapshot_ = TwoEvents();
  const RankingPolicy policy_;
  RankedEvent jazz_ = Ranked(EventRow{0});
};

TEST_F(ExplanationTest, OfLearnedTreesTheyAddUpToTheScoreWithTheBaseValue) {
  RankingPolicy policy;
  policy.trees = std::make_shared<const TreeRanker>(
      TreeRanker::Create(1, 1, {{{{Feature::kVenue, 0.5f}}, {3, 1, 7}}})
          .value());
  Set(jazz_, Feature::kVenue, 1);
  EXPECT_EQ(BaseValue(policy), 3);
  const std::vector<Contribution> parts = Contributions(jazz_, policy);
  ASSERT_EQ(parts.size(), 1);
  EXPECT_FLOAT_EQ(parts[0].contribution,
                  policy.weight(Feature::kVenue) + 7 - 3);
}

TEST_F(ExplanationTest, WhatATreeMakesOfNothingIsNoReason) {
  RankingPolicy policy;
  policy.trees = std::make_shared<const TreeRanker>(
      TreeRanker::Create(1, 1,
                         {{{{Feature::kFollowed, 0.5f}}, {0, 2, -2}},
                          {{{Feature::kNeighbours, 0.5f}}, {0, 2, -2}}})
          .value());
  for (const Reason& reason : Reasons(jazz_, policy, snapshot_, 20)) {
    EXPECT_NE(reason.code, "followed");
    EXPECT_NE(reason.code, "neighbours");
  }
  EXPECT_EQ(Contributions(jazz_, policy).size(), 2);
}

TEST_F(ExplanationTest, ContributionsAreWeightTimesValueTheLargestFirst) {
  Set(jazz_, Feature::kVenue, 1);
  Set(jazz_, Feature::kOwnOrganizer, 2);
  Set(jazz_, Feature::kDistance, 4);
  const std::vector<Contribution> parts = Contributions(jazz_, policy_);
  ASSERT_EQ(parts.size(), 3);
  EXPECT_EQ(parts[0].feature, Feature::kOwnOrganizer);
  EXPECT_EQ(parts[0].value, 2);
  EXPECT_EQ(parts[0].contribution, 2 * policy_.weight(Feature::kOwnOrganizer));
  EXPECT_EQ(parts[1].feature, Feature::kDistance);
  EXPECT_LT(parts[1].contribution, 0);
  EXPECT_EQ(parts[2].feature, Feature::kVenue);
}

TEST_F(ExplanationTest, NothingKnownIsNoContribution) {
  EXPECT_THAT(Contributions(jazz_, policy_), IsEmpty());
}

TEST_F(ExplanationTest, TheOrganizerIsNamed) {
  Set(jazz_, Feature::kFollowed, 1);
  const std::vector<Reason> reasons = ReasonsOf(jazz_, 1);
  ASSERT_EQ(reasons.size(), 1);
  EXPECT_EQ(reasons[0].code, "followed");
  EXPECT_THAT(reasons[0].text, HasSubstr("The Club"));
  EXPECT_EQ(reasons[0].value, 1);
}

TEST_F(ExplanationTest, ATextIsSaidOnce) {
  Set(jazz_, Feature::kOwnOrganizer, 1);
  Set(jazz_, Feature::kOwnShare, 1);
  std::set<std::string> texts;
  for (const Reason& reason : ReasonsOf(jazz_)) {
    EXPECT_TRUE(texts.insert(reason.text).second) << reason.text;
  }
  EXPECT_EQ(texts.count("You go to events of The Club"), 1);
}

TEST_F(ExplanationTest, TheStrongestComeFirstAndAtMostSoMany) {
  Set(jazz_, Feature::kOwnOrganizer, 1);
  Set(jazz_, Feature::kFollowed, 1);
  Set(jazz_, Feature::kContent, 0.5f);
  EXPECT_THAT(Codes(ReasonsOf(jazz_, 2)),
              ElementsAre("own_organizer", "content"));
  EXPECT_THAT(ReasonsOf(jazz_, 0), IsEmpty());
}

TEST_F(ExplanationTest, WhatSpeaksAgainstTheEventIsNoReason) {
  Set(jazz_, Feature::kContent, -1);
  Set(jazz_, Feature::kConflict, 1);
  Set(jazz_, Feature::kOrganizerNo, 1);
  Set(jazz_, Feature::kDistance, std::log1p(40.0f));
  jazz_.distance_km = 40;
  for (const Feature feature : {Feature::kLeadRank, Feature::kDayRank,
                                Feature::kYesRank, Feature::kAnswerRank}) {
    Set(jazz_, feature, std::log1p(500.0f));
  }
  EXPECT_THAT(ReasonsOf(jazz_), IsEmpty());
}

TEST_F(ExplanationTest, ANearAndWantedEventIsSaidToBeSo) {
  jazz_.distance_km = 1.25f;
  Set(jazz_, Feature::kYesRank, std::log1p(3.0f));
  jazz_.lead_hours = 600;
  for (const Feature feature :
       {Feature::kLeadRank, Feature::kDayRank, Feature::kAnswerRank}) {
    Set(jazz_, feature, std::log1p(500.0f));
  }
  const std::vector<Reason> reasons = ReasonsOf(jazz_);
  EXPECT_THAT(Codes(reasons), ElementsAre("distance", "yes_rank"));
  EXPECT_THAT(reasons[0].text, HasSubstr("1.2 km"));
}

TEST_F(ExplanationTest, OfOneOrganizerOneThingIsSaid) {
  Set(jazz_, Feature::kOwnOrganizer, 1);
  Set(jazz_, Feature::kOwnShare, 1);
  Set(jazz_, Feature::kFollowed, 1);
  Set(jazz_, Feature::kAlsOrganizer, 1);
  Set(jazz_, Feature::kYesRank, std::log1p(50.0f));
  jazz_.lead_hours = 600;
  const std::vector<Reason> reasons = ReasonsOf(jazz_);
  ASSERT_THAT(Codes(reasons), ElementsAre("own_organizer"));
  EXPECT_EQ(reasons[0].text, "You follow The Club and go to its events");
}

TEST_F(ExplanationTest, NobodysEventHasNoOrganizerToGoTo) {
  RankedEvent bare = Ranked(EventRow{1});
  bare.lead_hours = 1e6f;
  Set(bare, Feature::kAlsOrganizer, 1);
  EXPECT_THAT(ReasonsOf(bare), IsEmpty());
}

TEST_F(ExplanationTest, AmongFewEventsAnyRankIsGoodAndSaysNothing) {
  // Every rank of it is among the best.
  RankedEvent bare = Ranked(EventRow{1});
  bare.lead_hours = 1e6f;
  bare.upcoming = 2;
  EXPECT_THAT(ReasonsOf(bare), IsEmpty());
}

TEST_F(ExplanationTest, SoonIsWithinTwoDays) {
  jazz_.lead_hours = 48;
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Contains("lead_rank"));
  jazz_.lead_hours = 49;
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Not(Contains("lead_rank")));
}

TEST_F(ExplanationTest, PopularIsByFivePeopleAndOfTheFirstTenth) {
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Contains("yes_rank"));
  Set(jazz_, Feature::kYesRank, std::log1p(9.0f));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Contains("yes_rank"));
  Set(jazz_, Feature::kYesRank, std::log1p(10.0f));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Not(Contains("yes_rank")));
  EXPECT_THAT(Codes(ReasonsOf(Ranked(EventRow{1}))), Not(Contains("yes_rank")));
}

TEST_F(ExplanationTest,
       AnsweredLatelyIsByFivePeopleJustAnsweredByOneAnHourAgo) {
  Set(jazz_, Feature::kDayCount, std::log1p(4.9f));
  Set(jazz_, Feature::kHourCount, std::log1p(0.3f));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Not(Contains("day_rank")));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Not(Contains("answer_rank")));
  Set(jazz_, Feature::kDayCount, std::log1p(5.1f));
  Set(jazz_, Feature::kHourCount, std::log1p(0.4f));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Contains("day_rank"));
  EXPECT_THAT(Codes(ReasonsOf(jazz_)), Contains("answer_rank"));
}

TEST_F(ExplanationTest, NewIsWithinThreeDaysOfAKnownAnnouncement) {
  RankingPolicy likes_new;
  likes_new.weight(Feature::kFreshRank) = -1;
  const auto codes = [&] {
    return Codes(Reasons(jazz_, likes_new, snapshot_, 20));
  };
  EXPECT_THAT(codes(), Not(Contains("fresh_rank")));
  jazz_.fresh_hours = 72;
  EXPECT_THAT(codes(), Contains("fresh_rank"));
  jazz_.fresh_hours = 73;
  EXPECT_THAT(codes(), Not(Contains("fresh_rank")));
}

TEST_F(ExplanationTest, AWeightTheOtherWayRoundSaysNothingOfARank) {
  RankingPolicy likes_late;
  likes_late.weight(Feature::kLeadRank) = 1;
  Set(jazz_, Feature::kLeadRank, std::log1p(3.0f));
  EXPECT_THAT(Codes(Reasons(jazz_, likes_late, snapshot_, 20)),
              Not(Contains("lead_rank")));
}

TEST_F(ExplanationTest, AFaintLikenessIsNoLikeness) {
  Set(jazz_, Feature::kContent, 0.2f);
  Set(jazz_, Feature::kPlaceDensity, 1);
  Set(jazz_, Feature::kHourMatch, 0.15f);
  jazz_.lead_hours = 600;
  Set(jazz_, Feature::kYesRank, std::log1p(50.0f));
  EXPECT_THAT(ReasonsOf(jazz_), IsEmpty());
}

}  // namespace
}  // namespace usher
