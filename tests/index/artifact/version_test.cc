#include "index/artifact/version.h"

#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "index/catalog/codec.h"
#include "tests/index/artifact/small_snapshot.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class T>
bool SameBytes(absl::Span<const T> a, absl::Span<const T> b) {
  if (a.size() != b.size()) return false;
  return a.empty() ||
         std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool Same(const Factors& a, const Factors& b) {
  return a.rows() == b.rows() && a.dim() == b.dim() &&
         SameBytes<float>({a.data(), a.rows() * a.dim()},
                          {b.data(), b.rows() * b.dim()});
}

template <class T>
void ExpectSameLists(const ListColumn<T>& a, const ListColumn<T>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t row = 0; row < a.size(); ++row) {
    EXPECT_TRUE(SameBytes(a[row], b[row])) << row;
  }
}

void ExpectSameIds(const IdMap& a, const IdMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t row = 0; row < a.size(); ++row) {
    const absl::string_view name = a.Name(static_cast<int32_t>(row));
    EXPECT_EQ(b.Name(static_cast<int32_t>(row)), name);
    EXPECT_EQ(b.Find(name), static_cast<int32_t>(row));
  }
}

void ExpectSameCounts(const DecayedCounts& a, const DecayedCounts& b) {
  EXPECT_EQ(a.as_of, b.as_of);
  EXPECT_EQ(a.values, b.values);
}

// Compares member by member: padding is not content.
void ExpectSameEvents(const EventTable& a, const EventTable& b) {
  ExpectSameIds(*a.ids, *b.ids);
  ExpectSameLists(a.tags, b.tags);
  ExpectSameLists(a.documents, b.documents);
  ExpectSameLists(a.attendees, b.attendees);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  ASSERT_EQ(a.counters.size(), b.counters.size());
  for (size_t row = 0; row < a.columns.size(); ++row) {
    EXPECT_EQ(
        std::memcmp(&a.columns[row], &b.columns[row], sizeof(EventColumns)), 0)
        << row;
    const EventCounters& x = a.counters[row];
    const EventCounters& y = b.counters[row];
    ExpectSameCounts(x.answers, y.answers);
    EXPECT_EQ(x.last_answer, y.last_answer);
    EXPECT_EQ(x.yes, y.yes);
    EXPECT_EQ(x.no, y.no);
  }
}

void ExpectSameOrganizers(const OrganizerTable& a, const OrganizerTable& b) {
  ExpectSameIds(*a.ids, *b.ids);
  ExpectSameLists(a.events, b.events);
  ExpectSameLists(a.attendees, b.attendees);
  ExpectSameLists(a.names, b.names);
  ASSERT_EQ(a.counters.size(), b.counters.size());
  for (size_t row = 0; row < a.counters.size(); ++row) {
    const OrganizerCounters& x = a.counters[row];
    const OrganizerCounters& y = b.counters[row];
    ExpectSameCounts(x.answers, y.answers);
    EXPECT_EQ(x.yes, y.yes);
    EXPECT_EQ(x.events, y.events);
    EXPECT_EQ(x.users, y.users);
  }
}

void ExpectSameUsers(const UserTable& a, const UserTable& b) {
  ExpectSameIds(*a.ids, *b.ids);
  ExpectSameLists(a.follows, b.follows);
  ExpectSameLists(a.history, b.history);
  ExpectSameLists(a.commitments, b.commitments);
  ExpectSameLists(a.documents, b.documents);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (size_t row = 0; row < a.columns.size(); ++row) {
    EXPECT_EQ(
        std::memcmp(&a.columns[row], &b.columns[row], sizeof(UserColumns)), 0);
  }
}

