#include "serving/snapshot_publisher.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/state/sqlite.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

Interaction Did(const std::string& user, const std::string& event,
                InteractionKind kind = InteractionKind::kRsvpYes,
                Micros time = kTinyNow) {
  Interaction interaction;
  interaction.user_id = user;
  interaction.event_id = event;
  interaction.kind = kind;
  interaction.occurred_at = time;
  return interaction;
}

class SnapshotPublisherTest : public ::testing::Test {
 protected:
  SnapshotPublisherTest() { Start(StateStore::kMemory); }

  // As a server that begins, without a model yet.
  void Start(const std::string& state) {
    publisher_ = nullptr;
    state_ = nullptr;
    holder_ = std::make_unique<SnapshotHolder>();
    state_ = StateStore::Open(state).value();
    publisher_ = std::make_unique<SnapshotPublisher>(
        *state_, *holder_, SnapshotPublisherOptions());
  }
  void AdoptTiny(VersionInfo info = {}) {
    Snapshot snapshot = TinySnapshot(TinyCatalog());
    snapshot.info.state_position = info.state_position;
    snapshot.info.state_id = info.state_id;
    snapshot.info.state_until = info.state_until;
    ASSERT_TRUE(
        publisher_->Adopt(std::move(snapshot), RankingPolicy(), kTinyNow).ok());
  }

  WriteReceipt Write(StateWrite write) {
    const absl::StatusOr<WriteReceipt> receipt =
        publisher_->Write(std::move(write));
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt.value_or(WriteReceipt());
  }
  void PutEvent(Event event, FieldMask mask = {}) {
    Write(EventUpserts{{std::move(event)}, std::move(mask)});
  }

  std::vector<std::string> Ids(const std::string& user) const {
    Query query;
    query.user_id = user;
    query.now = kTinyNow;
    const std::shared_ptr<const Served> served = holder_->Get();
    const Ranking ranking = RankEvents(
        query, served->policy(), *served->ViewAt(kTinyNow, served->policy()),
        served->snapshot());
    std::vector<std::string> ids;
    for (const RankedEvent& result : ranking.results) {
      ids.emplace_back(served->snapshot().catalog.EventId(result.event));
    }
    return ids;
  }
  Event Stored(const std::string& id) const {
    const Catalog& catalog = holder_->Get()->snapshot().catalog;
    return catalog.GetEvent(catalog.FindEvent(id));
  }
  int32_t YesOf(const std::string& id) const {
    const Catalog& catalog = holder_->Get()->snapshot().catalog;
    return catalog.events.counters[Index(catalog.FindEvent(id))].yes;
  }

  ScratchFolder folder_;
  const std::string dir_ = folder_.path();
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<SnapshotHolder> holder_;
  std::unique_ptr<SnapshotPublisher> publisher_;
};

TEST_F(SnapshotPublisherTest, BeforeTheFirstModelWritesAreRefused) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      publisher_->Write(EventDeletions{{"jazz1"}}).status()));
  EXPECT_EQ(publisher_->position(), 0);
}

TEST_F(SnapshotPublisherTest, ANewEventIsInTheNextListByItsOrganizer) {
  AdoptTiny();
  PutEvent(TinyEvent("jazz9", 5 * kHour));
  EXPECT_EQ(Ids("ann").front(), "jazz9");
  EXPECT_THAT(Ids("cem"), Contains("jazz9"));
  EXPECT_EQ(Ids("cem").front().substr(0, 4), "code");
}

TEST_F(SnapshotPublisherTest, WhatIsCancelledOrDeletedVanishesAtOnce) {
  AdoptTiny();
  for (const EventStatus status :
       {EventStatus::kCancelled, EventStatus::kSoldOut, EventStatus::kHidden}) {
    ASSERT_THAT(Ids("ann"), Contains("jazz1"));
    Event event = Stored("jazz1");
    event.status = status;
    PutEvent(event);
    EXPECT_THAT(Ids("ann"), Not(Contains("jazz1")));
    event.status = EventStatus::kScheduled;
    PutEvent(event);
  }
  Write(EventDeletions{{"jazz1", "unheard of"}});
  EXPECT_THAT(Ids("ann"), Not(Contains("jazz1")));
}

