#include "serving/model_loader.h"

#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::map<int64_t, std::string> kNoneRefused;

TEST(NextVersionTest, StaysWithoutAPublishedVersion) {
  EXPECT_EQ(NextVersion(std::nullopt, std::nullopt, kNoneRefused),
            std::nullopt);
  EXPECT_EQ(NextVersion(3, std::nullopt, kNoneRefused), std::nullopt);
}

TEST(NextVersionTest, TakesTheFirst) {
  EXPECT_EQ(NextVersion(std::nullopt, 1, kNoneRefused), 1);
}

TEST(NextVersionTest, FollowsCurrentForwardAndBack) {
  EXPECT_EQ(NextVersion(1, 2, kNoneRefused), 2);
  EXPECT_EQ(NextVersion(2, 1, kNoneRefused), 1);
  EXPECT_EQ(NextVersion(2, 2, kNoneRefused), std::nullopt);
}

TEST(NextVersionTest, DoesNotTryARefusedOneAgain) {
  EXPECT_EQ(NextVersion(1, 2, {{2, "bad"}}), std::nullopt);
  EXPECT_EQ(NextVersion(std::nullopt, 2, {{2, "bad"}}), std::nullopt);
}

class ModelLoaderTest : public ::testing::Test {
 protected:
  ModelLoaderTest() {
    std::string name =
        (std::filesystem::temp_directory_path() / "usher_XXXXXX").string();
    dir_ = mkdtemp(name.data());
  }
  ~ModelLoaderTest() override { std::filesystem::remove_all(dir_); }

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

  std::string dir_;
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
