#include "serving/live_columns_cache.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr Micros kMidnight = 20'000 * kDay;

void Announce(int i, Catalog& catalog) {
  Event event;
  event.id = absl::StrCat("e", i);
  event.start_time = kMidnight + kDay + i * kHour;
  event.organizer = absl::StrCat("o", i % 2);
  catalog.UpsertEvent(event);
}

class LiveColumnsCacheTest : public ::testing::Test {
 protected:
  LiveColumnsCacheTest() {
    for (int i = 0; i < 10; ++i) Announce(i, catalog_);
  }

  Catalog catalog_;
  const LiveColumnsCache cache_{4, 0};
};

TEST_F(LiveColumnsCacheTest, OneStateOfTheCatalogueHasOneSetOfColumns) {
  const auto first = cache_.At(catalog_, kMidnight);
  EXPECT_EQ(cache_.At(catalog_, kMidnight), first);
  EXPECT_EQ(first->num_upcoming(), 10);
  EXPECT_NE(cache_.At(catalog_, kMidnight + kMinute), first);
}

TEST_F(LiveColumnsCacheTest, FollowsTheCatalogue) {
  const auto before = cache_.At(catalog_, kMidnight);
  Announce(10, catalog_);
  catalog_.DeleteEvent(EventRow{3});
  const auto after = cache_.At(catalog_, kMidnight);
  EXPECT_EQ(after->num_upcoming(), 10);
  EXPECT_TRUE(after->upcoming().Test(10));
  EXPECT_FALSE(after->upcoming().Test(3));
  // What a reader holds stays.
  EXPECT_TRUE(before->upcoming().Test(3));
  EXPECT_FALSE(before->upcoming().Test(10));
}

TEST_F(LiveColumnsCacheTest, AReaderOfAnOlderStateSeesThatState) {
  Catalog older = catalog_.Share();
  Announce(10, catalog_);
  EXPECT_EQ(cache_.At(catalog_, kMidnight)->num_upcoming(), 11);
  EXPECT_EQ(cache_.At(older, kMidnight)->num_upcoming(), 10);
  EXPECT_EQ(cache_.At(catalog_, kMidnight)->num_upcoming(), 11);
}

TEST_F(LiveColumnsCacheTest, ALaterMinuteIsThatOfTheStateThatAsks) {
  Catalog older = catalog_.Share();
  const auto before = cache_.At(older, kMidnight);
  Announce(10, catalog_);
  catalog_.DeleteEvent(EventRow{3});
  // The first event begins then.
  const Micros later = kMidnight + kDay;
  const auto moved = cache_.At(catalog_, later);
  EXPECT_EQ(moved->num_upcoming(), 9);
  EXPECT_EQ(moved->minute(), later);
  EXPECT_TRUE(moved->upcoming().Test(10));
  EXPECT_FALSE(moved->upcoming().Test(3));
  EXPECT_FALSE(moved->upcoming().Test(0));
  // One of an older state than the one that is moved from.
  EXPECT_EQ(cache_.At(older, later + kMinute)->num_upcoming(), 9);
  // What a reader holds stays, and what it was moved from goes on.
  EXPECT_EQ(before->num_upcoming(), 10);
  EXPECT_EQ(cache_.At(catalog_, kMidnight)->num_upcoming(), 10);
}

TEST_F(LiveColumnsCacheTest, ManyMoreChangesThanTheLogHoldsAreNotMissed) {
  cache_.At(catalog_, kMidnight);
  for (size_t n = 0; n <= ChangeLog<EventRow>::kMaxEntries; ++n) {
    catalog_.DeleteEvent(EventRow{1});
  }
  EXPECT_EQ(cache_.At(catalog_, kMidnight)->num_upcoming(), 9);
}

TEST_F(LiveColumnsCacheTest, ForgottenMinutesAreBuiltAgain) {
  const std::weak_ptr<const LiveColumns> first = cache_.At(catalog_, kMidnight);
  for (int i = 1; i < 100; ++i) cache_.At(catalog_, kMidnight + i * kMinute);
  EXPECT_TRUE(first.expired());
  EXPECT_EQ(cache_.At(catalog_, kMidnight)->num_upcoming(), 10);
}

// One thread writes and publishes states, others read what was published.
TEST_F(LiveColumnsCacheTest, ReadersSeeTheStateTheyReadWhileItIsWritten) {
  constexpr int kStates = 300;
  std::vector<Catalog> states(kStates);
  std::atomic<int> published{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      int seen = 0;
      while (seen < kStates) {
        seen = published.load();
        if (seen == 0) continue;
        const Catalog& state = states[seen - 1];
        EXPECT_EQ(cache_.At(state, kMidnight)->num_upcoming(),
                  static_cast<int32_t>(state.num_events()));
      }
    });
  }
  for (int i = 0; i < kStates; ++i) {
    Announce(10 + i, catalog_);
    states[i] = catalog_.Share();
    published.store(i + 1);
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace usher