TEST_F(SnapshotPublisherTest, AMaskChangesItsFieldsOnly) {
  AdoptTiny();
  const Event before = Stored("jazz1");
  Event change;
  change.id = "jazz1";
  change.title = "New title";
  change.price = 5;
  PutEvent(change, {"title"});
  EXPECT_EQ(Stored("jazz1").title, "New title");
  EXPECT_EQ(Stored("jazz1").start_time, before.start_time);
  EXPECT_NE(Stored("jazz1").price, 5);
  PutEvent(change);
  EXPECT_EQ(Stored("jazz1").price, 5);
  EXPECT_EQ(Stored("jazz1").start_time, kNoTime);
}

TEST_F(SnapshotPublisherTest, MasksOfOneGroupBuildOnEachOther) {
  AdoptTiny();
  Event title;
  title.id = "jazz1";
  title.title = "t";
  Event city;
  city.id = "jazz1";
  city.city = "c";
  Write(EventUpserts{{title, city}, {"title"}});
  Write(EventUpserts{{city}, {"city"}});
  EXPECT_EQ(Stored("jazz1").title, "");
  EXPECT_EQ(Stored("jazz1").city, "c");
}

TEST_F(SnapshotPublisherTest, AnActionChangesTheNextAnswer) {
  AdoptTiny();
  ASSERT_THAT(Ids("eve"), Contains("code2"));
  const WriteReceipt receipt =
      Write(Interactions{Did("eve", "code2"), Did("eve", "code2")});
  EXPECT_EQ(receipt.accepted, 1);
  EXPECT_EQ(receipt.duplicates, 1);
  EXPECT_EQ(YesOf("code2"), 1);
  EXPECT_THAT(Ids("eve"), Not(Contains("code2")));
  EXPECT_EQ(Ids("eve").front().substr(0, 4), "code");
}

TEST_F(SnapshotPublisherTest, NewUsersAndUnknownEventsAreNoErrors) {
  AdoptTiny();
  EXPECT_EQ(
      Write(Interactions{Did("zoe", "jazz2"), Did("zoe", "mystery")}).accepted,
      2);
  EXPECT_EQ(Ids("zoe").front().substr(0, 4), "jazz");
  EXPECT_THAT(Ids("zoe"), Not(Contains("mystery")));
  PutEvent(TinyEvent("mystery", 3 * kHour));
  EXPECT_THAT(Ids("zoe"), Not(Contains("mystery")));  // Answered already.
  EXPECT_THAT(Ids("ann"), Contains("mystery"));
}

TEST_F(SnapshotPublisherTest, FollowingAnOrganizerChangesTheNextAnswer) {
  AdoptTiny();
  User user;
  user.id = "fay";
  user.groups = {{"code", kTinyNow}};
  Write(UserUpserts{{user}, {}});
  EXPECT_EQ(Ids("fay").front().substr(0, 4), "code");
}

TEST_F(SnapshotPublisherTest, AMaskBringsNothingBackAndMakesNothing) {
  AdoptTiny();
  Write(EventDeletions{{"jazz1"}});
  Event price = TinyEvent("jazz1", kHour);
  price.price = 5;
  Event stranger;
  stranger.id = "stranger";
  Event known = Stored("jazz2");
  known.price = 7;
  const WriteReceipt receipt =
      Write(EventUpserts{{price, stranger, known}, {"price"}});
  EXPECT_THAT(receipt.unknown, ElementsAre("jazz1", "stranger"));
  EXPECT_EQ(receipt.accepted, 1);
  EXPECT_EQ(Stored("jazz2").price, 7);
  EXPECT_THAT(Ids("ann"), Not(Contains("jazz1")));
  EXPECT_THAT(Ids("ann"), Not(Contains("stranger")));
}

