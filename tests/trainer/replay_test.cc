#include "trainer/evaluation/replay.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/catalog/event.h"
#include "serving/ranking/features.h"
#include "serving/ranking/policy.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/scores.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Micros kStart = 1000 * kDay;

// Events "a" and "b" start at kStart; whatever else is named is not described.
class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    for (const char* id : {"a", "b"}) {
      Event event;
      event.id = id;
      event.organizer = absl::StrCat("host of ", id);
      event.start_time = kStart;
      builder_.AddEvent(event);
    }
  }

  void Add(const char* user, const char* event, InteractionKind kind,
           Micros time) {
    InteractionRecord row;
    row.kind = kind;
    row.time = time;
    builder_.AddInteraction(user, event, row, "");
  }

  // Everything but the first yes is after the cut.
  Replay Build() {
    ReplayOptions options;
    options.cut = 0.01;
    return BuildReplay(builder_.Finish(1), options).value();
  }

  // "kind user event" of what is revealed.
  static std::vector<std::string> Revealed(const Replay& replay) {
    std::vector<std::string> revealed;
    for (const ReplayStep& step : replay.steps) {
      if (step.kind != ReplayStep::Kind::kReveal) continue;
      revealed.push_back(absl::StrCat(InteractionKindName(step.answer), " ",
                                      replay.users[step.user], " ", step.id));
    }
    return revealed;
  }

  DatasetBuilder builder_{std::nullopt, UnknownEvents::kAbsent};
};

TEST_F(ReplayTest, AViewBeforeTheYesIsNotTheAnswer) {
  Add("ann", "a", InteractionKind::kRsvpYes, 1 * kDay);
  Add("bob", "a", InteractionKind::kView, 2 * kDay);
  Add("bob", "a", InteractionKind::kRsvpYes, 3 * kDay);
  Add("bob", "a", InteractionKind::kAttend, kStart);
  const Replay replay = Build();
  EXPECT_THAT(Revealed(replay),
              ElementsAre("rsvp_yes ann a", "view bob a", "rsvp_yes bob a"));
  ASSERT_EQ(replay.queries.size(), 1);
  EXPECT_EQ(replay.users[replay.queries[0].user], "bob");
  EXPECT_THAT(replay.queries[0].relevant, ElementsAre("a"));
  EXPECT_EQ(replay.repeated_answers, 1);
}

TEST_F(ReplayTest, UndatedRowsAreCounted) {
  Add("ann", "a", InteractionKind::kRsvpYes, 1 * kDay);
  Add("bob", "a", InteractionKind::kRsvpYes, kNoTime);
  const Replay replay = Build();
  EXPECT_THAT(Revealed(replay), ElementsAre("rsvp_yes ann a"));
  EXPECT_EQ(replay.undated_rows, 1);
}

TEST_F(ReplayTest, AQueryKnowsThePlaceAndTheDeviceOfItsAnswer) {
  const auto add = [&](const char* user, GeoPoint place, const char* device,
                       Micros time) {
    InteractionRecord row;
    row.time = time;
    row.location = place;
    builder_.AddInteraction(user, "a", row, device);
  };
  add("ann", {}, "web", 1 * kDay);
  add("bob", {50, 4}, "iPhone", 2 * kDay);
  add("cem", {}, "", 3 * kDay);
  const Replay replay = Build();
  ASSERT_EQ(replay.queries.size(), 2);
  EXPECT_EQ(replay.queries[0].location.latitude, 50);
  EXPECT_EQ(replay.queries[0].location.longitude, 4);
  EXPECT_EQ(replay.queries[0].device, Device::kPhone);
  EXPECT_FALSE(replay.queries[1].location.known());
  EXPECT_EQ(replay.queries[1].device, Device::kUnknown);
}

// A check-in's place would tell which event to find.
TEST_F(ReplayTest, PlacesOfTheEventsThemselvesAreNotAskedFrom) {
  Event event;
  event.id = "placed";
  event.start_time = kStart;
  event.location = {50, 4};
  builder_.AddEvent(event);
  const char* users[] = {"ann", "bob", "cem", "dee"};
  for (int i = 0; i < 4; ++i) {
    InteractionRecord row;
    row.time = (1 + i) * kDay;
    row.location = i == 3 ? GeoPoint{51, 4} : GeoPoint{50, 4};
    builder_.AddInteraction(users[i], "placed", row, "");
  }
  const Replay replay = Build();
  ASSERT_EQ(replay.queries.size(), 3);
  for (const ReplayQuery& query : replay.queries) {
    EXPECT_FALSE(query.location.known());
  }
}

TEST_F(ReplayTest, WhatIsNotDescribedIsHistoryAndNeverAskedFor) {
  Add("ann", "gone", InteractionKind::kRsvpYes, 1 * kDay);
  Add("bob", "gone", InteractionKind::kRsvpYes, 2 * kDay);
  const Replay replay = Build();
  EXPECT_THAT(Revealed(replay),
              ElementsAre("rsvp_yes ann gone", "rsvp_yes bob gone"));
  EXPECT_THAT(replay.queries, IsEmpty());
  EXPECT_THAT(replay.events, IsEmpty());
}

