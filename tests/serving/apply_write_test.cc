#include "serving/apply_write.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

// What a snapshot counts of every user and event, as text.
std::string Counts(const Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  std::string text;
  for (size_t i = 0; i < catalog.num_users(); ++i) {
    const UserRow row{static_cast<int32_t>(i)};
    absl::StrAppend(&text, catalog.UserId(row), ":");
    for (const Action& action : catalog.users.history[i]) {
      absl::StrAppend(&text, " ", catalog.EventId(action.event), "@",
                      action.time);
    }
    absl::StrAppend(&text, "\n");
  }
  for (size_t i = 0; i < catalog.num_events(); ++i) {
    const EventRow row{static_cast<int32_t>(i)};
    absl::StrAppend(&text, catalog.EventId(row), " ",
                    catalog.events.counters[i].yes, "\n");
  }
  return text;
}

Interactions Batch(int number) {
  Interactions batch;
  for (int i = 0; i < 500; ++i) {
    Interaction interaction;
    interaction.user_id = absl::StrCat("u", (number * 31 + i * 7) % 90);
    interaction.event_id =
        absl::StrCat(i % 2 == 0 ? "jazz" : "new", (number + i) % 5);
    interaction.kind = InteractionKind::kRsvpYes;
    interaction.occurred_at = kTinyNow - (number * 500 + i) % 1400 * kMinute;
    batch.push_back(interaction);
  }
  return batch;
}

// Interactions in many batches, some of them twice, and between them what
// depends on those before.
std::vector<StateWrite> ManyWrites() {
  std::vector<StateWrite> writes;
  for (int i = 0; i < 12; ++i) writes.push_back(Batch(i % 9));
  User user;
  user.id = "u3";
  user.groups = {{"jazz", kTinyNow}};
  writes.insert(writes.begin() + 3, UserUpserts{{user}, {"groups"}});
  writes.insert(writes.begin() + 5, EventDeletions{{"jazz1"}});
  Event change;
  change.id = "new1";
  change.title = "Told late";
  writes.insert(writes.begin() + 7,
                EventUpserts{{TinyEvent("new1", kHour)}, {}});
  writes.insert(writes.begin() + 8, EventUpserts{{change}, {"title"}});
  return writes;
}

TEST(ApplyWriteTest, ManyAtOnceAreAsOneAfterTheOther) {
  const std::vector<StateWrite> writes = ManyWrites();
  const auto state = StateStore::Open(StateStore::kMemory).value();
  Snapshot one = TinySnapshot(TinyCatalog());
  ASSERT_TRUE(state->Begin().ok());
  std::vector<WriteReceipt> expected;
  for (const StateWrite& write : writes) {
    expected.push_back(ApplyWrite(write, {}, *state, one).value());
  }
  ASSERT_TRUE(state->Commit().ok());

  const auto other_state = StateStore::Open(StateStore::kMemory).value();
  Snapshot many = TinySnapshot(TinyCatalog());
  std::vector<const StateWrite*> pointers;
  for (const StateWrite& write : writes) pointers.push_back(&write);
  std::vector<WriteReceipt> receipts;
  ASSERT_TRUE(other_state->Begin().ok());
  ASSERT_TRUE(ApplyWrites(pointers, {}, *other_state, many, receipts).ok());
  ASSERT_TRUE(other_state->Commit().ok());

  EXPECT_EQ(Counts(many), Counts(one));
  EXPECT_EQ(other_state->position(), state->position());
  ASSERT_EQ(receipts.size(), expected.size());
  int64_t duplicates = 0;
  for (size_t i = 0; i < receipts.size(); ++i) {
    EXPECT_EQ(receipts[i].accepted, expected[i].accepted) << i;
    EXPECT_EQ(receipts[i].duplicates, expected[i].duplicates) << i;
    EXPECT_EQ(receipts[i].unknown, expected[i].unknown) << i;
    duplicates += receipts[i].duplicates;
  }
  EXPECT_GE(duplicates, 1'500);
}

}  // namespace
}  // namespace usher
