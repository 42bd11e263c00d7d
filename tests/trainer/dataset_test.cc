#include "trainer/data/dataset.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kEvents[] =
    "{\"id\":\"e1\",\"announce_time\":100}\n"
    "{\"id\":\"e2\",\"announce_time\":200}\n"
    "{\"id\":\"e3\"}\n";
constexpr char kUsers[] =
    "{\"id\":\"u1\",\"groups\":[{\"id\":\"g1\",\"joined\":199},"
    "{\"id\":\"g2\",\"joined\":200},{\"id\":\"g3\"}]}\n";
constexpr char kInteractions[] =
    "user_id,event_id,kind,value,timestamp,device,latitude,longitude\n"
    "u1,e1,rsvp_yes,1,199,ios,1,2\n"
    "u2,e9,view,,150,web,,\n"
    "u1,e3,view,,200,,,\n"
    "u3,e2,view,,120,,,\n"
    "u1,e2,view,,,,,\n"
    "u1,e3,view,3,150,ios,,\n"
    "u4,e4,view,,,,,\n"
    "u5,e5,view,,200,,,\n";

class DatasetTest : public testing::Test {
 protected:
  Dataset Load(std::optional<Micros> until = std::nullopt) {
    absl::StatusOr<Dataset> data = LoadDataset(
        {folder_.Write("e.jsonl", kEvents), folder_.Write("u.jsonl", kUsers),
         folder_.Write("i.csv", kInteractions)},
        {}, until, &report_);
    EXPECT_TRUE(data.ok()) << data.status();
    return data.ok() ? *std::move(data) : Dataset();
  }

  static std::vector<std::string> EventIds(const Dataset& data) {
    std::vector<std::string> ids;
    for (const Event& event : data.events) ids.push_back(event.id);
    return ids;
  }
  static std::vector<std::string> UserIds(const Dataset& data) {
    std::vector<std::string> ids;
    for (const User& user : data.users) ids.push_back(user.id);
    return ids;
  }
  // "user event time" of each.
  static std::vector<std::string> Rows(const Dataset& data) {
    std::vector<std::string> rows;
    for (const InteractionRecord& row : data.interactions) {
      rows.push_back(absl::StrCat(
          data.users[row.user].id, " ", data.events[row.event].id, " ",
          row.time == kNoTime ? "-" : absl::StrCat(row.time / kSecond)));
    }
    return rows;
  }

  ScratchFolder folder_;
  DatasetReport report_;
};

TEST_F(DatasetTest, AppendsIdsThatOnlyInteractionsName) {
  const Dataset data = Load();
  EXPECT_THAT(EventIds(data), ElementsAre("e1", "e2", "e3", "e9", "e4", "e5"));
  EXPECT_THAT(UserIds(data), ElementsAre("u1", "u2", "u3", "u4", "u5"));
}

TEST_F(DatasetTest, EventsThatTheFileDoesNotHaveAreAbsentAndCounted) {
  const Dataset data = Load();
  EXPECT_EQ(data.described_events, 3);
  EXPECT_EQ(report_.absent_events, 3);
  EXPECT_EQ(report_.absent_interactions, 3);
}

TEST_F(DatasetTest, SortsByTimeStablyWithUndatedRowsFirst) {
  EXPECT_THAT(Rows(Load()),
              ElementsAre("u1 e2 -", "u4 e4 -", "u3 e2 120", "u2 e9 150",
                          "u1 e3 150", "u1 e1 199", "u1 e3 200", "u5 e5 200"));
}

TEST_F(DatasetTest, KeepsWhatARowSays) {
  const Dataset data = Load();
  const InteractionRecord& row = data.interactions[5];
  EXPECT_EQ(row.kind, InteractionKind::kRsvpYes);
  EXPECT_EQ(row.value, 1.0f);
  EXPECT_EQ(data.devices[row.device], "ios");
  EXPECT_EQ(row.location.latitude, 1.0f);
  EXPECT_EQ(row.location.longitude, 2.0f);
  const InteractionRecord& bare = data.interactions[2];
  EXPECT_TRUE(std::isnan(bare.value));
  EXPECT_EQ(bare.device, 0);
  EXPECT_FALSE(bare.location.known());
  EXPECT_THAT(data.devices, ElementsAre("", "ios", "web"));
}

