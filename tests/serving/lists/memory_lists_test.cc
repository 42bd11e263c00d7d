#include "serving/lists/memory_lists.h"

#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

class MemoryListsTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const MemoryList> Of(int32_t row, size_t size = 1) {
    auto list = std::make_shared<MemoryList>();
    list->ranking.further.assign(size, EventRow{row});
    return list;
  }

  FakeClock clock_{1000 * kSecond};
  ListCounters counters_;
  MemoryListsOptions options_;
};

TEST_F(MemoryListsTest, AListIsOfItsUserAndPolicy) {
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("ann", "p", Of(1));
  ASSERT_NE(lists.Find("ann", "p"), nullptr);
  EXPECT_EQ(lists.Find("ann", "p")->ranking.further.front(), EventRow{1});
  EXPECT_EQ(lists.Find("ann", "q"), nullptr);
  EXPECT_EQ(lists.Find("bob", "p"), nullptr);
  lists.Keep("ann", "p", Of(2));
  EXPECT_EQ(lists.Find("ann", "p")->ranking.further.front(), EventRow{2});
}

TEST_F(MemoryListsTest, AListEndsAroundItsTime) {
  MemoryLists lists(options_, clock_, counters_);
  for (int i = 0; i < 100; ++i) lists.Keep(absl::StrCat(i), "p", Of(i));
  const auto alive = [&] {
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      count += lists.Find(absl::StrCat(i), "p") != nullptr;
    }
    return count;
  };
  clock_.Advance(options_.life * 3 / 4 - 1);
  EXPECT_EQ(alive(), 100);
  clock_.Advance(options_.life / 4);
  EXPECT_GT(alive(), 10);
  EXPECT_LT(alive(), 90);
  clock_.Advance(options_.life / 4 + 1);
  EXPECT_EQ(alive(), 0);
  EXPECT_EQ(counters_.memory_bytes.load(), 0);
}

TEST_F(MemoryListsTest, ItsMemoryIsBoundedAndTheLeastUsedGo) {
  options_.max_bytes = size_t{1} << 20;
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("often", "p", Of(1, 500));
  for (int i = 0; i < 5000; ++i) {
    lists.Keep(absl::StrCat("u", i), "p", Of(i, 500));
    ASSERT_NE(lists.Find("often", "p"), nullptr);
    ASSERT_LE(counters_.memory_bytes.load(), 1 << 20);
  }
  EXPECT_EQ(lists.Find("u0", "p"), nullptr);
  EXPECT_NE(lists.Find("u4999", "p"), nullptr);
  EXPECT_GT(counters_.memory_evicted.load(), 4000);
  EXPECT_GT(counters_.memory_bytes.load(), 1 << 19);
}

TEST_F(MemoryListsTest, AListThatIsReplacedEndsWhenItWouldHave) {
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("ann", "p", Of(1));
  const auto first = lists.Find("ann", "p");
  clock_.Advance(options_.life * 5 / 8);
  lists.Replace("ann", "p", *first, Of(2, 100));
  ASSERT_NE(lists.Find("ann", "p"), nullptr);
  EXPECT_EQ(lists.Find("ann", "p")->ranking.further.size(), 100u);
  // Who was slower finds it gone.
  lists.Replace("ann", "p", *first, Of(3));
  EXPECT_EQ(lists.Find("ann", "p")->ranking.further.front(), EventRow{2});
  clock_.Advance(options_.life * 5 / 8);
  EXPECT_EQ(lists.Find("ann", "p"), nullptr);
  EXPECT_EQ(counters_.memory_bytes.load(), 0);
}

TEST_F(MemoryListsTest, WhatIsForgottenIsNotReplaced) {
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("ann", "p", Of(1));
  const auto list = lists.Find("ann", "p");
  lists.Forget("ann");
  lists.Replace("ann", "p", *list, Of(2));
  EXPECT_EQ(lists.Find("ann", "p"), nullptr);
}

TEST_F(MemoryListsTest, WithoutMemoryNothingIsKept) {
  options_.max_bytes = 0;
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("ann", "p", Of(1));
  EXPECT_EQ(lists.Find("ann", "p"), nullptr);
}

TEST_F(MemoryListsTest, WhoIsForgottenHasNoListOfAnyPolicy) {
  MemoryLists lists(options_, clock_, counters_);
  lists.Keep("ann", "p", Of(1));
  lists.Keep("ann", "q", Of(2));
  lists.Keep("bob", "p", Of(3));
  lists.Forget("ann");
  lists.Forget("nobody");
  EXPECT_EQ(lists.Find("ann", "p"), nullptr);
  EXPECT_EQ(lists.Find("ann", "q"), nullptr);
  EXPECT_NE(lists.Find("bob", "p"), nullptr);
}

TEST_F(MemoryListsTest, ManyThreadsMayKeepFindAndForget) {
  options_.max_bytes = 200'000;
  MemoryLists lists(options_, clock_, counters_);
  const auto work = [&](int seed) {
    for (int i = 0; i < 5000; ++i) {
      const std::string user = absl::StrCat((i * 7 + seed) % 97);
      lists.Keep(user, "p", Of(i, 50));
      const auto found = lists.Find(user, "p");
      if (found != nullptr) {
        EXPECT_EQ(found->ranking.further.size(), 50u);
      }
      if (i % 50 == 0) lists.Forget(user);
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
  EXPECT_LE(counters_.memory_bytes.load(), 200'000);
}

}  // namespace
}  // namespace usher
