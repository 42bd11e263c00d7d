#include "serving/model_loader.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(NextVersionTest, StaysWithoutAPublishedVersion) {
  EXPECT_EQ(NextVersion(std::nullopt, std::nullopt, std::nullopt),
            std::nullopt);
  EXPECT_EQ(NextVersion(3, std::nullopt, std::nullopt), std::nullopt);
}

TEST(NextVersionTest, FollowsCurrentForwardAndBack) {
  EXPECT_EQ(NextVersion(std::nullopt, std::nullopt, 1), 1);
  EXPECT_EQ(NextVersion(1, std::nullopt, 2), 2);
  EXPECT_EQ(NextVersion(2, std::nullopt, 1), 1);
  EXPECT_EQ(NextVersion(2, std::nullopt, 2), std::nullopt);
}

TEST(NextVersionTest, APinGoesBeforeCurrent) {
  EXPECT_EQ(NextVersion(2, 1, 2), 1);
  EXPECT_EQ(NextVersion(1, 1, 2), std::nullopt);
  EXPECT_EQ(NextVersion(std::nullopt, 1, std::nullopt), 1);
}

class ModelLoaderTest : public ::testing::Test {
 protected:
  void Write(const std::string& ranking_config = "") {
    Snapshot snapshot = TinySnapshot(TinyCatalog());
    snapshot.info.ranking_config = ranking_config;
    const absl::StatusOr<int64_t> version = WriteVersion(dir_, snapshot, {});
    ASSERT_TRUE(version.ok()) << version.status();
  }
  std::optional<int64_t> Serving() const {
    const std::shared_ptr<const Served> served = holder_.Get();
    if (served == nullptr) return std::nullopt;
    return served->snapshot().info.version;
  }

  ScratchFolder folder_;
  std::string dir_ = folder_.path();
  SnapshotHolder holder_;
  FakeClock clock_{kTinyNow};
  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotPublisher publisher_{*state_, holder_, {}};
};

TEST_F(ModelLoaderTest, WaitsUntilAVersionAppears) {
  ModelLoader loader({dir_ + "/later", "", 0}, publisher_, clock_);
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  EXPECT_THAT(loader.Warnings(), ElementsAre(HasSubstr("no model in ")));
  std::filesystem::create_directory(dir_ + "/later");
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  dir_ += "/later";
  Write();
  EXPECT_EQ(loader.RunOnce(), 1);
  EXPECT_EQ(Serving(), 1);
  EXPECT_THAT(loader.Warnings(), IsEmpty());
  dir_.resize(dir_.size() - 6);
}

TEST_F(ModelLoaderTest, ReplacesTheServedVersionAndOnlyOnce) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  EXPECT_EQ(loader.RunOnce(), 1);
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  Write();
  EXPECT_EQ(loader.RunOnce(), 2);
  EXPECT_EQ(Serving(), 2);
}

TEST_F(ModelLoaderTest, RefusesADamagedVersionAndKeepsServing) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  EXPECT_EQ(loader.RunOnce(), 1);
  Write();
  const std::string path = dir_ + "/2/catalog.events";
  std::string bytes = ReadFile(path).value();
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileSynced(path, bytes).ok());
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  EXPECT_EQ(Serving(), 1);
  EXPECT_THAT(loader.Warnings(),
              ElementsAre(AllOf(HasSubstr("model version 2 is refused"),
                                HasSubstr("catalog.events"))));
  Write();
  EXPECT_EQ(loader.RunOnce(), 3);
}

// The files of the versions are as they were written: what was written cannot
// be a policy.
TEST_F(ModelLoaderTest, RefusesTreesThatAreNoneAndNamesTheirFile) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  EXPECT_EQ(loader.RunOnce(), 1);
  const std::string head =
      "trees { depth: 1 linear_share: 1 features: 'followed' features: 'lead' ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"trees { features: [0", "not a text proto"},
      {head + "trees { features: 1 thresholds: [1, 2] values: [0, 1, 2] } }",
       "1 features but 2 thresholds"},
      {head + "trees { features: 2 thresholds: 1 values: [0, 1, 2] } }",
       "feature 2 of 2"},
      {head + "trees { features: -1 thresholds: 1 values: [0, 1, 2] } }",
       "feature -1 of 2"},
      {head + "trees { features: 1 thresholds: 1 values: [0, 1] } }",
       "1 splits and 2 values"},
      {head + "trees { features: 1 thresholds: 1 values: [0, 1, nan] } }",
       "not finite"},
      {head + "trees { features: 1 thresholds: inf values: [0, 1, 2] } }",
       "not finite"},
      {"trees { depth: 30 linear_share: 1 features: 'followed' "
       "trees { features: 0 thresholds: 1 values: [0, 1, 2] } }",
       "depth 30"},
      {"trees { depth: 1 linear_share: 1 features: 'no such feature' "
       "trees { features: 0 thresholds: 1 values: [0, 1, 2] } }",
       "no such feature"}};
  for (const auto& [config, what] : cases) {
    Write(config);
    EXPECT_EQ(loader.RunOnce(), std::nullopt) << config;
    EXPECT_EQ(Serving(), 1);
    ASSERT_FALSE(loader.Warnings().empty());
    EXPECT_THAT(loader.Warnings().back(),
                AllOf(HasSubstr("ranking.textproto: "), HasSubstr(what)))
        << config;
  }
  Write(head + "trees { features: 1 thresholds: 1 values: [0, 1, 2] } }");
  EXPECT_EQ(loader.RunOnce(), static_cast<int>(cases.size()) + 2);
}

