#include "index/state/exposure_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/clock.h"
#include "index/state/sqlite.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// A list of three events for `user`, in variant `variant` of experiment "a".
Exposure ListOf(const std::string& id, const std::string& user = "ann",
                const std::string& variant = "x") {
  Exposure exposure;
  exposure.recommendation_id = id;
  exposure.user_id = user;
  exposure.served_at = 1'700'000'000 * kSecond;
  exposure.now = exposure.served_at - kHour;
  exposure.model_version = 7;
  exposure.state_position = 1234;
  exposure.variants = {{"a", variant}};
  exposure.event_ids = {"e1", "e\"2", "Zo\u00eb"};
  exposure.scores = {1.25f, 0.1f, -3.4028235e38f};
  exposure.shown = {true, true, true};
  return exposure;
}

Exposure Deferred(const std::string& id, const std::string& user = "ann",
                  const std::string& variant = "x") {
  Exposure exposure = ListOf(id, user, variant);
  exposure.shown = {false, false, false};
  return exposure;
}

class ExposureStoreTest : public ::testing::Test {
 protected:
  ExposureStoreTest() { store_ = ExposureStore::Open(path_).value(); }

  void Reopen() {
    store_ = nullptr;
    store_ = ExposureStore::Open(path_).value();
  }

  void Put(const std::vector<Exposure>& exposures) {
    ASSERT_TRUE(store_->Begin().ok());
    for (const Exposure& exposure : exposures) {
      ASSERT_TRUE(store_->Put(exposure).ok());
    }
    ASSERT_TRUE(store_->Commit().ok());
  }
  absl::Status Show(const std::string& id, std::vector<int32_t> positions) {
    EXPECT_TRUE(store_->Begin().ok());
    const absl::Status status = store_->Show(id, positions);
    EXPECT_TRUE(store_->Commit().ok());
    return status;
  }
  int64_t DeleteOldest(Micros served_before, int64_t kept, int64_t most) {
    EXPECT_TRUE(store_->Begin().ok());
    const int64_t deleted =
        store_->DeleteOldest(served_before, kept, most).value();
    EXPECT_TRUE(store_->Commit().ok());
    return deleted;
  }
  // "user variant lists events", of each row.
  static std::vector<std::string> Users(ExposureStore& store) {
    std::vector<std::string> texts;
    EXPECT_TRUE(store
                    .ReadUsers("a",
                               [&](const ExposedUser& user) {
                                 texts.push_back(absl::StrCat(
                                     user.user_id, " ", user.variant, " ",
                                     user.lists, " ", user.events));
                                 return absl::OkStatus();
                               })
                    .ok());
    return texts;
  }
  std::vector<std::string> Users() { return Users(*store_); }
  // The first column of the first row.
  std::string Query(const std::string& sql) {
    SqliteDatabase database =
        SqliteDatabase::Open(path_, SqliteDatabase::Mode::kRead).value();
    SqliteStatement statement = database.Prepare(sql).value();
    if (!statement.Step().value()) return "no row";
    std::string text(statement.Text(0));
    statement.Reset();
    return text;
  }

  ScratchFolder folder_;
  const std::string dir_ = folder_.path();
  const std::string path_ = folder_.Path("state.exposures.db");
  std::unique_ptr<ExposureStore> store_;
};

TEST_F(ExposureStoreTest, AListComesBackAsItWasPut) {
  Exposure second = ListOf("r2", "", "");
  second.variants.clear();
  second.first_position = 21;
  second.propensity = 0.25f;
  second.shown = {false, true, false};
  Put({ListOf("r1"), second});
  Reopen();
  for (const Exposure& put : {ListOf("r1"), second}) {
    const Exposure got = store_->Find(put.recommendation_id).value().value();
    EXPECT_EQ(got.user_id, put.user_id);
    EXPECT_EQ(got.served_at, put.served_at);
    EXPECT_EQ(got.now, put.now);
    EXPECT_EQ(got.model_version, put.model_version);
    EXPECT_EQ(got.state_position, put.state_position);
    ASSERT_EQ(got.variants.size(), put.variants.size());
    for (size_t i = 0; i < put.variants.size(); ++i) {
      EXPECT_EQ(got.variants[i].experiment, put.variants[i].experiment);
      EXPECT_EQ(got.variants[i].variant, put.variants[i].variant);
    }
    EXPECT_EQ(got.first_position, put.first_position);
    EXPECT_EQ(got.event_ids, put.event_ids);
    EXPECT_EQ(got.scores, put.scores);  // To the bit.
    EXPECT_EQ(got.propensity, put.propensity);
    EXPECT_EQ(got.shown, put.shown);
  }
  EXPECT_FALSE(store_->Find("r3").value().has_value());
}

