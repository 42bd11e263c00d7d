#include "trainer/evaluation/judgement.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class ListTraitsTest : public ::testing::Test {
 protected:
  ListTraitsTest() {
    for (const char* id : {"a", "b", "c"}) {
      Event event;
      event.id = id;
      event.organizer = std::string(1, *id == 'c' ? 'y' : 'x');
      event.tags = {*id == 'a' ? "jazz" : "hike"};
      catalog_.UpsertEvent(event);
    }
    for (const char* user : {"ann", "bob", "cid"}) catalog_.UserRowOf(user);
    for (const char* user : {"ann", "bob", "cid"}) {
      catalog_.Apply(catalog_.FindUser(user), EventRow{0},
                     InteractionKind::kRsvpYes, 0, kDay);
    }
    query_.relevant = {"b"};
  }
  static Ranking List(const std::vector<int>& events) {
    Ranking ranking;
    for (const int event : events) {
      RankedEvent ranked;
      ranked.event = EventRow{event};
      ranked.distance_km = 2.0f + static_cast<float>(event);
      ranking.results.push_back(ranked);
    }
    return ranking;
  }

  Catalog catalog_;
  ReplayQuery query_;
};

TEST_F(ListTraitsTest, FiguresAreThoseOfTheirDefinitions) {
  ListTraits traits;
  traits.Add(query_, List({0, 1}), catalog_);
  EXPECT_DOUBLE_EQ(traits.Coverage(4), 0.5);
  // {x, jazz} and {x, hike} share one of three.
  EXPECT_DOUBLE_EQ(traits.Diversity(), 1 - 1.0 / 3);
  // All three users are at the first, nobody at the second: 0 and 2 bits.
  EXPECT_DOUBLE_EQ(traits.Novelty(), 1);
  EXPECT_DOUBLE_EQ(traits.HitKilometres(), 3);
  // What was wanted has nobody yet.
  EXPECT_TRUE(std::isnan(traits.PopularityBias()));
  query_.relevant = {"a"};
  ListTraits others;
  others.Add(query_, List({0, 1, 2}), catalog_);
  EXPECT_DOUBLE_EQ(others.PopularityBias(), 1.0 / 3);
}

TEST_F(ListTraitsTest, TheSameEventTwiceIsCoveredOnce) {
  ListTraits traits;
  traits.Add(query_, List({0}), catalog_);
  traits.Add(query_, List({0}), catalog_);
  EXPECT_DOUBLE_EQ(traits.Coverage(2), 0.5);
}

TEST(RatingErrorsTest, AreThoseOfTheirDefinitions) {
  RatingErrors errors;
  errors.Add(1);
  errors.Add(-3);
  EXPECT_DOUBLE_EQ(errors.Mse(), 5);
  EXPECT_DOUBLE_EQ(errors.Rmse(), std::sqrt(5));
  EXPECT_DOUBLE_EQ(errors.Mae(), 2);
}

TEST(FeatureMovesTest, WhatIsTheSameForAllMovesNothing) {
  RankingPolicy policy;
  policy.weights.fill(0);
  policy.weight(Feature::kYes) = 2;
  policy.weight(Feature::kHistory) = 5;
  policy.weight(Feature::kContent) = 0.5f;
  Ranking ranking;
  for (const float x : {1.0f, 3.0f}) {
    RankedEvent event;
    event.features[static_cast<size_t>(Feature::kYes)] = x;
    event.features[static_cast<size_t>(Feature::kContent)] = -x;
    event.features[static_cast<size_t>(Feature::kHistory)] = 7;
    event.features[static_cast<size_t>(Feature::kVenue)] = x;  // No weight.
    ranking.results.push_back(event);
  }
  FeatureMoves moves;
  moves.Add(ranking, policy);
  EXPECT_THAT(moves.Largest(9),
              ElementsAre(Pair("yes", 2.0), Pair("content", 0.5)));
  EXPECT_THAT(moves.Largest(1), ElementsAre(Pair("yes", 2.0)));
}

TEST(JudgementTest, AQueryCountsInItsSlicesAndBins) {
  Judgement judgement;
  ReplayQuery query;
  query.warm_user = true;
  query.new_event = true;
  query.history = 6;
  query.lead_hours = 30;
  ListScores scores;
  scores.ndcg = 0.5;
  judgement.Add(query, scores);
  EXPECT_EQ(judgement.all.queries(), 1);
  EXPECT_EQ(judgement.warm_user.queries(), 1);
  EXPECT_EQ(judgement.new_user.queries(), 0);
  EXPECT_EQ(judgement.new_event.queries(), 1);
  EXPECT_EQ(judgement.warm_event.queries(), 0);
  EXPECT_EQ(judgement.new_organizer.queries(), 0);
  EXPECT_EQ(judgement.by_history[3].queries(), 1);
  EXPECT_EQ(judgement.by_lead[1].queries(), 1);
  query.lead_hours = std::nan("");
  query.new_organizer = true;
  query.history = 21;
  judgement.Add(query, scores);
  EXPECT_EQ(judgement.by_lead[1].queries(), 1);
  EXPECT_EQ(judgement.new_organizer.queries(), 1);
  EXPECT_EQ(judgement.by_history[5].queries(), 1);
}

}  // namespace
}  // namespace usher
