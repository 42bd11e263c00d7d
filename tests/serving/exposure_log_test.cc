#include "serving/exposure_log.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/state/sqlite.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr Micros kStart = 1'700'000'000 * kSecond;

Exposure ListOf(const std::string& id, const std::string& user = "ann",
                const std::string& variant = "x") {
  Exposure exposure;
  exposure.recommendation_id = id;
  exposure.user_id = user;
  exposure.served_at = kStart;
  exposure.variants = {{"a", variant}};
  exposure.event_ids = {"e1", "e2"};
  exposure.scores = {2, 1};
  exposure.shown = {true, true};
  return exposure;
}

Exposure Deferred(const std::string& id) {
  Exposure exposure = ListOf(id);
  exposure.shown = {false, false};
  return exposure;
}

// "user variant lists events", of each row.
std::vector<std::string> UsersOf(ExposureLog& log) {
  std::vector<std::string> texts;
  EXPECT_TRUE(log.Read([&](ExposureStore& store) {
                   return store.ReadUsers("a", [&](const ExposedUser& user) {
                     texts.push_back(absl::StrCat(user.user_id, " ",
                                                  user.variant, " ", user.lists,
                                                  " ", user.events));
                     return absl::OkStatus();
                   });
                 })
                  .ok());
  return texts;
}

absl::Status Show(ExposureLog& log, const std::string& id,
                  std::vector<int32_t> positions) {
  absl::Status status;
  absl::Notification ended;
  log.Show(id, std::move(positions), [&](absl::Status answer) {
    status = std::move(answer);
    ended.Notify();
  });
  ended.WaitForNotification();
  return status;
}

// Keeps the log's thread busy until it is let go.
class Busy {
 public:
  explicit Busy(ExposureLog& log)
      : thread_([this, &log] {
          EXPECT_TRUE(log.Read([this](ExposureStore&) {
                           begun_.Notify();
                           ended_.WaitForNotification();
                           return absl::OkStatus();
                         })
                          .ok());
        }) {
    begun_.WaitForNotification();
  }
  ~Busy() {
    ended_.Notify();
    thread_.join();
  }

 private:
  absl::Notification begun_;
  absl::Notification ended_;
  std::thread thread_;
};

class ExposureLogTest : public ::testing::Test {
 protected:
  FakeClock clock_{kStart};
  std::unique_ptr<ExposureStore> store_ =
      ExposureStore::Open(ExposureStore::kMemory).value();
};

TEST_F(ExposureLogTest, WhatWasAppendedIsThereForWhoeverReadsAfterwards) {
  ExposureLog log(*store_, clock_, {});
  log.Append(ListOf("r1"));
  log.Append(ListOf("r2", "bob", "y"));
  EXPECT_THAT(UsersOf(log), ElementsAre("ann x 1 2", "bob y 1 2"));
}