Exposure Sampled(const std::string& id, const std::string& user = "ann") {
  Exposure exposure = ListOf(id, user);
  exposure.sample.emplace();
  exposure.sample->location = {51.05f, 3.72f};
  exposure.sample->device = Device::kTablet;
  exposure.sample->seeds = {{"e\"2", InteractionKind::kSave, 0.3f},
                            {"e9", InteractionKind::kRsvpNo, 1}};
  exposure.sample->feature_names = {"followed", "distance"};
  exposure.sample->features = {1, 0.1f, 0, -3.4028235e38f, 1e-38f, 2};
  return exposure;
}

TEST_F(ExposureStoreTest, ASampleComesBackAsItWasPut) {
  Exposure nowhere = Sampled("r3");
  nowhere.sample->location = {};
  nowhere.sample->seeds.clear();
  Put({ListOf("r1"), Sampled("r2"), nowhere});
  Put({Sampled("r1")});  // Is there already, without a sample.
  Reopen();
  EXPECT_FALSE(store_->Find("r1").value()->sample.has_value());
  const Exposure put = Sampled("r2");
  const std::optional<ExposureSample> got = store_->Find("r2").value()->sample;
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->location.latitude, put.sample->location.latitude);
  EXPECT_EQ(got->location.longitude, put.sample->location.longitude);
  EXPECT_EQ(got->device, Device::kTablet);
  ASSERT_EQ(got->seeds.size(), 2u);
  EXPECT_EQ(got->seeds[0].event_id, "e\"2");
  EXPECT_EQ(got->seeds[0].kind, InteractionKind::kSave);
  EXPECT_EQ(got->seeds[0].weight, 0.3f);
  EXPECT_EQ(got->feature_names, put.sample->feature_names);
  EXPECT_EQ(got->features, put.sample->features);  // To the bit.
  const std::optional<ExposureSample> none = store_->Find("r3").value()->sample;
  EXPECT_FALSE(none->location.known());
  EXPECT_THAT(none->seeds, IsEmpty());
}

TEST_F(ExposureStoreTest, AFileFromBeforeThereWereSamplesGetsTheirTable) {
  Put({ListOf("r1")});
  store_ = nullptr;
  {
    SqliteDatabase editor =
        SqliteDatabase::Open(path_, SqliteDatabase::Mode::kWrite).value();
    ASSERT_TRUE(editor.Execute("DROP TABLE samples").ok());
  }
  Reopen();
  Put({Sampled("r2")});
  EXPECT_FALSE(store_->Find("r1").value()->sample.has_value());
  EXPECT_TRUE(store_->Find("r2").value()->sample.has_value());
}

TEST_F(ExposureStoreTest, ASampleGoesWithItsList) {
  Put({Sampled("r1"), Sampled("r2", "bob"), Sampled("r3"), Sampled("r4")});
  const std::string count = "SELECT count(*) FROM samples";
  EXPECT_EQ(Query(count), "4");
  EXPECT_EQ(DeleteOldest(0, 3, 10), 1);
  EXPECT_EQ(Query(count), "3");
  ASSERT_TRUE(store_->Begin().ok());
  EXPECT_EQ(store_->ForgetUser("ann", store_->NumbersOf("ann").value()).value(),
            2);
  ASSERT_TRUE(store_->Commit().ok());
  EXPECT_EQ(Query(count), "1");
  EXPECT_TRUE(store_->Find("r2").value()->sample.has_value());
}

TEST_F(ExposureStoreTest, AnEmptyListIsAList) {
  Exposure empty = ListOf("r1");
  empty.event_ids.clear();
  empty.scores.clear();
  empty.shown.clear();
  Put({empty});
  EXPECT_TRUE(store_->Find("r1").value()->event_ids.empty());
  EXPECT_THAT(Users(), ElementsAre("ann x 1 0"));
}

TEST_F(ExposureStoreTest, AListIsKeptOnce) {
  Put({ListOf("r1"), ListOf("r1")});
  Put({ListOf("r1", "bob")});
  EXPECT_THAT(Users(), ElementsAre("ann x 1 3"));
}