void ExpectSameModel(const HybridModel& a, const HybridModel& b) {
  EXPECT_EQ(a.content.Serialize(), b.content.Serialize());
  EXPECT_EQ(a.places.Serialize(), b.places.Serialize());
  EXPECT_EQ(a.event_map.Serialize(), b.event_map.Serialize());
  EXPECT_EQ(a.organizer_map.Serialize(), b.organizer_map.Serialize());
  for (const auto& [x, y] : {std::pair(&a.by_event, &b.by_event),
                             std::pair(&a.by_organizer, &b.by_organizer)}) {
    EXPECT_TRUE(Same(x->users(), y->users()));
    EXPECT_TRUE(Same(x->items(), y->items()));
    EXPECT_TRUE(SameBytes(x->observations(), y->observations()));
    EXPECT_EQ(x->options().unobserved_weight, y->options().unobserved_weight);
    EXPECT_EQ(x->options().regularization, y->options().regularization);
    EXPECT_EQ(x->options().frequency_exponent, y->options().frequency_exponent);
    EXPECT_EQ(x->options().degree_exponent, y->options().degree_exponent);
    EXPECT_EQ(x->options().mean_row, y->options().mean_row);
  }
}

class VersionTest : public ::testing::Test {
 protected:
  int64_t Publish(const Snapshot& snapshot) {
    const auto version = WriteVersion(dir(), snapshot, SmallRecord());
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(0);
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  const std::string& dir() const { return directory_.path(); }

  ScratchDirectory directory_;
};

TEST_F(VersionTest, EveryTableSurvives) {
  const Snapshot written = SmallSnapshot();
  const auto opened = OpenVersion(dir(), Publish(written));
  ASSERT_TRUE(opened.ok()) << opened.status();
  ExpectSameEvents(written.catalog.events, opened->catalog.events);
  ExpectSameOrganizers(written.catalog.organizers, opened->catalog.organizers);
  ExpectSameUsers(written.catalog.users, opened->catalog.users);
  const Vocabulary& a = written.catalog.vocabulary;
  const Vocabulary& b = opened->catalog.vocabulary;
  ExpectSameIds(*a.venues, *b.venues);
  ExpectSameIds(*a.categories, *b.categories);
  ExpectSameIds(*a.cities, *b.cities);
  ExpectSameIds(*a.tags, *b.tags);
  ExpectSameIds(*a.series, *b.series);
  ExpectSameModel(*written.model, *opened->model);
  EXPECT_TRUE(Same(*written.user_vectors, *opened->user_vectors));
  for (size_t row = 0; row < written.catalog.num_events(); ++row) {
    EXPECT_TRUE(SameBytes(written.vectors.Row(row), opened->vectors.Row(row)));
    EXPECT_TRUE(
        SameBytes(written.embeddings.Row(row), opened->embeddings.Row(row)));
  }
  EXPECT_THAT(opened->tail, IsEmpty());
}

TEST_F(VersionTest, TheInfoSurvives) {
  const Snapshot written = SmallSnapshot();
  const auto opened = OpenVersion(dir(), Publish(written));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->info.version, 1);
  EXPECT_EQ(opened->info.created, written.info.created);
  EXPECT_EQ(opened->info.algorithm, written.info.algorithm);
  EXPECT_EQ(opened->info.index_type, written.info.index_type);
  EXPECT_EQ(opened->info.state_position, written.info.state_position);
  EXPECT_EQ(opened->info.state_id, written.info.state_id);
  EXPECT_EQ(opened->info.interactions, written.info.interactions);
  EXPECT_EQ(opened->info.ranking_config, written.info.ranking_config);
}

TEST_F(VersionTest, AnOpenedVersionAnswersAsTheWrittenOne) {
  const Snapshot a = SmallSnapshot(600);
  const auto opened = OpenVersion(dir(), Publish(a));
  ASSERT_TRUE(opened.ok()) << opened.status();
  const Snapshot& b = *opened;
  for (size_t user = 0; user < a.catalog.num_users(); ++user) {
    const auto x = a.model->UserVector(a.catalog, a.catalog.users.history[user],
                                       a.catalog.users.follows[user], {});
    const auto y = b.model->UserVector(b.catalog, b.catalog.users.history[user],
                                       b.catalog.users.follows[user], {});
    ASSERT_EQ(x, y);
    EXPECT_EQ(a.index->Search(x, 10, nullptr).value(),
              b.index->Search(y, 10, nullptr).value());
  }
}

