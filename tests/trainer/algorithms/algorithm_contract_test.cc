// What every algorithm of the table owes.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/version.h"
#include "index/base/hash.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/synthetic_city.h"
#include "tests/trainer/algorithms/two_scenes.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/scores.h"
#include "trainer/publish_gate.h"
#include "trainer/train_algorithm.h"
#include "trainer/train_version.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TrainOptions QuickOptions() {
  TrainOptions options = SmallOptions();
  options.learn_ranker = false;
  options.algorithms.als.dim = 8;
  options.algorithms.logistic_mf.dim = 8;
  options.algorithms.svd.dim = 4;
  options.algorithms.ncf.dim = 8;
  options.algorithms.ncf.hidden = 16;
  options.algorithms.ncf.epochs = 6;
  options.algorithms.gru.dim = 8;
  options.algorithms.gru.hidden = 12;
  options.algorithms.gru.epochs = 4;
  options.algorithms.tfidf.dim = 64;
  return options;
}

class AlgorithmTest : public ::testing::TestWithParam<std::string> {
 protected:
  static Dataset Scenes(const std::string& prefix = "") {
    return TwoScenes(PredictsRatings(GetParam()), prefix);
  }
  static TrainedVersion Train(const Dataset& dataset,
                              const TrainOptions& options = QuickOptions()) {
    absl::StatusOr<TrainedVersion> trained =
        TrainByName(GetParam(), dataset, options);
    EXPECT_TRUE(trained.ok()) << trained.status();
    return *std::move(trained);
  }
};

std::vector<float> AllOf(const VectorTable& table) {
  std::vector<float> all;
  for (size_t row = 0; row < table.size(); ++row) {
    all.insert(all.end(), table.Row(row).begin(), table.Row(row).end());
  }
  return all;
}

// Everything that was learned, as bytes and numbers.
struct Learned {
  explicit Learned(const Snapshot& snapshot)
      : events(AllOf(snapshot.vectors)),
        users(snapshot.user_vectors->data(),
              snapshot.user_vectors->data() +
                  snapshot.user_vectors->rows() * snapshot.user_vectors->dim()),
        taste(snapshot.model->taste.empty()
                  ? ""
                  : snapshot.model->taste.Serialize()),
        neighbours(snapshot.model->neighbours.empty()
                       ? ""
                       : snapshot.model->neighbours.Serialize()) {}
  bool operator==(const Learned&) const = default;

  std::vector<float> events;
  std::vector<float> users;
  std::string taste;
  std::string neighbours;
};

TEST_P(AlgorithmTest, EqualSeedsGiveEqualBitsAtOneAndTwoThreads) {
  const Dataset scenes = Scenes();
  TrainOptions options = QuickOptions();
  options.threads = 1;
  const Learned one(Train(scenes, options).snapshot);
  options.threads = 2;
  EXPECT_TRUE(Learned(Train(scenes, options).snapshot) == one);
}

TEST_P(AlgorithmTest, RenamedIdsAreRankedTheSame) {
  const TrainedVersion plain = Train(Scenes());
  const TrainedVersion renamed = Train(Scenes("z/"));
  for (const char* user : {"jazz-0", "jazz-7", "hike-3"}) {
    std::vector<std::string> expected =
        RankedIds(plain.snapshot, user, kScenesNow);
    ASSERT_FALSE(expected.empty());
    for (std::string& id : expected) id = absl::StrCat("z/", id);
    EXPECT_EQ(RankedIds(renamed.snapshot, absl::StrCat("z/", user), kScenesNow),
              expected);
  }
}

TEST_P(AlgorithmTest, TellsTwoScenesApart) {
  const TrainedVersion version = Train(Scenes());
  if (GetParam() == "popularity") {  // Is the same for everybody.
    EXPECT_EQ(RankedIds(version.snapshot, "jazz-0", kScenesNow, 50, true),
              RankedIds(version.snapshot, "hike-0", kScenesNow, 50, true));
    return;
  }
  for (const char* scene : {"jazz", "hike"}) {
    for (int person = 0; person < 6; ++person) {
      const std::vector<std::string> top = RankedIds(
          version.snapshot, absl::StrCat(scene, "-", person), kScenesNow, 8);
      EXPECT_THAT(top, SizeIs(8));
      EXPECT_THAT(top, Each(StartsWith(scene))) << scene << "-" << person;
    }
  }
}

TEST_P(AlgorithmTest, WhatWasWrittenIsServed) {
  const ScratchFolder folder;
  TrainedVersion version = Train(Scenes());
  version.snapshot.info.created = kScenesNow;
  const absl::StatusOr<int64_t> number =
      WriteVersion(folder.path(), version.snapshot, TrainingRecord());
  ASSERT_TRUE(number.ok()) << number.status();
  const absl::StatusOr<Snapshot> read = OpenVersion(folder.path(), *number);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->info.algorithm, GetParam());
  for (const char* user : {"jazz-1", "hike-2", "nobody"}) {
    EXPECT_EQ(RankedIds(*read, user, kScenesNow),
              RankedIds(version.snapshot, user, kScenesNow));
  }
}

