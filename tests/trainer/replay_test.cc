#include "trainer/evaluation/replay.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/catalog/event.h"
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
