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
  LiveView Build(Micros minute) {
    ++built_;
    LiveView view;
    view.columns.minute = minute;
    return view;
  }

  std::atomic<int> built_{0};
  LiveViewCache cache_{4, [this](Micros minute) { return Build(minute); }};
};

TEST_F(LiveViewCacheTest, AllInstantsOfAMinuteShareOneView) {
  const auto first = cache_.At(7 * kMinute);
  EXPECT_EQ(cache_.At(8 * kMinute - 1), first);
  EXPECT_EQ(first->columns.minute, 7 * kMinute);
  EXPECT_EQ(built_, 1);
  EXPECT_NE(cache_.At(8 * kMinute), first);
  EXPECT_EQ(cache_.At(-1)->columns.minute, -kMinute);
}

TEST_F(LiveViewCacheTest, AFloodOfMinutesKeepsNoMoreThanTheCapacity) {
  std::vector<std::weak_ptr<const LiveView>> views;
  for (int i = 0; i < 1000; ++i) views.push_back(cache_.At(i * kMinute));
  int kept = 0;
  for (const auto& view : views) kept += view.expired() ? 0 : 1;
  EXPECT_EQ(kept, 4);
}

TEST_F(LiveViewCacheTest, TheMinuteInUseSurvivesAFloodOfOthers) {
  const std::weak_ptr<const LiveView> present = cache_.At(0);
  for (int i = 1; i < 100; ++i) {
    cache_.At(i * kMinute);
    cache_.At(0);
  }
  EXPECT_FALSE(present.expired());
  EXPECT_EQ(built_, 100);
}

TEST_F(LiveViewCacheTest, AnEvictedViewLivesAsLongAsItsReader) {
  const auto read = cache_.At(0);
  for (int i = 1; i < 100; ++i) cache_.At(i * kMinute);
  EXPECT_EQ(read->columns.minute, 0);
  EXPECT_NE(cache_.At(0), read);
}

TEST_F(LiveViewCacheTest, ManyThreadsBuildAMissingMinuteOnce) {
  constexpr int kThreads = 8;
  absl::Barrier* const barrier = new absl::Barrier(kThreads);
  std::vector<std::shared_ptr<const LiveView>> got(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (barrier->Block()) delete barrier;
      got[i] = cache_.At(kMinute);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(built_, 1);
  for (const auto& view : got) EXPECT_EQ(view, got[0]);
}

TEST(LiveViewCacheBuildTest, OneMinuteDoesNotWaitForAnother) {
  absl::Notification go;
  LiveViewCache cache(4, [&](Micros minute) {
    if (minute == 0) go.WaitForNotification();
    return LiveView();
  });
  std::thread slow([&] { cache.At(0); });
  cache.At(kMinute);
  go.Notify();
  slow.join();
}

}  // namespace
}  // namespace usher