// Plays a trained city whose later part names an event that nothing describes,
// both before it is asked and after.
TEST(PlayTest, ListsHoldNeitherAnsweredNorUndescribedEvents) {
  Dataset city = SyntheticCity(SmallCity(3));
  const int32_t gone = static_cast<int32_t>(city.events.size());
  city.events.emplace_back().id = "gone";
  for (size_t i = 0; i < city.interactions.size(); i += 5) {
    city.interactions[i].event = gone;
  }
  const Replay replay = BuildReplay(city, {}).value();
  ASSERT_GT(replay.queries.size(), 100);
  TrainedVersion trained = Trained(replay.training);
  const auto check = [](const ReplayQuery&,
                        const std::vector<std::string>& list) {
    EXPECT_THAT(list, Not(Contains("gone")));
    EXPECT_THAT(list, Not(IsEmpty()));
  };
  PlayRanker(replay, RankingPolicy(), 10, trained.snapshot, check);
  PlayRule(replay, PlainRule::kOwnOrganizers, 10, check);
  EXPECT_EQ(trained.snapshot.vectors.size(),
            trained.snapshot.catalog.num_events());
}

// The city of quickstart must not be one where learning is worth nothing.
// As the server asks with the location and the device of a request.
TEST(PlayTest, APersonIsAskedForWhereTheyWereAndWithWhatTheyHeld) {
  Dataset city = SyntheticCity(SmallCity(4));
  ASSERT_THAT(city.devices, Contains("ios"));
  for (size_t i = 0; i < city.interactions.size(); ++i) {
    InteractionRecord& row = city.interactions[i];
    row.location = i % 2 == 0 ? GeoPoint() : GeoPoint{51.2f, 3.0f + i * 1e-4f};
    row.device = static_cast<uint16_t>(i % city.devices.size());
  }
  ASSERT_TRUE(SaysWherePeopleWere(city));
  const Replay replay = BuildReplay(city, {}).value();
  EXPECT_EQ(replay.training.devices.size(), city.devices.size());
  TrainedVersion trained = Trained(replay.training);
  PlayOptions options;
  options.limit = 3;
  int placed = 0;
  std::set<float> devices;
  PlayRankings(
      replay, RankingPolicy(), options, trained.snapshot,
      [&](const ReplayQuery& query, const Ranking& ranking,
          const Catalog& catalog) {
        const UserRow user = catalog.FindUser(replay.users[query.user]);
        const GeoPoint from = query.location.known()
                                  ? query.location
                                  : catalog.users.columns[Index(user)].location;
        placed += query.location.known();
        for (const RankedEvent& event : ranking.results) {
          const float km = DistanceKm(
              from, catalog.events.columns[Index(event.event)].location);
          EXPECT_NEAR(event.features[static_cast<size_t>(Feature::kDistance)],
                      LogDistance(km), 1e-3);
          const float device =
              event.features[static_cast<size_t>(Feature::kDevice)];
          EXPECT_EQ(device, static_cast<float>(query.device));
          devices.insert(device);
        }
      });
  EXPECT_GT(placed, static_cast<int>(replay.queries.size()) / 3);
  EXPECT_LT(placed, static_cast<int>(replay.queries.size()) * 2 / 3);
  EXPECT_THAT(devices, ElementsAre(0, 1, 3));  // Unsaid, phones, the web.
}

TEST(PlayTest, OnTheMadeUpCityTheRankerBeatsTheRule) {
  const Dataset city = SyntheticCity(SynthOptions());
  const Replay replay = BuildReplay(city, {}).value();
  TrainedVersion trained = Trained(replay.training, TrainOptions());
  MeanScores hybrid;
  MeanScores rule;
  const auto into = [](MeanScores& scores) {
    return [&scores](const ReplayQuery& query,
                     const std::vector<std::string>& list) {
      scores.Add(query.user, ScoreList(list, query.relevant, 10));
    };
  };
  PlayRanker(replay, RankingPolicy(), 10, trained.snapshot, into(hybrid));
  PlayRule(replay, PlainRule::kOwnOrganizers, 10, into(rule));
  EXPECT_GT(hybrid.Mean().ndcg, rule.Mean().ndcg);
}

// A list may repeat what its user has seen, not what they have answered.
TEST_F(ReplayTest, TheRuleStillOffersWhatWasOnlyViewed) {
  Add("ann", "a", InteractionKind::kRsvpYes, 1 * kDay);
  Add("bob", "a", InteractionKind::kView, 2 * kDay);
  Add("bob", "a", InteractionKind::kRsvpYes, 3 * kDay);
  const Replay replay = Build();
  std::vector<std::vector<std::string>> lists;
  PlayRule(replay, PlainRule::kOwnOrganizers, 10,
           [&](const ReplayQuery&, const std::vector<std::string>& list) {
             lists.push_back(list);
           });
  EXPECT_THAT(lists, ElementsAre(ElementsAre("a")));
}

}  // namespace
}  // namespace usher
