// From data files to a ranked answer, within one process.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/file.h"
#include "serving/ranking/explanation.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/synthetic_city.h"
#include "tests/trainer/scratch_folder.h"
#include "trainer/train_config.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes a city, loads, trains and publishes it, as usher-train does.
class EndToEndTest : public ::testing::Test {
 protected:
  EndToEndTest() : dir_(folder_.Path("model")) {
    EXPECT_TRUE(
        WriteSyntheticCity(folder_.Path("city"), SmallCity(9), {}).ok());
    absl::StatusOr<Dataset> loaded = Load();
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    data_ = *std::move(loaded);
  }

  absl::StatusOr<Dataset> Load(std::optional<Micros> until = std::nullopt) {
    return LoadDataset(
        {folder_.Path("city/events.jsonl"), folder_.Path("city/users.jsonl"),
         folder_.Path("city/interactions.csv")},
        ReadOptions(), until);
  }

  int64_t Publish(const TrainedVersion& trained) {
    TrainingRecord record;
    record.config = TrainConfigText(SmallOptions());
    record.data_fingerprint = data_.fingerprint;
    record.metrics = trained.metrics;
    record.notes = trained.notes;
    const absl::StatusOr<int64_t> version =
        WriteVersion(dir_, trained.snapshot, record);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(0);
  }

  ScratchFolder folder_;
  std::string dir_;
  Dataset data_;
};

TEST_F(EndToEndTest, ThePublishedVersionAnswersAsTheTrainedOne) {
  const TrainedVersion trained = Trained(data_);
  const int64_t version = Publish(trained);
  EXPECT_EQ(CurrentVersion(dir_).value(), version);
  const Snapshot opened = OpenVersion(dir_, version, {}).value();
  EXPECT_EQ(opened.catalog.num_events(), data_.events.size());
  EXPECT_EQ(opened.catalog.num_users(), data_.users.size());
  for (const User& user : data_.users) {
    EXPECT_EQ(RankedIds(opened, user.id, kSyntheticNow),
              RankedIds(trained.snapshot, user.id, kSyntheticNow))
        << user.id;
  }
}

TEST_F(EndToEndTest, EverybodyGetsLiveEventsThatTheyHaveNotAnswered) {
  const int64_t version = Publish(Trained(data_));
  const Snapshot opened = OpenVersion(dir_, version, {}).value();
  for (const User& user : data_.users) {
    const std::vector<std::string> ids =
        RankedIds(opened, user.id, kSyntheticNow, 20);
    EXPECT_EQ(ids.size(), 20) << user.id;
    const UserRow row = opened.catalog.FindUser(user.id);
    for (const std::string& id : ids) {
      const EventRow event = opened.catalog.FindEvent(id);
      EXPECT_EQ(WhyNotLive(opened.catalog.events.columns[Index(event)],
                           kSyntheticNow, {}),
                DropReason::kNone);
      for (const Action& action : opened.catalog.users.history[Index(row)]) {
        EXPECT_FALSE(action.event == event && IsAnswer(action.kind));
      }
    }
  }
}

TEST_F(EndToEndTest, PeopleGetDifferentLists) {
  const TrainedVersion trained = Trained(data_);
  std::set<std::string> firsts;
  for (const User& user : data_.users) {
    firsts.insert(
        RankedIds(trained.snapshot, user.id, kSyntheticNow, 1).front());
  }
  EXPECT_GT(firsts.size(), 15);
}

TEST_F(EndToEndTest, TrainingAgainPublishesTheNextVersion) {
  const TrainedVersion trained = Trained(data_);
  EXPECT_EQ(Publish(trained), 1);
  EXPECT_EQ(Publish(trained), 2);
  EXPECT_EQ(CurrentVersion(dir_).value(), 2);
  EXPECT_THAT(ListVersions(dir_).value(), ElementsAre(1, 2));
}

TEST_F(EndToEndTest, UntilKeepsWhatWasKnownThen) {
  const Micros until = kSyntheticNow - 60 * kDay;
  const TrainedVersion trained = Trained(Load(until).value());
  const Catalog& catalog = trained.snapshot.catalog;
  EXPECT_LT(catalog.num_events(), data_.events.size());
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    EXPECT_LT(catalog.events.columns[row].announce, until);
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const Action& action : catalog.users.history[row]) {
      EXPECT_LT(action.time, until);
    }
  }
}

TEST_F(EndToEndTest, ADamagedFileIsRefusedByName) {
  const int64_t version = Publish(Trained(data_));
  for (const auto& file :
       std::filesystem::directory_iterator(VersionPath(dir_, version))) {
    const std::string path = file.path().string();
    std::string bytes = ReadFile(path).value();
    if (bytes.empty()) continue;
    const std::string whole = bytes;
    bytes[bytes.size() / 2] ^= 1;
    std::ofstream(path, std::ios::binary) << bytes;
    const absl::Status status = OpenVersion(dir_, version, {}).status();
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(file.path().filename().string()));
    std::ofstream(path, std::ios::binary) << whole;
  }
  EXPECT_TRUE(OpenVersion(dir_, version, {}).ok());
}

}  // namespace
}  // namespace usher