TEST_F(SnapshotPublisherTest, WhatClaimsTheFutureCountsAsOfItsReceipt) {
  AdoptTiny();
  Interaction early =
      Did("eve", "jazz1", InteractionKind::kRsvpYes, kTinyNow + 3650 * kDay);
  early.received_at = kTinyNow;
  Interaction later =
      Did("eve", "jazz1", InteractionKind::kRsvpNo, kTinyNow + kMinute);
  later.received_at = kTinyNow + kMinute;
  const int32_t before = YesOf("jazz1");
  Write(Interactions{early});
  EXPECT_EQ(YesOf("jazz1"), before + 1);
  Write(Interactions{later});
  EXPECT_EQ(YesOf("jazz1"), before);
}

TEST_F(SnapshotPublisherTest, TheWayBackNeedsOnlyWhatWasWrittenSince) {
  const auto adopt = [&](int64_t version) {
    Snapshot snapshot = TinySnapshot(TinyCatalog());
    snapshot.info.version = version;
    ASSERT_TRUE(
        publisher_->Adopt(std::move(snapshot), RankingPolicy(), kTinyNow).ok());
  };
  const auto version = [&] { return holder_->Get()->snapshot().info.version; };
  adopt(1);
  PutEvent(TinyEvent("jazz8", 4 * kHour));
  EXPECT_FALSE(*publisher_->GoBack(1));
  adopt(2);
  PutEvent(TinyEvent("jazz9", 5 * kHour));
  Write(EventDeletions{{"jazz1"}});
  EXPECT_FALSE(*publisher_->GoBack(7));
  EXPECT_TRUE(*publisher_->GoBack(1));
  EXPECT_EQ(version(), 1);
  EXPECT_THAT(Ids("ann"), Contains("jazz8"));
  EXPECT_THAT(Ids("ann"), Contains("jazz9"));
  EXPECT_THAT(Ids("ann"), Not(Contains("jazz1")));
  // And forward again.
  Write(Interactions{Did("eve", "jazz9")});
  EXPECT_TRUE(*publisher_->GoBack(2));
  EXPECT_EQ(version(), 2);
  EXPECT_EQ(YesOf("jazz9"), 1);
}

TEST_F(SnapshotPublisherTest, WhatWasTakenIsAnsweredBeforeTheEnd) {
  AdoptTiny();
  std::atomic<int> answered{0};
  for (int i = 0; i < 50; ++i) {
    publisher_->Submit(Interactions{Did(absl::StrCat("u", i), "jazz1")},
                       [&](const absl::StatusOr<WriteReceipt>& receipt) {
                         answered += receipt.ok();
                       });
  }
  EXPECT_TRUE(publisher_->Drain(absl::Seconds(60)));
  EXPECT_EQ(answered, 50);
  EXPECT_TRUE(absl::IsUnavailable(
      publisher_->Write(EventDeletions{{"jazz1"}}).status()));
}

TEST_F(SnapshotPublisherTest, LiveWritesSurviveAModelSwapInMemory) {
  AdoptTiny();
  PutEvent(TinyEvent("jazz9", 5 * kHour));
  Write(Interactions{Did("eve", "jazz9")});
  Write(EventDeletions{{"code1"}});
  AdoptTiny();
  EXPECT_THAT(Ids("ann"), Contains("jazz9"));
  EXPECT_THAT(Ids("ann"), Not(Contains("code1")));
  EXPECT_THAT(Ids("eve"), Not(Contains("jazz9")));
  EXPECT_EQ(YesOf("jazz9"), 1);
}

TEST_F(SnapshotPublisherTest, AStateOutlivesItsServer) {
  Start(dir_ + "/state.db");
  AdoptTiny();
  PutEvent(TinyEvent("jazz9", 5 * kHour));
  Write(Interactions{Did("eve", "jazz9")});
  Start(dir_ + "/state.db");
  EXPECT_EQ(publisher_->position(), 2);
  AdoptTiny();
  EXPECT_THAT(Ids("ann"), Contains("jazz9"));
  EXPECT_EQ(YesOf("jazz9"), 1);
  EXPECT_EQ(Write(Interactions{Did("eve", "jazz9")}).duplicates, 1);
}

