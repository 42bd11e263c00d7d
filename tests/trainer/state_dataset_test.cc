#include "trainer/data/state_dataset.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/catalog/eligibility.h"
#include "index/state/sqlite.h"
#include "serving/apply_write.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/build_catalog.h"

namespace usher {
namespace {

using ::testing::ElementsAre;

Event EventOf(const char* id, const char* organizer,
              Micros announced = kNoTime) {
  Event event;
  event.id = id;
  event.title = absl::StrCat("Evening ", id);
  event.organizer = organizer;
  event.announce_time = announced;
  event.start_time = kSyntheticNow + kDay;
  return event;
}

Interaction Act(const char* user, const char* event, InteractionKind kind,
                Micros time) {
  Interaction interaction;
  interaction.user_id = user;
  interaction.event_id = event;
  interaction.kind = kind;
  interaction.occurred_at = time;
  return interaction;
}

// A state in a file, written as a server writes it.
class StateDatasetTest : public ::testing::Test {
 protected:
  StateDatasetTest() : state_(StateStore::Open(path_).value()) {
    EXPECT_TRUE(state_->Begin().ok());
    EXPECT_TRUE(state_->PutEvent(EventOf("e1", "g1", 100)).ok());
    EXPECT_TRUE(state_->PutEvent(EventOf("e2", "g2", 200)).ok());
    EXPECT_TRUE(state_->PutEvent(EventOf("gone", "g1")).ok());
    User ann;
    ann.id = "ann";
    ann.groups = {{"g2", 50}, {"g3", 250}};
    EXPECT_TRUE(state_->PutUser(ann).ok());
    // Not in the order of time; two answers to one event; a view.
    Put(Act("ann", "e1", InteractionKind::kRsvpYes, 300));
    Put(Act("bob", "gone", InteractionKind::kRsvpYes, 120));
    Put(Act("bob", "e1", InteractionKind::kView, 110));
    Put(Act("ann", "e1", InteractionKind::kRsvpNo, 150));
    Put(Act("cat", "never described", InteractionKind::kAttend, kNoTime));
    Put(Act("bob", "e2", InteractionKind::kRsvpYes, 210));
    EXPECT_TRUE(state_->PutEvent(EventOf("e1", "g4", 100)).ok());
    EXPECT_TRUE(state_->DeleteEvent("gone").ok());
    EXPECT_TRUE(state_->Commit().ok());
  }

  void Put(const Interaction& interaction) {
    const absl::StatusOr<bool> is_new = state_->PutInteraction(interaction);
    EXPECT_TRUE(is_new.ok() && *is_new);
  }

  Dataset Read(std::optional<Micros> until = std::nullopt) {
    return ReadStateDataset(*StateStore::OpenToRead(path_).value(), until, {},
                            &report_)
        .value();
  }

  static std::vector<std::string> Ids(const std::vector<Event>& events) {
    std::vector<std::string> ids;
    for (const Event& event : events) ids.push_back(event.id);
    return ids;
  }