TEST_F(DatasetTest, UntilLeavesWhatWasKnownThen) {
  const Dataset data = Load(200 * kSecond);
  // e2 was announced at that instant; e5 and u5 were not heard of before.
  EXPECT_THAT(EventIds(data), ElementsAre("e1", "e3", "e9", "e4"));
  EXPECT_THAT(UserIds(data), ElementsAre("u1", "u2", "u4"));
  EXPECT_THAT(Rows(data),
              ElementsAre("u4 e4 -", "u2 e9 150", "u1 e3 150", "u1 e1 199"));
  ASSERT_EQ(data.users[0].groups.size(), 2);
  EXPECT_EQ(data.users[0].groups[0].id, "g1");
  EXPECT_EQ(data.users[0].groups[1].id, "g3");
  EXPECT_EQ(report_.events_dropped, 1);
  EXPECT_EQ(report_.interactions_dropped, 4);
}

TEST_F(DatasetTest, UntilIsNotIncluded) {
  EXPECT_THAT(EventIds(Load(200 * kSecond + 1)),
              ElementsAre("e1", "e2", "e3", "e9", "e4", "e5"));
}

TEST_F(DatasetTest, FingerprintFollowsContentAndUntil) {
  const uint64_t all = Load().fingerprint;
  EXPECT_EQ(Load().fingerprint, all);
  EXPECT_NE(Load(200 * kSecond).fingerprint, all);
  const auto other = LoadDataset(
      {folder_.Path("e.jsonl"), folder_.Path("u.jsonl"),
       folder_.Write("i2.csv",
                     absl::StrCat(kInteractions, "u5,e6,view,,7,,,"))},
      {});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(other->fingerprint, all);
}

TEST_F(DatasetTest, FingerprintOfACompressedCopyIsTheSame) {
  const uint64_t plain = Load().fingerprint;
  const auto packed =
      LoadDataset({folder_.Write("e.jsonl.gz", Gzipped(kEvents)),
                   folder_.Write("u.jsonl.gz", Gzipped(kUsers)),
                   folder_.Write("i.csv.gz", Gzipped(kInteractions))},
                  {});
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->fingerprint, plain);
}

TEST_F(DatasetTest, NeedsOnlyInteractions) {
  const auto data =
      LoadDataset({"", "", folder_.Write("i.csv", kInteractions)}, {});
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->interactions.size(), 8);
  EXPECT_THAT(EventIds(*data), ElementsAre("e1", "e9", "e3", "e2", "e4", "e5"));
  EXPECT_EQ(data->described_events, 6);
  EXPECT_THAT(LoadDataset({"", "", ""}, {}).status().message(),
              HasSubstr("--interactions"));
}

TEST_F(DatasetTest, NamesTheFileThatIsMissing) {
  const std::string interactions = folder_.Write("i.csv", kInteractions);
  EXPECT_THAT(
      LoadDataset({"none.jsonl", "", interactions}, {}).status().message(),
      HasSubstr("none.jsonl"));
  EXPECT_THAT(
      LoadDataset({"", "none.jsonl", interactions}, {}).status().message(),
      HasSubstr("none.jsonl"));
}

TEST(DatasetBuilderTest, CountsFurtherDevicesAsNotKnown) {
  DatasetBuilder builder;
  for (size_t i = 0; i < kMaxDevices + 5; ++i) {
    builder.AddInteraction("u", "e", InteractionRecord(), absl::StrCat("d", i));
  }
  const Dataset data = builder.Finish(0);
  EXPECT_EQ(data.devices.size(), kMaxDevices);
  EXPECT_EQ(data.interactions.back().device, 0);
  EXPECT_EQ(data.devices[data.interactions.front().device], "d0");
}

}  // namespace
}  // namespace usher
