#include "serving/worker_pool.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(WorkerPoolTest, RunsAllThatItTook) {
  std::atomic<int> done{0};
  {
    WorkerPool pool({2, 1000});
    for (int i = 0; i < 1000; ++i) {
      EXPECT_TRUE(pool.Submit([&] { ++done; }).ok());
    }
  }
  EXPECT_EQ(done, 1000);
}

TEST(WorkerPoolTest, RefusesWorkBeyondItsBound) {
  absl::Notification go, begun;
  std::atomic<int> done{0};
  {
    WorkerPool pool({1, 2});
    ASSERT_TRUE(pool.Submit([&] {
                      begun.Notify();
                      go.WaitForNotification();
                    })
                    .ok());
    begun.WaitForNotification();
    EXPECT_TRUE(pool.Submit([&] { ++done; }).ok());
    EXPECT_TRUE(pool.Submit([&] { ++done; }).ok());
    EXPECT_TRUE(absl::IsResourceExhausted(pool.Submit([&] { ++done; })));
    go.Notify();
  }
  EXPECT_EQ(done, 2);
}

TEST(WorkerPoolTest, DrainWaitsForTheRunningAndRefusesTheNew) {
  absl::Notification go;
  std::atomic<bool> done{false};
  WorkerPool pool({1, 10});
  ASSERT_TRUE(pool.Submit([&] {
                    go.WaitForNotification();
                    done = true;
                  })
                  .ok());
  EXPECT_FALSE(pool.Drain(absl::ZeroDuration()));
  EXPECT_TRUE(absl::IsUnavailable(pool.Submit([] {})));
  go.Notify();
  EXPECT_TRUE(pool.Drain(absl::InfiniteDuration()));
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace usher
