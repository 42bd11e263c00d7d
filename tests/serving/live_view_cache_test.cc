#include "serving/live_view_cache.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

// Views that know their minute, and how many there were.
class LiveViewCacheTest : public ::testing::Test {
 protected:
  LiveView Build(Micros minute, const RankingPolicy& policy) {
    ++built_;
    return LiveView(std::make_shared<LiveColumns>(Catalog(), minute, 0),
                    policy);
  }
  std::shared_ptr<const LiveView> At(Micros now) const {
    return cache_.At(now, RankingPolicy());
  }

  std::atomic<int> built_{0};
  LiveViewCache cache_{4, [this](Micros minute, const RankingPolicy& policy) {
                         return Build(minute, policy);
                       }};
};

TEST_F(LiveViewCacheTest, AllInstantsOfAMinuteShareOneView) {
  const auto first = At(7 * kMinute);
  EXPECT_EQ(At(8 * kMinute - 1), first);
  EXPECT_EQ(first->columns->minute(), 7 * kMinute);
  EXPECT_EQ(built_, 1);
  EXPECT_NE(At(8 * kMinute), first);
  EXPECT_EQ(At(-1)->columns->minute(), -kMinute);
}

TEST_F(LiveViewCacheTest, AFloodOfMinutesKeepsNoMoreThanTheCapacity) {
  std::vector<std::weak_ptr<const LiveView>> views;
  for (int i = 0; i < 1000; ++i) views.push_back(At(i * kMinute));
  int kept = 0;
  for (const auto& view : views) kept += view.expired() ? 0 : 1;
  EXPECT_EQ(kept, 4);
}

TEST_F(LiveViewCacheTest, TheMinuteInUseSurvivesAFloodOfOthers) {
  const std::weak_ptr<const LiveView> present = At(0);
  for (int i = 1; i < 100; ++i) {
    At(i * kMinute);
    At(0);
  }
  EXPECT_FALSE(present.expired());
  EXPECT_EQ(built_, 100);
}

TEST_F(LiveViewCacheTest, AnEvictedViewLivesAsLongAsItsReader) {
  const auto read = At(0);
  for (int i = 1; i < 100; ++i) At(i * kMinute);
  EXPECT_EQ(read->columns->minute(), 0);
  EXPECT_NE(At(0), read);
}

TEST_F(LiveViewCacheTest, ManyThreadsBuildAMissingMinuteOnce) {
  constexpr int kThreads = 8;
  absl::Barrier* const barrier = new absl::Barrier(kThreads);
  std::vector<std::shared_ptr<const LiveView>> got(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (barrier->Block()) delete barrier;
      got[i] = At(kMinute);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(built_, 1);
  for (const auto& view : got) EXPECT_EQ(view, got[0]);
}

TEST_F(LiveViewCacheTest, PoliciesShareAViewWhenLiveFeaturesWeighTheSame) {
  RankingPolicy tastes_differ;
  tastes_differ.weight(Feature::kAlsEvent) += 1;
  RankingPolicy urgency_differs;
  urgency_differs.weight(Feature::kLeadRank) += 1;
  EXPECT_EQ(cache_.At(0, tastes_differ), At(0));
  EXPECT_NE(cache_.At(0, urgency_differs), At(0));
  EXPECT_EQ(built_, 2);
}

TEST(LiveViewCacheBuildTest, OneMinuteDoesNotWaitForAnother) {
  absl::Notification go;
  const RankingPolicy policy;
  LiveViewCache cache(4, [&](Micros minute, const RankingPolicy& policy) {
    if (minute == 0) go.WaitForNotification();
    return LiveView(std::make_shared<LiveColumns>(Catalog(), minute, 0),
                    policy);
  });
  std::thread slow([&] { cache.At(0, policy); });
  cache.At(kMinute, policy);
  go.Notify();
  slow.join();
}

}  // namespace
}  // namespace usher
