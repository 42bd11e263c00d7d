#include "trainer/evaluation/protocols.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/evaluation/play.h"
#include "trainer/train_algorithm.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Events "e0" to "e4", of which "e0" is over.
DatasetBuilder Events() {
  DatasetBuilder builder;
  for (int e = 0; e < 5; ++e) {
    Event event;
    event.id = absl::StrCat("e", e);
    event.organizer = std::string(1, e < 3 ? 'x' : 'y');
    event.start_time = (1 + e) * 100 * kDay;
    event.announce_time = e * kDay;
    builder.AddEvent(event);
  }
  return builder;
}

void Add(DatasetBuilder& builder, const char* user, const char* event,
         InteractionKind kind, float value = 0, Micros time = 50 * kDay) {
  InteractionRecord row;
  row.kind = kind;
  row.value = value;
  row.time = time;
  builder.AddInteraction(user, event, row, "");
}

SplitPart TestOfE3AndE4(absl::string_view, absl::string_view event) {
  return event >= "e3"   ? SplitPart::kTest
         : event == "e2" ? SplitPart::kValid
                         : SplitPart::kTrain;
}

TEST(LearningFromLatestTest, TheLatestDatedInteractionsStay) {
  DatasetBuilder builder = Events();
  for (int i = 0; i < 20; ++i) {
    Add(builder, absl::StrCat("u", i % 4).c_str(),
        absl::StrCat("e", i % 5).c_str(), InteractionKind::kRsvpYes, 0,
        i < 4 ? kNoTime : (10 + i) * kDay);
  }
  Replay replay;
  replay.training = builder.Finish(1);
  replay.queries.resize(3);
  const Replay all = LearningFromLatest(replay, 1);
  EXPECT_EQ(all.training.interactions.size(), 20);
  EXPECT_EQ(all.training.fingerprint, replay.training.fingerprint);
  const Replay quarter = LearningFromLatest(replay, 0.25);
  EXPECT_EQ(quarter.queries.size(), 3);
  EXPECT_EQ(quarter.training.events.size(), replay.training.events.size());
  EXPECT_EQ(quarter.training.users.size(), replay.training.users.size());
  ASSERT_EQ(quarter.training.interactions.size(), 4);  // Of 16 with a time.
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(quarter.training.interactions[i].time,
              static_cast<Micros>(10 + 16 + i) * kDay);
  }
  EXPECT_NE(quarter.training.fingerprint, replay.training.fingerprint);
}

TEST(HoldoutTest, TrainingAndValidationPairsAreMaskedAndTestPairsAreWanted) {
  DatasetBuilder builder = Events();
  Add(builder, "ann", "e0", InteractionKind::kView);
  Add(builder, "ann", "e1", InteractionKind::kRsvpYes);
  Add(builder, "ann", "e2", InteractionKind::kRsvpYes);
  Add(builder, "ann", "e3", InteractionKind::kRsvpYes);
  Add(builder, "ann", "e4", InteractionKind::kRsvpNo);
  const Holdout holdout =
      HoldoutReplay(builder.Finish(1), TestOfE3AndE4).value();
  ASSERT_EQ(holdout.replay.queries.size(), 1);
  const ReplayQuery& query = holdout.replay.queries[0];
  EXPECT_THAT(query.masked, ElementsAre("e0", "e1", "e2"));
  EXPECT_THAT(query.relevant, ElementsAre("e3"));  // A refusal is not wanted.
  EXPECT_TRUE(query.new_organizer);
  EXPECT_EQ(query.history, 2);
  EXPECT_EQ(holdout.replay.training.interactions.size(), 3);

  TrainedVersion version =
      TrainByName("popularity", holdout.replay.training, SmallOptions())
          .value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  std::vector<std::string> list;
  PlayRanker(holdout.replay, policy, 10, version.snapshot,
             [&](const ReplayQuery&, const std::vector<std::string>& answer) {
               list = answer;
             });
  // Events that are over, or not yet announced, are there all the same.
  EXPECT_THAT(list, UnorderedElementsAre("e3", "e4"));
  PlayRule(holdout.replay, PlainRule::kPopularity, 10,
           [&](const ReplayQuery&, const std::vector<std::string>& answer) {
             list = answer;
           });
  EXPECT_THAT(list, UnorderedElementsAre("e3", "e4"));
}

