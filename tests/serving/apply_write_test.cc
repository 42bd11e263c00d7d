#include "serving/apply_write.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/state/sqlite.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

// What a snapshot knows of everybody and everything, as text.
std::string Known(const Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  std::string text;
  for (size_t i = 0; i < catalog.num_users(); ++i) {
    const UserRow row{static_cast<int32_t>(i)};
    absl::StrAppend(&text, catalog.UserId(row),
                    catalog.users.columns[i].forgotten, ":");
    for (const Action& action : catalog.users.history[i]) {
      absl::StrAppend(&text, " ", catalog.EventId(action.event), "@",
                      action.time);
    }
    absl::StrAppend(&text, "\n");
  }
  for (size_t i = 0; i < catalog.num_events(); ++i) {
    const EventRow row{static_cast<int32_t>(i)};
    absl::StrAppend(&text, catalog.EventId(row), " ",
                    catalog.events.counters[i].yes, " ",
                    catalog.events.columns[i].absent, "\n");
  }
  for (size_t i = 0; i < catalog.num_organizers(); ++i) {
    const OrganizerCounters& counters = catalog.organizers.counters[i];
    absl::StrAppend(&text, i, ": ", counters.yes, " ", counters.events, " ",
                    counters.users, "\n");
  }
  return text;
}

// 250 interactions; the last ones alone name a user and an event of the batch.
Interactions Batch(int number) {
  Interactions batch;
  for (int i = 0; i < 250; ++i) {
    Interaction interaction;
    interaction.user_id = absl::StrCat("u", (number * 31 + i * 7) % 90);
    interaction.event_id =
        absl::StrCat(i % 2 == 0 ? "jazz" : "new", (number + i) % 5);
    if (i >= 240) {
      interaction.user_id = absl::StrCat("late", number);
      interaction.event_id = absl::StrCat("rumour", number, ".", i % 3);
    }
    interaction.kind = InteractionKind::kRsvpYes;
    interaction.occurred_at = kTinyNow - (number * 250 + i) % 1400 * kMinute;
    batch.push_back(interaction);
  }
  return batch;
}

// Batches, two of them told twice, and what looks at what the last rows of
// those right before it have changed.
std::vector<StateWrite> ManyWrites() {
  std::vector<StateWrite> writes;
  for (int i = 0; i < 16; ++i) writes.push_back(Batch(i % 14));
  const auto after = [&](int batch, StateWrite write) {
    writes.insert(writes.begin() + batch + 1, std::move(write));
  };
  // From the back, so that the numbers of the batches hold.
  after(12, UserErasure{"late12", TombstoneOf("late12", "00ff", kTinyNow)});
  Event told = TinyEvent("rumour9.1", kHour);
  told.organizer = "jazz";
  after(9, EventUpserts{{told}, {}});
  after(6, EventDeletions{{"rumour6.0", "jazz1"}});
  return writes;
}

struct Outcome {
  std::string known;
  std::vector<WriteReceipt> receipts;
  int64_t position = 0;
};

// All with one recorder, or each with its own.
Outcome Write(const std::vector<StateWrite>& writes, bool at_once) {
  const auto state = StateStore::Open(StateStore::kMemory).value();
  Snapshot snapshot = TinySnapshot(TinyCatalog());
  Outcome outcome;
  std::vector<const StateWrite*> all;
  for (const StateWrite& write : writes) all.push_back(&write);
  EXPECT_TRUE(state->Begin().ok());
  for (size_t i = 0; i < all.size(); i += at_once ? all.size() : 1) {
    InteractionRecorder recorder(snapshot);
    EXPECT_TRUE(
        ApplyWrites(absl::MakeSpan(all).subspan(i, at_once ? all.size() : 1),
                    {}, *state, snapshot, recorder, outcome.receipts)
            .ok());
    recorder.Wait();
  }
  EXPECT_TRUE(state->Commit().ok());
  outcome.known = Known(snapshot);
  outcome.position = state->position();
  return outcome;
}

TEST(ApplyWritesTest, ManyAtOnceAreAsOneAfterTheOther) {
  const std::vector<StateWrite> writes = ManyWrites();
  const Outcome expected = Write(writes, false);
  const Outcome outcome = Write(writes, true);
  EXPECT_EQ(outcome.known, expected.known);
  EXPECT_EQ(outcome.position, expected.position);
  ASSERT_EQ(outcome.receipts.size(), writes.size());
  int64_t duplicates = 0;
  for (size_t i = 0; i < outcome.receipts.size(); ++i) {
    EXPECT_EQ(outcome.receipts[i].accepted, expected.receipts[i].accepted) << i;
    EXPECT_EQ(outcome.receipts[i].duplicates, expected.receipts[i].duplicates)
        << i;
    duplicates += outcome.receipts[i].duplicates;
  }
  EXPECT_GE(duplicates, 500);
}

TEST(ApplyWritesTest, AfterAnErrorThePublishedSnapshotIsAsBefore) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/state.db";
  const auto state = StateStore::Open(path).value();
  ASSERT_TRUE(SqliteDatabase::Open(path, SqliteDatabase::Mode::kWrite)
                  .value()
                  .Execute("CREATE TRIGGER full BEFORE INSERT ON interactions "
                           "WHEN NEW.user_id = 'late8' BEGIN "
                           "SELECT RAISE(ABORT, 'no room'); END")
                  .ok());
  Snapshot published = TinySnapshot(TinyCatalog());
  const std::string before = Known(published);
  const std::vector<StateWrite> writes = ManyWrites();
  std::vector<const StateWrite*> all;
  for (const StateWrite& write : writes) all.push_back(&write);
  Snapshot next = published.Share();
  {
    InteractionRecorder recorder(next);
    std::vector<WriteReceipt> receipts;
    ASSERT_TRUE(state->Begin().ok());
    EXPECT_FALSE(ApplyWrites(all, {}, *state, next, recorder, receipts).ok());
    EXPECT_EQ(receipts.size(), 9);
    state->Rollback();
  }
  EXPECT_EQ(Known(published), before);
}

TEST(InteractionRecorderTest, WhatIsWaitedForIsRecordedAndTheRestIsForgotten) {
  const Interactions few = Batch(1);
  const Interactions late = Batch(20);
  Interactions many;
  for (int i = 2; i < 12; ++i) {
    const Interactions batch = Batch(i);
    many.insert(many.end(), batch.begin(), batch.end());
  }
  Snapshot one = TinySnapshot(TinyCatalog());
  Snapshot other = TinySnapshot(TinyCatalog());
  {
    InteractionRecorder recorder(other);
    for (const Interactions& all : {few, many, few}) {
      for (const Interaction& interaction : all) {
        RecordInteraction(interaction, one);
        recorder.Add(interaction);
      }
      recorder.Wait();
    }
    EXPECT_EQ(Known(other), Known(one));
    for (const Interaction& interaction : late) recorder.Add(interaction);
  }
  EXPECT_EQ(Known(other), Known(one));
  // The end comes while there is work.
  InteractionRecorder recorder(other);
  for (const Interaction& interaction : many) recorder.Add(interaction);
}

}  // namespace
}  // namespace usher
