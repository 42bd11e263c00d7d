#include "tests/testing/synthetic_city.h"

#include <stdlib.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"

namespace usher {

SynthOptions SmallCity(uint64_t seed) {
  SynthOptions options;
  options.users = 300;
  options.events = 400;
  options.interactions = 6000;
  options.seed = seed;
  return options;
}

Dataset SyntheticCity(const SynthOptions& options) {
  std::string dir = absl::StrCat(testing::TempDir(), "/usher-cityXXXXXX");
  EXPECT_NE(::mkdtemp(dir.data()), nullptr);
  const absl::Status written = WriteSyntheticCity(dir, options, {});
  EXPECT_TRUE(written.ok()) << written;
  absl::StatusOr<Dataset> dataset = LoadDataset(
      {absl::StrCat(dir, "/events.jsonl"), absl::StrCat(dir, "/users.jsonl"),
       absl::StrCat(dir, "/interactions.csv")},
      ReadOptions());
  std::filesystem::remove_all(dir);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return *std::move(dataset);
}

TrainOptions SmallOptions() {
  TrainOptions options;
  options.event_als.dim = options.organizer_als.dim = 16;
  options.event_als.sweeps = options.organizer_als.sweeps = 5;
  options.content.dim = 16;
  options.threads = options.event_als.threads = options.organizer_als.threads =
      options.content.threads = options.index.build_threads = 1;
  return options;
}

TrainedVersion Trained(const Dataset& dataset, const TrainOptions& options) {
  absl::StatusOr<TrainedVersion> trained = TrainHybrid(dataset, options);
  EXPECT_TRUE(trained.ok()) << trained.status();
  return *std::move(trained);
}

std::vector<std::string> RankedIds(const Snapshot& snapshot,
                                   const std::string& user, Micros now,
                                   int limit, bool include_interacted) {
  const RankingPolicy policy =
      ApplyRankingConfig(RankingPolicy(), snapshot.info.ranking_config).value();
  Query query;
  query.user_id = user;
  query.now = now;
  query.limit = limit;
  query.filter.include_interacted = include_interacted;
  const LiveView view = BuildLiveView(snapshot, policy, now, 0);
  std::vector<std::string> ids;
  for (const RankedEvent& event :
       RankEvents(query, policy, view, snapshot).results) {
    ids.push_back(std::string(snapshot.catalog.EventId(event.event)));
  }
  return ids;
}

}  // namespace usher