TEST(HoldoutTest, HeldOutRatingsAreToBePredicted) {
  DatasetBuilder builder = Events();
  Add(builder, "ann", "e1", InteractionKind::kRating, 5);
  Add(builder, "ann", "e3", InteractionKind::kRating, 4);
  Add(builder, "ann", "e4", InteractionKind::kRating, 1);
  const Holdout holdout =
      HoldoutReplay(builder.Finish(1), TestOfE3AndE4).value();
  ASSERT_EQ(holdout.ratings.size(), 2);
  EXPECT_EQ(holdout.ratings[1].value, 1);
  EXPECT_THAT(holdout.replay.queries[0].relevant, ElementsAre("e3"));
  // All that was rated is 5 stars: so is what is predicted.
  TrainedVersion version =
      TrainByName("svd", holdout.replay.training, SmallOptions()).value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  const std::vector<double> scores =
      ScorePairs(holdout.replay, {{0, "e3"}, {0, "e1"}, {0, "none"}}, policy,
                 version.snapshot, 1);
  EXPECT_NEAR(scores[0], 5, 0.1);
  EXPECT_NEAR(scores[1], 5, 0.1);
  EXPECT_TRUE(std::isnan(scores[2]));
}

TEST(HoldoutTest, AnEmptyTestPartAndAnEmptyTrainingPartAreErrors) {
  DatasetBuilder builder = Events();
  Add(builder, "ann", "e1", InteractionKind::kRsvpYes);
  const Dataset dataset = builder.Finish(1);
  for (const SplitPart part :
       {SplitPart::kTrain, SplitPart::kTest, SplitPart::kValid}) {
    EXPECT_EQ(HoldoutReplay(dataset, [part](absl::string_view,
                                            absl::string_view) { return part; })
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(HoldoutTest, AFifthIsDrawnByHashTheSameEachTime) {
  int test = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string event = absl::StrCat("e", i);
    const SplitPart part = PartByHash("ann", event, 1);
    EXPECT_EQ(part, PartByHash("ann", event, 1));
    test += part == SplitPart::kTest;
  }
  EXPECT_NEAR(test, 2000, 150);
}

TEST(SnapshotTest, AUserIsAskedOnceAtTheCutForAllThatIsToCome) {
  const Replay replay =
      BuildReplay(SyntheticCity(SmallCity(3)), ReplayOptions()).value();
  std::set<int32_t> users;
  size_t wanted = 0;
  for (const ReplayQuery& query : replay.queries) {
    users.insert(query.user);
    wanted += query.relevant.size();
  }
  const Replay once = SnapshotReplay(replay);
  EXPECT_EQ(once.queries.size(), users.size());
  size_t once_wanted = 0;
  for (const ReplayQuery& query : once.queries) {
    once_wanted += query.relevant.size();
  }
  EXPECT_EQ(once_wanted, wanted);
  EXPECT_EQ(once.steps.size(), once.events.size() + once.queries.size());
  for (const ReplayStep& step : once.steps) {
    EXPECT_EQ(step.time, once.cut);
    EXPECT_NE(step.kind, ReplayStep::Kind::kReveal);
    EXPECT_NE(step.kind, ReplayStep::Kind::kJoin);
  }
}

TEST(SnapshotTest, WhatIsAnnouncedLaterCanBeFoundAtTheCut) {
  const Replay once = SnapshotReplay(
      BuildReplay(SyntheticCity(SmallCity(3)), ReplayOptions()).value());
  TrainedVersion version =
      TrainByName("als", once.training, SmallOptions()).value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  std::set<std::string> later;
  for (const Event& event : once.events) later.insert(event.id);
  int found = 0;
  PlayRanker(once, policy, 50, version.snapshot,
             [&](const ReplayQuery&, const std::vector<std::string>& list) {
               for (const std::string& id : list) found += later.contains(id);
             });
  EXPECT_GT(found, 0);
}

TEST(RetrievalTest, PlacesAreThoseOfTheWholeRankingByTheSameScore) {
  // All of popularity's score is retrieval score.
  const Replay replay =
      BuildReplay(SyntheticCity(SmallCity(3)), ReplayOptions()).value();
  TrainedVersion version =
      TrainByName("popularity", replay.training, SmallOptions()).value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  Snapshot again = version.snapshot.Share();
  std::vector<int64_t> expected;
  PlayRanker(
      replay, policy, 1000, version.snapshot,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        expected.push_back(
            std::find(list.begin(), list.end(), query.relevant[0]) -
            list.begin());
      });
  int near = 0;
  PlayRetrieval(
      replay, policy, {}, again,
      [&](const ReplayQuery& query, const std::vector<int64_t>& places) {
        ASSERT_EQ(places.size(), 1);
        // Ties are by start in a list, by row in a scan.
        near += std::abs(places[0] - expected[query.number]) <= 5;
      });
  EXPECT_GT(near, static_cast<int>(expected.size()) * 8 / 10);
}

}  // namespace
}  // namespace usher