TEST_F(SnapshotPublisherTest,
       RowsThatTheVersionWasTrainedOnAreNotAppliedAgain) {
  AdoptTiny();
  Write(Interactions{Did("eve", "jazz1", InteractionKind::kView)});
  Write(Interactions{Did("eve", "jazz2", InteractionKind::kView)});
  VersionInfo info;
  info.state_position = 1;
  info.state_id = state_->id();
  AdoptTiny(info);
  const Catalog& catalog = holder_->Get()->snapshot().catalog;
  const absl::Span<const Action> history =
      catalog.users.history[Index(catalog.FindUser("eve"))];
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(catalog.EventId(history[0].event), "jazz2");
}

TEST_F(SnapshotPublisherTest, RowsThatUntilLeftOutAreAppliedOnce) {
  Start(dir_ + "/state.db");
  AdoptTiny();
  Write(Interactions{
      Did("eve", "jazz1", InteractionKind::kView, kTinyNow - 2 * kHour)});
  Write(Interactions{Did("eve", "jazz2", InteractionKind::kView, kTinyNow)});
  VersionInfo info;
  info.state_position = 2;
  info.state_id = state_->id();
  info.state_until = kTinyNow - kHour;
  for (int restart = 0; restart < 2; ++restart) {
    AdoptTiny(info);
    const Catalog& catalog = holder_->Get()->snapshot().catalog;
    const absl::Span<const Action> history =
        catalog.users.history[Index(catalog.FindUser("eve"))];
    ASSERT_EQ(history.size(), 1u);
    EXPECT_EQ(catalog.EventId(history[0].event), "jazz2");
    Start(dir_ + "/state.db");
  }
}

TEST_F(SnapshotPublisherTest, ADamagedRowOfTheStateCostsThatRowAlone) {
  Start(dir_ + "/state.db");
  AdoptTiny();
  Write(Interactions{Did("eve", "jazz1"), Did("eve", "jazz2")});
  publisher_ = nullptr;
  state_ = nullptr;
  ASSERT_TRUE(
      SqliteDatabase::Open(dir_ + "/state.db", SqliteDatabase::Mode::kWrite)
          ->Execute("UPDATE interactions SET kind = 'dance' "
                    "WHERE event_id = 'jazz1'")
          .ok());
  Start(dir_ + "/state.db");
  AdoptTiny();
  EXPECT_EQ(YesOf("jazz1"), 0);
  EXPECT_EQ(YesOf("jazz2"), 1);
  EXPECT_EQ(publisher_->damaged_rows(), 1);
}

TEST_F(SnapshotPublisherTest, ADeletedEventCountsForItsOrganizerAfterARestart) {
  const auto yes_of_jazz = [&] {
    const Catalog& catalog = holder_->Get()->snapshot().catalog;
    return catalog.organizers.counters[Index(catalog.FindOrganizer("jazz"))]
        .yes;
  };
  Start(dir_ + "/state.db");
  AdoptTiny();
  const int32_t before = yes_of_jazz();
  PutEvent(TinyEvent("jazz9", 5 * kHour));
  Write(Interactions{Did("eve", "jazz9"), Did("bob", "jazz9")});
  Write(EventDeletions{{"jazz9"}});
  EXPECT_EQ(yes_of_jazz(), before + 2);
  Start(dir_ + "/state.db");
  AdoptTiny();
  EXPECT_EQ(yes_of_jazz(), before + 2);
  EXPECT_THAT(Ids("ann"), Not(Contains("jazz9")));
}

TEST_F(SnapshotPublisherTest, OfAnotherStateTheVersionHasNoRows) {
  AdoptTiny();
  Write(Interactions{Did("eve", "jazz1")});
  VersionInfo info;
  info.state_position = 1'000;
  info.state_id = "another";
  AdoptTiny(info);
  EXPECT_EQ(YesOf("jazz1"), 1);
}