TEST_F(VersionTest, TheSameSnapshotGivesTheSameBytes) {
  const int64_t first = Publish(SmallSnapshot());
  const int64_t second = Publish(SmallSnapshot());
  const auto a = ReadManifest(dir(), first).value();
  const auto b = ReadManifest(dir(), second).value();
  ASSERT_EQ(a.files.size(), b.files.size());
  for (size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].checksum, b.files[i].checksum) << a.files[i].name;
  }
}

TEST_F(VersionTest, AnOpenedVersionCanBeWrittenToAndPublishedAgain) {
  Snapshot opened = OpenVersion(dir(), Publish(SmallSnapshot())).value();
  opened.catalog.Apply(UserRow{0}, EventRow{3}, InteractionKind::kRsvpYes, 0,
                       90 * kDay);
  const Snapshot again = OpenVersion(dir(), Publish(opened)).value();
  ExpectSameEvents(opened.catalog.events, again.catalog.events);
  ExpectSameUsers(opened.catalog.users, again.catalog.users);
}

TEST_F(VersionTest, AnEmptySnapshotSurvives) {
  Snapshot empty;
  empty.model = std::make_shared<const HybridModel>();
  empty.index = VectorIndex::Build(Factors(0, 0), {}).value();
  const auto opened = OpenVersion(dir(), Publish(empty));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->catalog.num_events(), 0u);
  EXPECT_EQ(opened->model->dim(), 0u);
}

TEST_F(VersionTest, EventsThatTheIndexLacksAreRefused) {
  Snapshot snapshot = SmallSnapshot();
  snapshot.RefreshVectors(EventRow{2});
  const absl::Status status =
      WriteVersion(dir(), snapshot, SmallRecord()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VersionTest, AConfigurationThatIsNoneIsRefusedAndLeavesNothing) {
  TrainingRecord record = SmallRecord();
  record.config = "no_such_field: 1";
  const absl::Status status =
      WriteVersion(dir(), SmallSnapshot(), record).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VersionTest, ASnapshotThatWouldNotOpenIsNotPublished) {
  Snapshot snapshot = SmallSnapshot();
  auto damaged = std::make_shared<Factors>(*snapshot.user_vectors);
  damaged->MutableRow(0)[0] = std::numeric_limits<float>::infinity();
  snapshot.user_vectors = damaged;
  const absl::Status status =
      WriteVersion(dir(), snapshot, SmallRecord()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("vectors.users"));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VersionTest, AMissingVersionIsNotFound) {
  Publish(SmallSnapshot());
  const absl::Status status = OpenVersion(dir(), 9).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("9"));
}

TEST_F(VersionTest, ConcurrentPublishersGetDifferentVersions) {
  const Snapshot snapshot = SmallSnapshot();
  std::vector<int64_t> versions(4);
  std::vector<std::thread> writers;
  for (int64_t& version : versions) {
    writers.emplace_back([&] { version = Publish(snapshot); });
  }
  for (std::thread& writer : writers) writer.join();
  std::sort(versions.begin(), versions.end());
  EXPECT_THAT(versions, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(CurrentVersion(dir()).value(), 4);
  EXPECT_THAT(Names(), ElementsAre("1", "2", "3", "4", "CURRENT", "LAST"));
  for (const int64_t version : versions) {
    EXPECT_TRUE(OpenVersion(dir(), version).ok());
  }
}

TEST_F(VersionTest, TheDescriptionSaysWhatTheVersionHolds) {
  const std::string text =
      DescribeVersion(dir(), Publish(SmallSnapshot())).value();
  for (const char* part :
       {"version:          1\n", "2023-11-14T22:13:20.123456+00:00",
        "algorithm:        als", "users:            20", "events:           40",
        "state position:   77", "ndcg@10 0.25", "scan_candidates: 250",
        "seed: 7", "catalog.users", "feedfacecafebeef"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace usher
