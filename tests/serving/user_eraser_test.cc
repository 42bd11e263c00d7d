#include "serving/user_eraser.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/artifact/forgotten_file.h"
#include "index/artifact/version.h"
#include "serving/lists/candidate_lists.h"
#include "serving/user_exporter.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

class UserEraserTest : public ::testing::TestWithParam<bool> {
 protected:
  UserEraserTest() { Start(); }

  // A server with the model of the tiny city, as it was trained.
  void Start() {
    publisher_ = nullptr;
    if (state_ == nullptr || GetParam()) {
      state_ = nullptr;
      state_ = StateStore::Open(GetParam() ? folder_.Path("state.db")
                                           : StateStore::kMemory)
                   .value();
    }
    publisher_ = std::make_unique<SnapshotPublisher>(
        *state_, holder_, SnapshotPublisherOptions(),
        ReadForgotten(folder_.path()).value());
    AdoptTiny();
    eraser_ = std::make_unique<UserEraser>(folder_.path(), *publisher_,
                                           exposures_, nullptr, clock_);
    exporter_ =
        std::make_unique<UserExporter>(holder_, *publisher_, exposures_);
  }
  void AdoptTiny() {
    ASSERT_TRUE(
        publisher_
            ->Adopt(TinySnapshot(TinyCatalog()), RankingPolicy(), kTinyNow)
            .ok());
  }

  void Record(const std::string& user, const std::string& event) {
    Interaction interaction;
    interaction.user_id = user;
    interaction.event_id = event;
    interaction.kind = InteractionKind::kRsvpYes;
    interaction.occurred_at = kTinyNow;
    interaction.device = "phone";
    ASSERT_TRUE(publisher_->Write(Interactions{interaction}).ok());
  }
  const Catalog& catalog() {
    served_ = holder_.Get();
    return served_->snapshot().catalog;
  }

  const ScratchFolder folder_;
  const FakeClock clock_{kTinyNow};
  SnapshotHolder holder_;
  std::unique_ptr<ExposureStore> exposure_store_ =
      ExposureStore::Open(ExposureStore::kMemory).value();
  ExposureLog exposures_{*exposure_store_, clock_, {}};
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<SnapshotPublisher> publisher_;
  std::unique_ptr<UserEraser> eraser_;
  std::unique_ptr<UserExporter> exporter_;
  std::shared_ptr<const Served> served_;
};

TEST_P(UserEraserTest, WhoIsForgottenIsUnknownAndStaysSo) {
  Record("ann", "jazz1");
  Record("bob", "jazz1");
  ASSERT_NE(catalog().FindUser("ann"), kNoUser);
  const absl::StatusOr<ErasureReceipt> receipt = eraser_->Erase("ann");
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->interactions, 1);
  EXPECT_THAT(receipt->incomplete, SizeIs(0));
  EXPECT_EQ(receipt->tombstone.forgotten_at, kTinyNow);
  EXPECT_EQ(catalog().FindUser("ann"), kNoUser);
  EXPECT_NE(catalog().FindUser("bob"), kNoUser);
  // By a late message, a profile, a model that still knows them, a restart.
  Record("ann", "jazz2");
  User profile;
  profile.id = "ann";
  ASSERT_TRUE(publisher_->Write(UserUpserts{{profile}, {}}).ok());
  EXPECT_EQ(catalog().FindUser("ann"), kNoUser);
  AdoptTiny();
  EXPECT_EQ(catalog().FindUser("ann"), kNoUser);
  Start();
  EXPECT_EQ(catalog().FindUser("ann"), kNoUser);
  EXPECT_NE(catalog().FindUser("bob"), kNoUser);
}

TEST_P(UserEraserTest, ForgettingTwiceOrAStrangerIsNoError) {
  EXPECT_TRUE(eraser_->Erase("nobody").ok());
  const absl::StatusOr<ErasureReceipt> first = eraser_->Erase("ann");
  const absl::StatusOr<ErasureReceipt> second = eraser_->Erase("ann");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->tombstone.hash, second->tombstone.hash);
  EXPECT_EQ(ReadForgotten(folder_.path())->size(), 2);
}

TEST_P(UserEraserTest, TheReceiptSaysWhatRemains) {
  EXPECT_THAT(eraser_->Erase("ann")->remaining, SizeIs(0));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(
        WriteVersion(folder_.path(), TinySnapshot(TinyCatalog()), {}).ok());
  }
  EXPECT_THAT(eraser_->Erase("bob")->remaining,
              ElementsAre(StartsWith("model versions up to 2 may hold rows")));
  ListCounters counters;
  MemoryLists memory({}, clock_, counters);
  RedisListsOptions nowhere;
  nowhere.address.path = folder_.Path("no socket");
  RedisLists redis(nowhere, clock_, counters);
  CandidateLists lists(&redis, memory, counters);
  UserEraser eraser(folder_.path(), *publisher_, exposures_, &lists, clock_);
  EXPECT_THAT(eraser.Erase("cem")->remaining,
              ElementsAre(_, StartsWith("others' lists of similar users")));
}

TEST_P(UserEraserTest, AnExportHasTheProfileAndEachInteractionOnce) {
  const UserRow row = catalog().FindUser("ann");
  const size_t trained = catalog().users.history[Index(row)].size();
  Record("ann", "code1");
  const absl::StatusOr<UserExport> all = exporter_->Export("ann");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->user.id, "ann");
  EXPECT_THAT(all->interactions, SizeIs(trained + 1));
  // The state's row says more than the history.
  int with_device = 0;
  for (const Interaction& interaction : all->interactions) {
    EXPECT_EQ(interaction.user_id, "ann");
    with_device += interaction.device == "phone";
  }
  EXPECT_EQ(with_device, 1);
  Exposure list;
  list.recommendation_id = "r1";
  list.served_at = kTinyNow;
  list.user_id = "ann";
  list.event_ids = {"jazz1"};
  list.scores = {1};
  list.shown = {true};
  exposures_.Append(list);
  EXPECT_THAT(exporter_->Export("ann")->exposures, SizeIs(1));
  EXPECT_TRUE(absl::IsNotFound(exporter_->Export("nobody").status()));
  EXPECT_EQ(eraser_->Erase("ann")->exposures, 1);
  EXPECT_TRUE(absl::IsNotFound(exporter_->Export("ann").status()));
}

TEST_P(UserEraserTest, WhatTheDiskRefusesIsAnErrorAndNothingIsAcknowledged) {
  std::filesystem::remove_all(folder_.path());
  EXPECT_FALSE(eraser_->Erase("ann").ok());
  EXPECT_NE(catalog().FindUser("ann"), kNoUser);
}

INSTANTIATE_TEST_SUITE_P(States, UserEraserTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "File" : "Memory";
                         });

}  // namespace
}  // namespace usher