TEST_F(SnapshotPublisherTest, BehindAVersionOfTheFutureWritesAreStillKept) {
  VersionInfo info;
  info.state_position = 1'000;
  info.state_id = state_->id();
  AdoptTiny(info);
  Write(Interactions{Did("eve", "jazz1")});
  EXPECT_EQ(publisher_->position(), 1'001);
  AdoptTiny(info);
  EXPECT_EQ(YesOf("jazz1"), 1);
}

TEST_F(SnapshotPublisherTest, ManyNewEventsAreMergedIntoTheIndex) {
  AdoptTiny();
  const size_t before = holder_->Get()->snapshot().index->rows();
  EventUpserts many;
  for (int i = 0; i < 5000; ++i) {
    many.events.push_back(TinyEvent(absl::StrCat("new", i), kDay + i * kHour));
  }
  Write(many);
  // The index comes when it is built; writes go on meanwhile.
  int changed = 0;
  while (holder_->Get()->snapshot().index->rows() == before) {
    Event event = many.events[changed++ % 50];
    event.title = absl::StrCat("changed ", changed);
    PutEvent(event);
  }
  const std::shared_ptr<const Served> served = holder_->Get();
  const Snapshot& snapshot = served->snapshot();
  EXPECT_EQ(snapshot.index->rows(), before + 5000);
  EXPECT_LE(snapshot.tail.size(), 50);
  // What the index and the tail do not hold is as it was indexed.
  for (size_t row = 0; row < snapshot.index->rows(); ++row) {
    if (std::binary_search(snapshot.tail.begin(), snapshot.tail.end(),
                           EventRow{static_cast<int32_t>(row)})) {
      continue;
    }
    EXPECT_EQ(snapshot.index->vectors().Row(row), snapshot.vectors.Row(row));
  }
}

TEST_F(SnapshotPublisherTest, TooMuchThatWaitsIsRefusedAndTheRestIsWritten) {
  publisher_ = std::make_unique<SnapshotPublisher>(
      *state_, *holder_, SnapshotPublisherOptions{.max_queued_rows = 100});
  AdoptTiny();
  std::atomic<int> written = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> others = 0;
  for (int i = 0; i < 2'000; ++i) {
    Interactions write;
    for (int j = 0; j < 50; ++j) {
      write.push_back(Did(absl::StrCat("u", i), absl::StrCat("e", j)));
    }
    publisher_->Submit(std::move(write), [&](const auto& receipt) {
      ++(receipt.ok()                                  ? written
         : absl::IsResourceExhausted(receipt.status()) ? refused
                                                       : others);
    });
  }
  publisher_ = nullptr;
  EXPECT_EQ(written + refused, 2'000);
  EXPECT_EQ(others, 0);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(state_->position(), 50 * written);
}

// Holds the writer's thread within the answer to a first write, so that what is
// submitted meanwhile waits.
TEST_F(SnapshotPublisherTest, WhatNobodyWaitsForAnyMoreIsNotWritten) {
  AdoptTiny();
  absl::Notification begun, go;
  publisher_->Submit(Interactions{Did("ann", "code1")}, [&](const auto&) {
    begun.Notify();
    go.WaitForNotification();
  });
  begun.WaitForNotification();
  bool given_up = false;
  absl::Status left;
  const auto is_wanted = [&] {
    return given_up ? absl::CancelledError("gone") : absl::OkStatus();
  };
  publisher_->Submit(
      Interactions{Did("bob", "code1")},
      [&](const auto& receipt) { left = receipt.status(); }, is_wanted);
  absl::Status kept = absl::UnknownError("");
  publisher_->Submit(
      Interactions{Did("eve", "code1")},
      [&](const auto& receipt) { kept = receipt.status(); },
      [] { return absl::OkStatus(); });
  given_up = true;
  go.Notify();
  EXPECT_TRUE(publisher_->Drain(absl::InfiniteDuration()));
  EXPECT_TRUE(absl::IsCancelled(left)) << left;
  EXPECT_TRUE(kept.ok()) << kept;
  EXPECT_EQ(YesOf("code1"), 2);
  EXPECT_EQ(state_->position(), 2);
}

TEST_F(SnapshotPublisherTest, SaysHowFarItIsBehind) {
  FakeClock clock(kTinyNow);
  publisher_ = std::make_unique<SnapshotPublisher>(
      *state_, *holder_, SnapshotPublisherOptions{.clock = &clock});
  AdoptTiny();
  EXPECT_EQ(publisher_->lag().rows_waiting, 0);
  EXPECT_EQ(publisher_->lag().last_commit, kNoTime);
  absl::Notification begun, go;
  publisher_->Submit(Interactions{Did("ann", "code1")}, [&](const auto&) {
    begun.Notify();
    go.WaitForNotification();
  });
  begun.WaitForNotification();
  EXPECT_EQ(publisher_->lag().rows_waiting, 1);
  EXPECT_EQ(publisher_->lag().oldest, kTinyNow);
  EXPECT_EQ(publisher_->lag().last_commit, kTinyNow);
  clock.Advance(kMinute);
  publisher_->Submit(Interactions{Did("bob", "code1"), Did("bob", "code2")},
                     [](const auto&) {});
  EXPECT_EQ(publisher_->lag().rows_waiting, 3);
  EXPECT_EQ(publisher_->lag().oldest, kTinyNow);
  go.Notify();
  EXPECT_TRUE(publisher_->Drain(absl::InfiniteDuration()));
  EXPECT_EQ(publisher_->lag().rows_waiting, 0);
  EXPECT_EQ(publisher_->lag().oldest, kNoTime);
  EXPECT_EQ(publisher_->lag().last_commit, kTinyNow + kMinute);
}

TEST_F(SnapshotPublisherTest, WhenDrainingNothingIsTakenInAndAllIsAnswered) {
  AdoptTiny();
  absl::Notification begun, go;
  publisher_->Submit(Interactions{Did("ann", "code1")}, [&](const auto&) {
    begun.Notify();
    go.WaitForNotification();
  });
  begun.WaitForNotification();
  absl::Status waited = absl::UnknownError("");
  publisher_->Submit(Interactions{Did("bob", "code1")},
                     [&](const auto& receipt) { waited = receipt.status(); });
  EXPECT_FALSE(publisher_->Drain(absl::ZeroDuration()));
  EXPECT_TRUE(absl::IsUnavailable(
      publisher_->Write(Interactions{Did("eve", "code1")}).status()));
  go.Notify();
  EXPECT_TRUE(publisher_->Drain(absl::InfiniteDuration()));
  EXPECT_TRUE(waited.ok()) << waited;
}

// Writers cancel and reinstate events while readers rank: a list that was made
// after a cancellation was acknowledged does not hold the event.
TEST_F(SnapshotPublisherTest, ReadersNeverSeeWhatWasGoneBeforeTheyAsked) {
  AdoptTiny();
  std::atomic<bool> stop = false;
  std::atomic<int> gone = 0;       // Times that jazz1 has been cancelled.
  std::atomic<int> restoring = 0;  // Times that it was about to come back.
  std::thread writer([&] {
    Event event = Stored("jazz1");
    for (int i = 0; i < 200; ++i) {
      event.status = EventStatus::kCancelled;
      PutEvent(event);
      ++gone;
      Write(Interactions{Did(absl::StrCat("w", i), "code1")});
      ++restoring;
      event.status = EventStatus::kScheduled;
      PutEvent(event);
    }
    stop = true;
  });
  std::vector<std::thread> readers;
  std::atomic<int> lists = 0;
  std::atomic<int> dead = 0;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!stop) {
        const int gone_before = gone;
        const std::vector<std::string> ids = Ids("ann");
        // Cancelled before the question, and not restored until the answer.
        if (restoring < gone_before) {
          for (const std::string& id : ids) dead += id == "jazz1";
        }
        ++lists;
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(dead, 0);
  EXPECT_GT(lists, 0);
  EXPECT_EQ(YesOf("code1"), 200);
}

}  // namespace
}  // namespace usher
