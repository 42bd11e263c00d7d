// Every index type, from training to a ranking of the opened version.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/artifact/version.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/train_config.h"

namespace usher {
namespace {

using Type = VectorIndexOptions::Type;

constexpr int kDepth = 100;

struct IndexCase {
  const char* name;
  Type type;
  double recall;  // At least, at kDepth.
};

constexpr IndexCase kCases[] = {{"flat", Type::kFlat, 1.0},
                                {"hnsw", Type::kHnsw, 0.95},
                                {"ivf_pq", Type::kIvfPq, 0.8}};

const Dataset& City() {
  static const Dataset* const city = [] {
    SynthOptions options = SmallCity();
    options.events = 1500;
    return new Dataset(SyntheticCity(options));
  }();
  return *city;
}

TrainOptions OptionsFor(Type type) {
  TrainOptions options = SmallOptions();
  options.index.type = type;
  // Approximate even behind the filters of these tests.
  options.index.exact_below_selectivity = 0;
  return options;
}

// One training for all tests of a type.
TrainedVersion& TrainedWith(const IndexCase& param) {
  static TrainedVersion* trained[std::size(kCases)] = {};
  TrainedVersion*& slot = trained[static_cast<size_t>(param.type)];
  if (slot == nullptr) {
    slot = new TrainedVersion(Trained(City(), OptionsFor(param.type)));
  }
  return *slot;
}

class IndexTypeTest : public ::testing::TestWithParam<IndexCase> {
 protected:
  Snapshot& trained() { return TrainedWith(GetParam()).snapshot; }

  // Mapped files may be deleted.
  Snapshot WrittenAndOpened() {
    std::string dir = absl::StrCat(testing::TempDir(), "/usher-indexXXXXXX");
    EXPECT_NE(::mkdtemp(dir.data()), nullptr);
    TrainingRecord record;
    record.config = TrainConfigText(OptionsFor(GetParam().type));
    const absl::StatusOr<int64_t> version =
        WriteVersion(dir, trained(), record);
    EXPECT_TRUE(version.ok()) << version.status();
    absl::StatusOr<Snapshot> opened = OpenVersion(dir, *version, {});
    std::filesystem::remove_all(dir);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  absl::Span<const float> UserVector(size_t user) {
    return trained().user_vectors->Row(user);
  }
};

TEST_P(IndexTypeTest, TheVersionSaysWhichTypeItIs) {
  EXPECT_EQ(trained().info.index_type, GetParam().name);
  EXPECT_EQ(trained().index->options().type, GetParam().type);
}

TEST_P(IndexTypeTest, TheOpenedVersionRanksAsTheOneInMemory) {
  const Snapshot opened = WrittenAndOpened();
  EXPECT_EQ(opened.info.index_type, GetParam().name);
  EXPECT_EQ(opened.index->options().type, GetParam().type);
  for (size_t i = 0; i < City().users.size(); i += 4) {
    const std::string& user = City().users[i].id;
    const std::vector<std::string> expected =
        RankedIds(trained(), user, kSyntheticNow);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(RankedIds(opened, user, kSyntheticNow), expected) << user;
  }
}

TEST_P(IndexTypeTest, ItFindsWhatBruteForceFinds) {
  double found = 0;
  double wanted = 0;
  for (size_t user = 0; user < 100; ++user) {
    std::vector<ScoredRow> exact;
    for (size_t row = 0; row < trained().vectors.size(); ++row) {
      const absl::Span<const float> vector = trained().vectors.Row(row);
      float score = 0;
      for (size_t i = 0; i < vector.size(); ++i) {
        score += vector[i] * UserVector(user)[i];
      }
      exact.push_back({static_cast<int32_t>(row), score});
    }
    std::sort(exact.begin(), exact.end(), IsBetter);
    std::set<int32_t> best;
    for (int i = 0; i < kDepth; ++i) best.insert(exact[i].row);
    const std::vector<ScoredRow> hits =
        trained().index->Search(UserVector(user), kDepth, nullptr).value();
    ASSERT_EQ(hits.size(), kDepth);
    for (const ScoredRow& hit : hits) found += best.contains(hit.row);
    wanted += kDepth;
  }
  // Sums in another order may swap the last two.
  EXPECT_GE(found / wanted, GetParam().recall - 1e-3);
}

TEST_P(IndexTypeTest, TheRecallAtBuildIsThatOfTheType) {
  const auto& metrics = TrainedWith(GetParam()).metrics;
  ASSERT_EQ(metrics.front().first, "index_recall_at_100");
  EXPECT_GE(metrics.front().second, GetParam().recall);
  EXPECT_LE(metrics.front().second, 1.0);
}

TEST_P(IndexTypeTest, ItNeverReturnsAFilteredRow) {
  for (const size_t step : {2, 7, 40, 700}) {
    RowBitmap allowed(trained().vectors.size());
    for (size_t row = step / 2; row < allowed.size(); row += step) {
      allowed.Set(row);
    }
    for (size_t user = 0; user < 40; ++user) {
      const std::vector<ScoredRow> hits =
          trained().index->Search(UserVector(user), 30, &allowed).value();
      EXPECT_EQ(hits.size(), std::min<size_t>(30, allowed.Count()));
      std::set<int32_t> rows;
      for (const ScoredRow& hit : hits) {
        ASSERT_GE(hit.row, 0);
        EXPECT_TRUE(allowed.Test(static_cast<size_t>(hit.row)));
        EXPECT_TRUE(rows.insert(hit.row).second);
      }
    }
  }
}

TEST_P(IndexTypeTest, ARankingHoldsNothingThatTheQueryForbids) {
  const RankingPolicy policy =
      ApplyRankingConfig({}, trained().info.ranking_config).value();
  const LiveView view = BuildLiveView(trained(), policy, kSyntheticNow, 0);
  for (size_t i = 0; i < City().users.size(); i += 6) {
    Query query;
    query.user_id = City().users[i].id;
    query.now = kSyntheticNow;
    query.limit = 200;
    query.filter.start_before = kSyntheticNow + 14 * kDay;
    query.filter.exclude_event_ids = {
        RankedIds(trained(), query.user_id, kSyntheticNow, 1).front()};
    const Ranking ranking = RankEvents(query, policy, view, trained());
    EXPECT_TRUE(ranking.degraded.empty());
    ASSERT_FALSE(ranking.results.empty());
    for (const RankedEvent& event : ranking.results) {
      const EventColumns& columns =
          trained().catalog.events.columns[Index(event.event)];
      EXPECT_EQ(WhyNotLive(columns, kSyntheticNow, {}), DropReason::kNone);
      EXPECT_LT(columns.start, query.filter.start_before);
      EXPECT_NE(trained().catalog.EventId(event.event),
                query.filter.exclude_event_ids[0]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, IndexTypeTest, ::testing::ValuesIn(kCases),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace usher