  ScratchFolder folder_;
  std::string path_ = folder_.Path("state.db");
  std::unique_ptr<StateStore> state_;
  StateReport report_;
};

TEST_F(StateDatasetTest, DeletedAndUndescribedEventsAreHistory) {
  const Dataset data = Read();
  EXPECT_THAT(Ids(data.events),
              ElementsAre("e2", "e1", "gone", "never described"));
  EXPECT_EQ(data.described_events, 2);
  EXPECT_EQ(report_.events, 2);
  EXPECT_EQ(report_.deleted_events, 1);
  EXPECT_EQ(report_.users, 1);
  EXPECT_EQ(report_.interactions, 6);
  EXPECT_EQ(report_.absent_events, 2);
  EXPECT_EQ(report_.absent_interactions, 2);
  const Catalog catalog = BuildCatalog(data);
  EXPECT_EQ(WhyNotLive(catalog.events.columns[Index(catalog.FindEvent("gone"))],
                       kSyntheticNow, {}),
            DropReason::kHidden);
}

// All of a catalogue that requests can see, as text.
std::string TextOf(const Catalog& catalog) {
  std::string text;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventRow event{static_cast<int32_t>(row)};
    const EventColumns& columns = catalog.events.columns[row];
    const EventCounters& counters = catalog.events.counters[row];
    absl::StrAppend(
        &text, catalog.EventId(event), " ", catalog.GetEvent(event).title, " ",
        columns.start, " ", columns.announce, " ", columns.absent, " ",
        static_cast<int>(columns.organizer), " ", columns.series, " ",
        counters.yes, " ", counters.no, " ", counters.last_answer, ":");
    for (const UserRow user : catalog.events.attendees[row]) {
      absl::StrAppend(&text, " ", catalog.UserId(user));
    }
    text += "\n";
  }
  for (size_t row = 0; row < catalog.num_organizers(); ++row) {
    const OrganizerCounters& counters = catalog.organizers.counters[row];
    absl::StrAppend(
        &text, catalog.OrganizerId(OrganizerRow{static_cast<int32_t>(row)}),
        " ", counters.yes, " ", counters.events, " ", counters.users, "\n");
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    absl::StrAppend(&text, catalog.UserId(UserRow{static_cast<int32_t>(row)}),
                    ":");
    for (const Follow& follow : catalog.users.follows[row]) {
      absl::StrAppend(&text, " ", catalog.OrganizerId(follow.organizer), "@",
                      follow.joined);
    }
    for (const Action& action : catalog.users.history[row]) {
      absl::StrAppend(&text, " ", InteractionKindName(action.kind), " ",
                      catalog.EventId(action.event), "@", action.time);
    }
    text += "\n";
  }
  return text;
}

// What does not depend on the order of rows: sorted lines, one an event, an
// organizer and a user.
std::vector<std::string> CountsOf(const Catalog& catalog) {
  std::vector<std::string> lines;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventColumns& columns = catalog.events.columns[row];
    const EventCounters& counters = catalog.events.counters[row];
    lines.push_back(absl::StrCat(
        "event ", catalog.EventId(EventRow{static_cast<int32_t>(row)}), " ",
        columns.announce, " ", columns.absent, " ",
        columns.organizer == kNoOrganizer
            ? ""
            : catalog.OrganizerId(columns.organizer),
        " ", counters.yes, " ", counters.no, " ", counters.last_answer, " ",
        catalog.events.attendees[row].size()));
  }
  for (size_t row = 0; row < catalog.num_organizers(); ++row) {
    const OrganizerCounters& counters = catalog.organizers.counters[row];
    lines.push_back(absl::StrCat(
        "organizer ",
        catalog.OrganizerId(OrganizerRow{static_cast<int32_t>(row)}), " ",
        counters.yes, " ", counters.events, " ", counters.users));
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    std::vector<std::string> actions;
    for (const Action& action : catalog.users.history[row]) {
      actions.push_back(absl::StrCat(InteractionKindName(action.kind), " ",
                                     catalog.EventId(action.event), "@",
                                     action.time));
    }
    std::sort(actions.begin(), actions.end());
    lines.push_back(absl::StrCat(
        "user ", catalog.UserId(UserRow{static_cast<int32_t>(row)}), " ",
        catalog.users.follows[row].size(), " ", absl::StrJoin(actions, ", ")));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// A server whose version is empty but for a model to make vectors with.
Snapshot EmptyServed() {
  Snapshot served = Trained(SyntheticCity(SmallCity(2))).snapshot.Share();
  served.catalog = Catalog();
  served.vectors = VectorTable();
  served.embeddings = VectorTable();
  served.tail.clear();
  return served;
}

TEST_F(StateDatasetTest, TheCatalogueIsTheOneThatAServerWouldHave) {
  Snapshot served = EmptyServed();
  ASSERT_TRUE(ApplyState(*state_, {0, state_->position()}, {}, served).ok());
  EXPECT_EQ(TextOf(BuildCatalog(Read())), TextOf(served.catalog));
}

TEST_F(StateDatasetTest, ADeletedEventCountsForItsOrganizer) {
  ASSERT_TRUE(state_->Begin().ok());
  ASSERT_TRUE(state_->DeleteEvent("gone", "g1").ok());
  ASSERT_TRUE(state_->DeleteEvent("e2", "g2").ok());
  ASSERT_TRUE(state_->Commit().ok());
  const Catalog catalog = BuildCatalog(Read());
  const OrganizerRow g1 = catalog.FindOrganizer("g1");
  ASSERT_NE(g1, kNoOrganizer);
  EXPECT_EQ(catalog.organizers.counters[Index(g1)].yes, 1);
  EXPECT_EQ(WhyNotLive(catalog.events.columns[Index(catalog.FindEvent("gone"))],
                       kSyntheticNow, {}),
            DropReason::kHidden);
  Snapshot served = EmptyServed();
  ASSERT_TRUE(ApplyState(*state_, {0, state_->position()}, {}, served).ok());
  EXPECT_EQ(TextOf(catalog), TextOf(served.catalog));
}

// What the version of `until` has, and a server adds of the same state, is what
// a version of the whole state has.
TEST_F(StateDatasetTest, AfterUntilAServerAddsWhatIsMissingAndNothingElse) {
  ASSERT_TRUE(state_->Begin().ok());
  Put(Act("cat", "e2", InteractionKind::kAttend, 90));  // Before the event.
  ASSERT_TRUE(state_->Commit().ok());
  const int64_t trained = state_->position();
  for (const Micros until : {1, 100, 150, 200, 201, 300, 1000}) {
    Snapshot version = EmptyServed();
    version.catalog = BuildCatalog(Read(until));
    version.info.state_id = state_->id();
    version.info.state_position = trained;
    version.info.state_until = until;
    ASSERT_TRUE(CatchUp(*state_, {}, version).ok());
    Snapshot whole = EmptyServed();
    ASSERT_TRUE(ApplyState(*state_, {0, state_->position()}, {}, whole).ok());
    EXPECT_EQ(CountsOf(version.catalog), CountsOf(whole.catalog)) << until;
  }
}

TEST_F(StateDatasetTest, BehindUntilTheRowsThatCameLaterAreAddedToo) {
  const int64_t trained = state_->position();
  Snapshot version = EmptyServed();
  version.catalog = BuildCatalog(Read(200));
  version.info.state_id = state_->id();
  version.info.state_position = trained;
  version.info.state_until = 200;
  ASSERT_TRUE(state_->Begin().ok());
  Put(Act("dan", "e1", InteractionKind::kRsvpYes, 100));
  ASSERT_TRUE(state_->PutEvent(EventOf("e2", "g5", 100)).ok());
  ASSERT_TRUE(state_->Commit().ok());
  ASSERT_TRUE(CatchUp(*state_, {}, version).ok());
  Snapshot whole = EmptyServed();
  ASSERT_TRUE(ApplyState(*state_, {0, state_->position()}, {}, whole).ok());
  EXPECT_EQ(CountsOf(version.catalog), CountsOf(whole.catalog));
}

TEST_F(StateDatasetTest, DamagedRowsAreLeftOutAndCounted) {
  const std::unique_ptr<StateStore> reader =
      StateStore::OpenToRead(path_).value();
  state_ = nullptr;
  ASSERT_TRUE(SqliteDatabase::Open(path_, SqliteDatabase::Mode::kWrite)
                  ->Execute("UPDATE interactions SET kind = 'dance' "
                            "WHERE user_id = 'ann'")
                  .ok());
  const std::unique_ptr<StateStore> damaged =
      StateStore::OpenToRead(path_).value();
  EXPECT_EQ(ReadStateDataset(*damaged, std::nullopt, {}, &report_)
                ->interactions.size(),
            4u);
  EXPECT_EQ(damaged->damaged().rows, 2);
}

TEST_F(StateDatasetTest, UntilKeepsWhatWasKnownThen) {
  const Dataset data = Read(200);
  EXPECT_THAT(Ids(data.events), ElementsAre("e1", "gone", "never described"));
  ASSERT_EQ(data.users[0].groups.size(), 1);
  EXPECT_EQ(data.users[0].groups[0].id, "g2");
  EXPECT_EQ(data.interactions.size(), 4);
  EXPECT_EQ(report_.events_dropped, 1);
  EXPECT_EQ(report_.interactions_dropped, 2);
}

TEST_F(StateDatasetTest, FingerprintFollowsTheState) {
  const uint64_t before = Read().fingerprint;
  EXPECT_EQ(Read().fingerprint, before);
  EXPECT_NE(Read(200).fingerprint, before);
  ASSERT_TRUE(state_->Begin().ok());
  Put(Act("dan", "e1", InteractionKind::kView, 400));
  ASSERT_TRUE(state_->Commit().ok());
  EXPECT_NE(Read().fingerprint, before);
}

TEST_F(StateDatasetTest, AStateIsEnoughToTrainOn) {
  const Dataset data = Read();
  EXPECT_EQ(Trained(data).snapshot.catalog.num_events(), data.events.size());
}

}  // namespace
}  // namespace usher