TEST_F(ExposureLogTest, AnExposureIsReportedBehindItsList) {
  ExposureLog log(*store_, clock_, {});
  for (int i = 0; i < 50; ++i) {
    const std::string id = absl::StrCat("r", i);
    log.Append(Deferred(id));
    EXPECT_TRUE(Show(log, id, {2}).ok());
    EXPECT_TRUE(Show(log, id, {2}).ok());
  }
  EXPECT_EQ(Show(log, "unknown", {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Show(log, "r1", {3}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(UsersOf(log), ElementsAre("ann x 50 50"));
}

TEST_F(ExposureLogTest, AShareOfListsIsSampledByTheirIdsAlone) {
  ExposureLogOptions options;
  options.sample_share = 0.1;
  const ExposureLog log(*store_, clock_, options);
  options.sample_share = 0.5;
  const ExposureLog more(*store_, clock_, options);
  options.sample_share = 0;
  const ExposureLog none(*store_, clock_, options);
  options.sample_share = 1;
  const ExposureLog all(*store_, clock_, options);
  int sampled = 0;
  constexpr int kLists = 10'000;
  for (int i = 0; i < kLists; ++i) {
    const std::string id = absl::StrCat("r", i);
    sampled += log.Samples(id);
    EXPECT_EQ(log.Samples(id), log.Samples(id));
    // A larger share has the lists of a smaller one.
    EXPECT_LE(log.Samples(id), more.Samples(id));
    EXPECT_FALSE(none.Samples(id));
    EXPECT_TRUE(all.Samples(id));
  }
  // Within four standard deviations.
  EXPECT_NEAR(sampled, 1000, 120);
}

TEST_F(ExposureLogTest, UnderOverloadListsAreDroppedAndCountedByVariant) {
  ExposureLogOptions options;
  options.max_queued = 3;
  ExposureLog log(*store_, clock_, options);
  {
    const Busy busy(log);
    for (int i = 0; i < 5; ++i) log.Append(ListOf(absl::StrCat("r", i)));
    log.Append(ListOf("r5", "bob", "y"));
    EXPECT_EQ(Show(log, "r0", {}).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(log.dropped(), 3);
  }
  EXPECT_THAT(UsersOf(log), ElementsAre("ann x 3 6"));
  EXPECT_THAT(log.DroppedByVariant(),
              ElementsAre(Pair(Pair("a", "x"), 2), Pair(Pair("a", "y"), 1)));
  EXPECT_TRUE(log.Read([](ExposureStore& store) {
                   EXPECT_THAT(store.Dropped("a").value(),
                               ElementsAre(Pair("x", 2), Pair("y", 1)));
                   return absl::OkStatus();
                 })
                  .ok());
}

TEST_F(ExposureLogTest, OldListsAreDeletedWhenNewOnesCome) {
  ExposureLogOptions options;
  options.retention = 10 * kDay;
  ExposureLog log(*store_, clock_, options);
  log.Append(ListOf("r1"));
  EXPECT_THAT(UsersOf(log), ElementsAre("ann x 1 2"));
  clock_.Advance(11 * kDay);
  Exposure later = ListOf("r2", "bob");
  later.served_at = clock_.Now();
  log.Append(later);
  EXPECT_THAT(UsersOf(log), ElementsAre("bob x 1 2"));
}

TEST_F(ExposureLogTest, MemoryIsBounded) {
  ExposureLogOptions options;
  options.max_lists = 10;
  ExposureLog log(*store_, clock_, options);
  for (int i = 0; i < 100; ++i) {
    log.Append(ListOf(absl::StrCat("r", i)));
    // Each look waits for a transaction.
    if (i % 7 == 0) {
      EXPECT_FALSE(UsersOf(log).empty());
    }
  }
  EXPECT_THAT(UsersOf(log), ElementsAre("ann x 10 20"));
}

TEST_F(ExposureLogTest, AForgottenUserIsForgottenWithWhatWaited) {
  ExposureLog log(*store_, clock_, {});
  log.Append(ListOf("r1"));
  log.Append(ListOf("r2", "bob"));
  EXPECT_TRUE(log.ForgetUser("ann").ok());
  EXPECT_THAT(UsersOf(log), ElementsAre("bob x 1 2"));
}

TEST_F(ExposureLogTest, TheEndWritesWhatWaits) {
  const ScratchFolder folder;
  const std::string path = folder.Path("exposures.db");
  {
    const auto store = ExposureStore::Open(path).value();
    ExposureLog log(*store, clock_, {});
    for (int i = 0; i < 3000; ++i) log.Append(ListOf(absl::StrCat("r", i)));
  }
  const auto reader = ExposureStore::OpenToRead(path).value();
  EXPECT_EQ(reader->CountLists().value(), 3000);
}

// The disk fails as a database does that somebody else has locked or broken.
TEST_F(ExposureLogTest, WhenTheDiskFailsListsAreDroppedAndCallersAnswered) {
  const ScratchFolder folder;
  const std::string path = folder.Path("exposures.db");
  const auto store = ExposureStore::Open(path).value();
  {
    SqliteDatabase breaker =
        SqliteDatabase::Open(path, SqliteDatabase::Mode::kWrite).value();
    ASSERT_TRUE(breaker
                    .Execute("CREATE TRIGGER full BEFORE INSERT ON lists BEGIN "
                             "SELECT RAISE(ROLLBACK, 'no room'); END")
                    .ok());
  }
  {
    ExposureLog log(*store, clock_, {});
    log.Append(ListOf("r1"));
    EXPECT_FALSE(Show(log, "r1", {}).ok());
    EXPECT_EQ(log.dropped(), 1);
    {
      SqliteDatabase mender =
          SqliteDatabase::Open(path, SqliteDatabase::Mode::kWrite).value();
      ASSERT_TRUE(mender.Execute("DROP TRIGGER full").ok());
    }
    log.Append(ListOf("r2"));
    EXPECT_THAT(UsersOf(log), ElementsAre("ann x 1 2"));
    EXPECT_TRUE(log.Read([](ExposureStore& read) {
                     EXPECT_THAT(read.Dropped("a").value(),
                                 ElementsAre(Pair("x", 1)));
                     return absl::OkStatus();
                   })
                    .ok());
  }
}

// Many callers at once: whatever was not dropped is there, once.
TEST_F(ExposureLogTest, CallersReadersAndTheEndMayMeet) {
  constexpr int kCallers = 4;
  constexpr int kLists = 500;
  ExposureLogOptions options;
  options.max_queued = 100;
  const ScratchFolder folder;
  const auto store = ExposureStore::Open(folder.Path("exposures.db")).value();
  std::atomic<int> not_found = 0;
  int64_t dropped = 0;
  {
    ExposureLog log(*store, clock_, options);
    absl::BlockingCounter answered(kCallers * kLists / 10);
    std::vector<std::thread> callers;
    for (int c = 0; c < kCallers; ++c) {
      callers.emplace_back([&, c] {
        for (int i = 0; i < kLists; ++i) {
          const std::string id = absl::StrCat(c, ".", i);
          log.Append(ListOf(id, absl::StrCat("u", i % 5)));
          if (i % 10 == 0) {
            log.Show(id, {1}, [&](const absl::Status& status) {
              if (absl::IsNotFound(status)) ++not_found;
              answered.DecrementCount();
            });
          }
        }
      });
    }
    std::thread reader([&] {
      for (int i = 0; i < 20; ++i) UsersOf(log);
    });
    for (std::thread& caller : callers) caller.join();
    reader.join();
    answered.Wait();
    dropped = log.dropped();
  }
  EXPECT_EQ(store->CountLists().value() + dropped, kCallers * kLists);
  int64_t lists = 0;
  EXPECT_TRUE(store
                  ->ReadUsers("a",
                              [&](const ExposedUser& user) {
                                EXPECT_EQ(user.events, 2 * user.lists);
                                lists += user.lists;
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_EQ(lists + dropped, kCallers * kLists);
  // Only of a dropped list nothing is known.
  EXPECT_LE(not_found, dropped);
}

}  // namespace
}  // namespace usher