TEST_F(ExposureStoreTest, SumsAreByUserAndVariantAndVisitorsHaveNone) {
  Exposure visitor = ListOf("r4", "");
  Put({ListOf("r1"), ListOf("r2"), ListOf("r3", "bob", "y"), visitor});
  Put({ListOf("r5", "ann", "y")});
  EXPECT_THAT(Users(), ElementsAre("ann x 2 6", "ann y 1 3", "bob y 1 3"));
  EXPECT_EQ(store_->FirstStatePosition("a").value(), 1234);
  Exposure earlier = ListOf("r6", "bob", "y");
  earlier.state_position = 50;
  Put({earlier});
  EXPECT_EQ(store_->FirstStatePosition("a").value(), 50);
  EXPECT_EQ(store_->FirstStatePosition("b").value(), 0);
}

TEST_F(ExposureStoreTest, ADeferredListIsShownAsReportedAndOnlyOnce) {
  Put({Deferred("r1")});
  EXPECT_THAT(Users(), ElementsAre("ann x 1 0"));
  ASSERT_TRUE(Show("r1", {2, 2}).ok());
  EXPECT_THAT(Users(), ElementsAre("ann x 1 1"));
  ASSERT_TRUE(Show("r1", {2}).ok());
  ASSERT_TRUE(Show("r1", {1, 2}).ok());
  EXPECT_THAT(Users(), ElementsAre("ann x 1 2"));
  EXPECT_EQ(store_->Find("r1").value()->shown,
            (std::vector<bool>{true, true, false}));
  ASSERT_TRUE(Show("r1", {}).ok());
  ASSERT_TRUE(Show("r1", {}).ok());
  EXPECT_THAT(Users(), ElementsAre("ann x 1 3"));
  EXPECT_EQ(Query("SELECT shown IS NULL FROM lists"), "1");
}

TEST_F(ExposureStoreTest, PositionsAreThoseOfThePage) {
  Exposure page = Deferred("r1");
  page.first_position = 21;
  Put({page});
  EXPECT_TRUE(Show("r1", {22}).ok());
  EXPECT_EQ(Query("SELECT shown FROM lists"), "[22]");
  for (const int32_t wrong : {0, 2, 20, 24, -1, INT32_MAX, INT32_MIN}) {
    const absl::Status status = Show("r1", {23, wrong});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(std::string(status.message()), HasSubstr("21 to 23"));
  }
  EXPECT_EQ(Query("SELECT shown FROM lists"), "[22]") << "a part was written";
}

TEST_F(ExposureStoreTest, WhatIsSaidOfAnUnknownListIsNotFound) {
  EXPECT_EQ(Show("r1", {}).code(), absl::StatusCode::kNotFound);
}

TEST_F(ExposureStoreTest, OldListsGoWithTheirSums) {
  std::vector<Exposure> lists;
  for (int i = 0; i < 10; ++i) {
    lists.push_back(ListOf(absl::StrCat("r", i), i < 6 ? "ann" : "bob"));
    lists.back().served_at = i * kDay;
  }
  Put(lists);
  EXPECT_EQ(DeleteOldest(0, 0, 100), 0);
  EXPECT_EQ(DeleteOldest(4 * kDay, 0, 3), 3) << "no more than asked for";
  EXPECT_EQ(DeleteOldest(4 * kDay, 0, 3), 1);
  EXPECT_EQ(DeleteOldest(4 * kDay, 0, 3), 0);
  EXPECT_THAT(Users(), ElementsAre("ann x 2 6", "bob x 4 12"));
  EXPECT_EQ(DeleteOldest(0, 4, 100), 2) << "those beyond the newest four";
  EXPECT_THAT(Users(), ElementsAre("bob x 4 12"));
  EXPECT_EQ(store_->CountLists().value(), 4);
  EXPECT_FALSE(store_->Find("r5").value().has_value());
  EXPECT_TRUE(store_->Find("r6").value().has_value());
}

TEST_F(ExposureStoreTest, AForgottenUserHasNoLists) {
  Put({ListOf("r1"), ListOf("r2", "bob"), ListOf("r3")});
  ASSERT_TRUE(store_->Begin().ok());
  const std::vector<int64_t> numbers = store_->NumbersOf("ann").value();
  EXPECT_THAT(store_->NumbersOf("nobody").value(), IsEmpty());
  EXPECT_EQ(store_->ForgetUser("bob", numbers).value(), 0);
  EXPECT_EQ(store_->ForgetUser("ann", numbers).value(), 2);
  ASSERT_TRUE(store_->Commit().ok());
  EXPECT_THAT(Users(), ElementsAre("bob x 1 3"));
  EXPECT_EQ(Show("r1", {}).code(), absl::StatusCode::kNotFound);
}