TEST_F(ModelLoaderTest, ARefusedNumberThatIsWrittenAnewIsServed) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  ASSERT_TRUE(WriteFileSynced(dir_ + "/1/catalog.events", "").ok());
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  // Another version of the number.
  dir_ += "/other";
  Write("weights { feature: 'followed' weight: 5 }");
  std::filesystem::remove_all(dir_ + "/../1");
  std::filesystem::rename(dir_ + "/1", dir_ + "/../1");
  dir_.resize(dir_.size() - 6);
  EXPECT_EQ(loader.RunOnce(), 1);
  EXPECT_THAT(loader.Warnings(), IsEmpty());
}

TEST_F(ModelLoaderTest, ReloadTriesWhatWasRefusedAgain) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  EXPECT_TRUE(absl::IsFailedPrecondition(loader.Reload().status()));
  Write();
  const std::string path = dir_ + "/1/catalog.events";
  const std::string good = ReadFile(path).value();
  ASSERT_TRUE(WriteFileSynced(path, good + "x").ok());
  EXPECT_TRUE(absl::IsDataLoss(loader.Reload().status()));
  ASSERT_TRUE(WriteFileSynced(path, good).ok());
  EXPECT_EQ(loader.Reload().value(), 1);
  EXPECT_EQ(Serving(), 1);
}

TEST_F(ModelLoaderTest, APinnedVersionStaysUntilItIsUnpinned) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  Write();
  EXPECT_EQ(loader.RunOnce(), 2);
  EXPECT_TRUE(absl::IsNotFound(loader.Pin(9)));
  EXPECT_EQ(Serving(), 2);
  ASSERT_TRUE(loader.Pin(1).ok());
  EXPECT_EQ(Serving(), 1);
  Write();
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  EXPECT_EQ(Serving(), 1);
  ASSERT_TRUE(loader.Pin(0).ok());
  EXPECT_EQ(Serving(), 3);
}

TEST_F(ModelLoaderTest, TheListTellsWhatIsServedPinnedCurrentAndRefused) {
  ModelLoader loader({dir_, "", 0}, publisher_, clock_);
  Write();
  Write();
  Write();
  ASSERT_TRUE(WriteFileSynced(dir_ + "/3/catalog.events", "").ok());
  EXPECT_EQ(loader.RunOnce(), std::nullopt);
  ASSERT_TRUE(loader.Pin(1).ok());
  const std::vector<ListedVersion> list = loader.List().value();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].version, 1);
  EXPECT_TRUE(list[0].serving && list[0].pinned && !list[0].current);
  EXPECT_EQ(list[0].algorithm, "hand");
  EXPECT_TRUE(!list[1].serving && !list[1].pinned && !list[1].current);
  EXPECT_TRUE(!list[2].serving && list[2].current);
  EXPECT_THAT(list[2].refused, HasSubstr("catalog.events"));
}

TEST_F(ModelLoaderTest, TheServersRankingReplacesWhatItNames) {
  Write(
      "weights { feature: 'followed' weight: 5 } "
      "weights { feature: 'distance' weight: -5 }");
  ModelLoader loader({dir_, "weights { feature: 'distance' weight: -9 }", 0},
                     publisher_, clock_);
  ASSERT_EQ(loader.RunOnce(), 1);
  const std::shared_ptr<const Served> served = holder_.Get();
  EXPECT_EQ(served->policy().weight(Feature::kFollowed), 5);
  EXPECT_EQ(served->policy().weight(Feature::kDistance), -9);
}

}  // namespace
}  // namespace usher