TEST_P(AlgorithmTest, WhoActsLiveRanksAsIfTheyHadBeenTrained) {
  TrainedVersion version = Train(Scenes());
  Catalog& catalog = version.snapshot.catalog;
  for (const char* user : {"jazz-5", "hike-9"}) {
    const UserRow trained = catalog.FindUser(user);
    const std::string twin = absl::StrCat(user, "-twin");
    const UserRow live = catalog.UserRowOf(twin);
    const absl::Span<const Action> history =
        catalog.users.history[Index(trained)];
    const std::vector<Action> actions(history.begin(), history.end());
    // Popularity must not tell them apart.
    for (const Action& action : actions) {
      catalog.Apply(live, action.event, action.kind, action.value, action.time);
    }
    if (GetParam() == "user_knn") {
      // Neighbours of a trained user are others; of a new one that user as
      // well: the order may differ, the scene does not.
      const std::string scene(user, 4);
      EXPECT_THAT(RankedIds(version.snapshot, twin, kScenesNow, 8),
                  AllOf(SizeIs(8), Each(StartsWith(scene))));
      continue;
    }
    EXPECT_EQ(RankedIds(version.snapshot, twin, kScenesNow),
              RankedIds(version.snapshot, user, kScenesNow));
  }
}

TEST_P(AlgorithmTest, WithoutInteractionsItSaysWhatIsMissing) {
  Dataset scenes = Scenes();
  scenes.interactions.clear();
  const absl::Status status =
      TrainByName(GetParam(), scenes, QuickOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing to learn"));
}

// Who did what is dealt anew: events keep their crowds and their times, but
// nobody has a taste.
Dataset Shuffled(Dataset city) {
  Random random(11);
  std::vector<InteractionRecord>& rows = city.interactions;
  for (size_t i = rows.size(); i > 1; --i) {
    std::swap(rows[i - 1].user, rows[random.Below(i)].user);
  }
  for (User& user : city.users) user.groups.clear();
  return city;
}

double NdcgOf(const std::string& name, const Replay& replay) {
  TrainedVersion version =
      TrainByName(name, replay.training, QuickOptions()).value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  MeanScores scores;
  PlayRanker(
      replay, policy, 10, version.snapshot,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        scores.Add(query.user, ScoreList(list, query.relevant, 10));
      });
  return scores.Mean().ndcg;
}

TEST_P(AlgorithmTest, WhereNobodyHasATasteItDoesNotBeatPopularity) {
  const Replay replay =
      BuildReplay(Shuffled(SyntheticCity(SmallCity(3))), ReplayOptions())
          .value();
  ASSERT_GT(replay.queries.size(), 100);
  EXPECT_LT(NdcgOf(GetParam(), replay), NdcgOf("popularity", replay) + 0.03);
}

INSTANTIATE_TEST_SUITE_P(All, AlgorithmTest, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const Algorithm& algorithm : Algorithms()) {
                             names.emplace_back(algorithm.name);
                           }
                           return names;
                         }()),
                         [](const auto& test) { return test.param; });

TEST(TrainByNameTest, WhatIsPublishedIsJudgedOnItsLastStretch) {
  const absl::StatusOr<TrainedVersion> version =
      TrainVersion("als", SyntheticCity(SmallCity(3)), QuickOptions());
  ASSERT_TRUE(version.ok()) << version.status();
  std::vector<std::string> names;
  for (const auto& [name, value] : version->metrics) names.push_back(name);
  EXPECT_THAT(names, ::testing::Contains(std::string(kJudgedNdcg)));
  EXPECT_EQ(version->snapshot.info.algorithm, "als");
}

TEST(TrainByNameTest, AnUnknownNameIsAnErrorThatNamesTheKnownOnes) {
  const absl::Status status =
      TrainByName("magic", TwoScenes(false), QuickOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("hybrid, popularity, item_knn"));
}

TEST(TrainByNameTest, PopularityIsTheRuleWithTheSameName) {
  const Replay replay = BuildReplay(TwoScenes(false), ReplayOptions()).value();
  ASSERT_GT(replay.queries.size(), 100);
  std::vector<std::vector<std::string>> expected;
  PlayRule(replay, PlainRule::kPopularity, 5,
           [&](const ReplayQuery&, const std::vector<std::string>& list) {
             expected.push_back(list);
           });
  TrainedVersion version =
      TrainByName("popularity", replay.training, QuickOptions()).value();
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), version.snapshot.info.ranking_config)
          .value();
  size_t equal = 0;
  PlayRanker(
      replay, policy, 5, version.snapshot,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        equal += list == expected[query.number];
      });
  // Of equal counts and starts the rule takes ids in order, the server rows.
  EXPECT_GT(equal, expected.size() * 95 / 100);
}

TEST(TrainByNameTest, ANewEventHasTheScoreOfWhatItSharesWithOthers) {
  for (const auto& [kind, scored] :
       std::vector<std::pair<ItemKind, bool>>{{ItemKind::kEvent, false},
                                              {ItemKind::kOrganizer, true},
                                              {ItemKind::kVenue, true},
                                              {ItemKind::kTag, true}}) {
    TrainOptions options = QuickOptions();
    options.algorithms.items = kind;
    Snapshot snapshot =
        TrainByName("als", TwoScenes(false), options).value().snapshot;
    Event event;
    event.id = "new";
    event.organizer = "jazz-host-1";
    event.venue = "jazz hall 1";
    event.tags = {"jazz", "never heard of"};
    event.start_time = kScenesNow + kDay;
    snapshot.RefreshVectors(snapshot.catalog.UpsertEvent(event));
    const std::vector<std::string> first =
        RankedIds(snapshot, "jazz-2", kScenesNow, 200);
    const std::vector<std::string> other =
        RankedIds(snapshot, "hike-2", kScenesNow, 200);
    const auto place = [](const std::vector<std::string>& ids) {
      return std::find(ids.begin(), ids.end(), "new") - ids.begin();
    };
    const int column = static_cast<int>(kind);
    if (scored) {
      EXPECT_LT(place(first), 30) << column;
      EXPECT_GE(place(other), 18) << column;
    } else {
      EXPECT_GE(place(first), 18) << column;
    }
  }
}

}  // namespace
}  // namespace usher