TEST_F(ExposureStoreTest, NothingOfAForgottenUserIsLeftInTheFiles) {
  const std::string user = "somebody-who-wants-to-be-forgotten";
  Put({ListOf("r1", user), ListOf("r2", "bob")});
  Put({ListOf("r3", user)});
  const auto bytes = [this] {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(dir_)) {
      std::ifstream in(file.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  };
  ASSERT_NE(bytes().find(user), std::string::npos);
  ASSERT_TRUE(store_->Begin().ok());
  EXPECT_EQ(store_->ForgetUser(user, store_->NumbersOf(user).value()).value(),
            2);
  ASSERT_TRUE(store_->Commit().ok());
  ASSERT_TRUE(store_->DropOldPages().ok());
  EXPECT_EQ(bytes().find(user), std::string::npos);
  EXPECT_NE(bytes().find("bob"), std::string::npos);
}

TEST_F(ExposureStoreTest, AUsersListsAreReadOldestFirst) {
  Put({ListOf("r2"), ListOf("r3", "bob"), ListOf("r1")});
  std::vector<std::string> ids;
  ASSERT_TRUE(store_
                  ->ReadLists("ann",
                              [&](const Exposure& exposure) {
                                ids.push_back(exposure.recommendation_id);
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_THAT(ids, ElementsAre("r2", "r1"));
}

TEST_F(ExposureStoreTest, DroppedListsAreCountedByVariant) {
  ASSERT_TRUE(store_->Begin().ok());
  ASSERT_TRUE(store_->AddDropped({"a", "x"}, 3).ok());
  ASSERT_TRUE(store_->AddDropped({"a", "x"}, 4).ok());
  ASSERT_TRUE(store_->AddDropped({"b", "x"}, 5).ok());
  ASSERT_TRUE(store_->Commit().ok());
  Reopen();
  EXPECT_THAT(store_->Dropped("a").value(), ElementsAre(Pair("x", 7)));
  EXPECT_THAT(store_->Dropped("c").value(), IsEmpty());
}

TEST_F(ExposureStoreTest, WhatIsRolledBackWasNeverThere) {
  ASSERT_TRUE(store_->Begin().ok());
  ASSERT_TRUE(store_->Put(ListOf("r1")).ok());
  store_->Rollback();
  EXPECT_THAT(Users(), IsEmpty());
}

TEST_F(ExposureStoreTest, AReaderSeesTheMomentItWasOpened) {
  Put({ListOf("r1")});
  const auto reader = ExposureStore::OpenToRead(path_).value();
  EXPECT_THAT(Users(*reader), ElementsAre("ann x 1 3"));
  Put({ListOf("r2")});
  EXPECT_THAT(Users(*reader), ElementsAre("ann x 1 3"));
  EXPECT_THAT(Users(), ElementsAre("ann x 2 6"));
}

// What the comment of the table promises.
TEST_F(ExposureStoreTest, APersonCanQueryItEventByEvent) {
  Exposure page = ListOf("r1");
  page.first_position = 21;
  Put({page});
  EXPECT_EQ(Query("SELECT e.value || ' at ' || (e.key + first_position) FROM "
                  "lists l, json_each(event_ids) e WHERE e.key = 1"),
            "e\"2 at 22");
  EXPECT_EQ(Query("SELECT json_extract(scores, '$[0]') FROM lists"), "1.25");
  EXPECT_EQ(Query("SELECT json_extract(variants, '$.a') FROM lists"), "x");
  EXPECT_EQ(Query("SELECT datetime(served_at / 1000000, 'unixepoch') FROM "
                  "lists"),
            "2023-11-14 22:13:20");
}

TEST_F(ExposureStoreTest, ADamagedSampleIsNamedAndCanBeDeleted) {
  for (const char* damage :
       {"features = x'00'", "features = NULL", "feature_names = '[\"a\"]'",
        "feature_names = 'a'", "device = 5", "device = -1",
        "seeds = '[\"e1\"]'", "seeds = '[\"e1\",\"sat\",\"1\"]'",
        "seeds = '[\"e1\",\"view\",\"x\"]'"}) {
    Put({Sampled("r1")});
    {
      SqliteDatabase editor =
          SqliteDatabase::Open(path_, SqliteDatabase::Mode::kWrite).value();
      ASSERT_TRUE(
          editor.Execute(absl::StrCat("UPDATE samples SET ", damage)).ok());
    }
    EXPECT_EQ(store_->Find("r1").status().code(), absl::StatusCode::kDataLoss)
        << damage;
    EXPECT_EQ(DeleteOldest(INT64_MAX, 0, 10), 1);
    EXPECT_EQ(Query("SELECT count(*) FROM samples"), "0");
  }
}

TEST_F(ExposureStoreTest, ADamagedRowIsNamedAndCanBeDeleted) {
  for (const char* damage :
       {"scores = '[1,2]'", "scores = '1,2,3'", "scores = '[1,x,3]'",
        "shown = '[9]'", "shown = 'all'", "event_ids = '[1]'",
        "variants = '{\"a\": 1}'"}) {
    Put({ListOf("r1")});
    {
      SqliteDatabase editor =
          SqliteDatabase::Open(path_, SqliteDatabase::Mode::kWrite).value();
      ASSERT_TRUE(
          editor.Execute(absl::StrCat("UPDATE lists SET ", damage)).ok());
    }
    const absl::Status status = store_->Find("r1").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << damage;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    EXPECT_EQ(DeleteOldest(INT64_MAX, 0, 10), 1);
  }
}

TEST_F(ExposureStoreTest, AnotherFileIsRefused) {
  const std::string other = dir_ + "/other.db";
  std::ofstream(other) << "this is no database at all, but a text";
  EXPECT_EQ(ExposureStore::Open(other).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::filesystem::remove(other);
  {
    SqliteDatabase database =
        SqliteDatabase::Open(other, SqliteDatabase::Mode::kWrite).value();
    ASSERT_TRUE(database.Execute("CREATE TABLE t (x)").ok());
  }
  EXPECT_THAT(std::string(ExposureStore::Open(other).status().message()),
              HasSubstr("not one of Usher's exposures"));
  EXPECT_EQ(ExposureStore::OpenToRead(dir_ + "/none.db").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ExposureStoreTest, ItsFileStandsBesideTheState) {
  EXPECT_EQ(ExposureStore::PathBeside("d/state.db"), "d/state.exposures.db");
  EXPECT_EQ(ExposureStore::PathBeside("state"), "state.exposures.db");
  EXPECT_EQ(ExposureStore::PathBeside(ExposureStore::kMemory),
            ExposureStore::kMemory);
}

// A writer is killed in the middle, over and over: transactions are there whole
// or not at all, those that it had said were committed are, and the sums are
// those of the lists.
TEST_F(ExposureStoreTest, AKilledWriterLeavesWholeTransactions) {
  constexpr int kBatch = 20;
  store_ = nullptr;
  int64_t told = 0;
  for (int round = 0; round < 10; ++round) {
    int said[2];
    ASSERT_EQ(pipe(said), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto store = ExposureStore::Open(path_).value();
      for (int batch = 0;; ++batch) {
        bool ok = store->Begin().ok();
        for (int i = 0; i < kBatch; ++i) {
          ok = ok && store
                         ->Put(ListOf(absl::StrCat(round, ".", batch, ".", i),
                                      absl::StrCat("u", i % 7)))
                         .ok();
        }
        ok = ok && store->Commit().ok();
        if (!ok || write(said[1], "c", 1) != 1) _exit(1);
      }
    }
    close(said[1]);
    char c;
    for (int i = 0; i < 5 + 3 * round; ++i) {
      ASSERT_EQ(read(said[0], &c, 1), 1);
      ++told;
    }
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    while (read(said[0], &c, 1) == 1) ++told;
    close(said[0]);
    Reopen();
    const int64_t lists = std::stoll(Query("SELECT count(*) FROM lists"));
    EXPECT_EQ(lists % kBatch, 0);
    EXPECT_GE(lists, told * kBatch);
    EXPECT_LE(lists, (told + round + 1) * kBatch);
    EXPECT_EQ(Query("SELECT sum(lists) FROM users_of_variants"),
              absl::StrCat(lists));
    EXPECT_EQ(Query("SELECT sum(events) FROM users_of_variants"),
              absl::StrCat(3 * lists));
    EXPECT_EQ(Query("PRAGMA integrity_check"), "ok");
    store_ = nullptr;
  }
}

}  // namespace
}  // namespace usher
