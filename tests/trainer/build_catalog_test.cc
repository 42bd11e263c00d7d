#include "trainer/build_catalog.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "index/catalog/eligibility.h"
#include "tests/testing/synthetic_city.h"

namespace usher {
namespace {

class BuildCatalogTest : public ::testing::Test {
 protected:
  const Dataset data_ = SyntheticCity(SmallCity(4));
  const Catalog catalog_ = BuildCatalog(data_);
};

TEST_F(BuildCatalogTest, RowsAreIndexesOfTheDataset) {
  ASSERT_EQ(catalog_.num_events(), data_.events.size());
  ASSERT_EQ(catalog_.num_users(), data_.users.size());
  for (size_t i = 0; i < data_.events.size(); ++i) {
    const EventRow row{static_cast<int32_t>(i)};
    EXPECT_EQ(catalog_.EventId(row), data_.events[i].id);
    EXPECT_EQ(catalog_.GetEvent(row).title, data_.events[i].title);
  }
  for (size_t i = 0; i < data_.users.size(); ++i) {
    EXPECT_EQ(catalog_.UserId(UserRow{static_cast<int32_t>(i)}),
              data_.users[i].id);
  }
}

TEST_F(BuildCatalogTest, EveryLatestAnswerIsCountedOnce) {
  // The dataset is in the order of time.
  std::map<std::pair<int32_t, int32_t>, InteractionKind> answers;
  for (const InteractionRecord& row : data_.interactions) {
    if (IsAnswer(row.kind)) answers[{row.user, row.event}] = row.kind;
  }
  std::map<int32_t, int> yes;
  std::map<int32_t, std::set<int32_t>> organizer_users;
  for (const auto& [pair, kind] : answers) {
    if (!IsCommitment(kind)) continue;
    ++yes[pair.second];
    const OrganizerRow organizer =
        catalog_.events.columns[pair.second].organizer;
    if (organizer != kNoOrganizer) {
      organizer_users[static_cast<int32_t>(organizer)].insert(pair.first);
    }
  }
  for (size_t row = 0; row < catalog_.num_events(); ++row) {
    const int expected = yes[static_cast<int32_t>(row)];
    EXPECT_EQ(catalog_.events.counters[row].yes, expected) << row;
    EXPECT_EQ(catalog_.events.attendees[row].size(), expected) << row;
  }
  for (size_t row = 0; row < catalog_.num_organizers(); ++row) {
    EXPECT_EQ(catalog_.organizers.counters[row].users,
              organizer_users[static_cast<int32_t>(row)].size())
        << row;
  }
}

TEST_F(BuildCatalogTest, NobodyHasChangedSinceTraining) {
  for (size_t row = 0; row < catalog_.num_users(); ++row) {
    EXPECT_EQ(catalog_.users.columns[row].changed, 0) << row;
  }
}

TEST(BuildCatalogOfPairsTest, EventsThatAListDoesNotHaveAreHistoryOnly) {
  DatasetBuilder builder(std::nullopt, UnknownEvents::kAbsent);
  Event listed;
  listed.id = "listed";
  builder.AddEvent(listed);
  builder.AddInteraction("u", "gone", InteractionRecord(), "");
  builder.AddInteraction("u", "listed", InteractionRecord(), "");
  const Catalog catalog = BuildCatalog(builder.Finish(1));
  ASSERT_EQ(catalog.num_events(), 2);
  EXPECT_EQ(WhyNotLive(catalog.events.columns[0], kSyntheticNow, {}),
            DropReason::kNone);
  EXPECT_EQ(WhyNotLive(catalog.events.columns[1], kSyntheticNow, {}),
            DropReason::kHidden);
  EXPECT_EQ(catalog.users.history[0].size(), 2);
  EXPECT_EQ(catalog.events.counters[1].yes, 1);
}

TEST(BuildCatalogOfPairsTest, EventsThatOnlyInteractionsNameAreLive) {
  DatasetBuilder builder;
  builder.AddInteraction("u", "e", InteractionRecord(), "");
  const Catalog catalog = BuildCatalog(builder.Finish(1));
  ASSERT_EQ(catalog.num_events(), 1);
  EXPECT_EQ(WhyNotLive(catalog.events.columns[0], kSyntheticNow, {}),
            DropReason::kNone);
  EXPECT_EQ(catalog.users.history[0].size(), 1);
}

}  // namespace
}  // namespace usher
