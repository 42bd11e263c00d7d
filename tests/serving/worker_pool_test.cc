#include "serving/worker_pool.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
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

// Events are added by hand; each is a piece of work for the pool.
class Events final : public WorkSource {
 public:
  explicit Events(WorkerPool& pool) : pool_(pool) {}

  // One of work; `done` is its end.
  void Add(std::function<void()> done) {
    absl::MutexLock lock(&mu_);
    works_.push_back(std::move(done));
  }
  void Close() {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }

  std::optional<Event> Next(bool wait) override {
    absl::MutexLock lock(&mu_);
    if (wait) mu_.Await(absl::Condition(this, &Events::HasNext));
    if (wakes_ > 0) {
      --wakes_;
      return Event{};
    }
    if (!works_.empty()) {
      auto* const work = new std::function<void()>(std::move(works_.front()));
      works_.pop_front();
      return Event{work, true};
    }
    over_ = closed_;
    return std::nullopt;
  }
  bool over() const override { return over_; }
  void Take(const Event& event) override {
    const std::unique_ptr<std::function<void()>> work(
        static_cast<std::function<void()>*>(event.tag));
    EXPECT_TRUE(pool_.Submit(*work).ok());
  }
  void Wake() override {
    absl::MutexLock lock(&mu_);
    ++wakes_;
    ++wakes_in_all_;
  }
  int wakes_in_all() {
    absl::MutexLock lock(&mu_);
    return wakes_in_all_;
  }

 private:
  bool HasNext() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return wakes_ > 0 || !works_.empty() || closed_;
  }

  WorkerPool& pool_;
  absl::Mutex mu_;
  std::deque<std::function<void()>> works_ ABSL_GUARDED_BY(mu_);
  int wakes_ ABSL_GUARDED_BY(mu_) = 0;
  int wakes_in_all_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::atomic<bool> over_{false};
};

TEST(WorkerPoolTest, RunsWhatASourceBringsAndWhatOthersSubmit) {
  constexpr int kEach = 2000;
  for (const int threads : {1, 2, 4}) {
    WorkerPool pool({threads, 3 * kEach});
    Events events(pool);
    std::atomic<int> done{0};
    pool.Attach(events);
    std::thread adder([&] {
      for (int i = 0; i < kEach; ++i) events.Add([&] { ++done; });
    });
    for (int i = 0; i < kEach; ++i) {
      EXPECT_TRUE(pool.Submit([&] { ++done; }).ok());
    }
    adder.join();
    while (done < 2 * kEach) std::this_thread::yield();
    events.Close();
    pool.Detach();
    // Without a source again.
    absl::Notification last;
    EXPECT_TRUE(pool.Submit([&] { last.Notify(); }).ok());
    last.WaitForNotification();
  }
}

// Two pieces of work, of which neither ends before the other has begun: the
// one who finds both wakes another for the second.
TEST(WorkerPoolTest, WhoSleepsAtTheSourceIsWokenForWorkOfOthers) {
  WorkerPool pool({2, 10});
  Events events(pool);
  pool.Attach(events);
  for (int round = 0; round < 2000; ++round) {
    absl::Notification first, second;
    std::atomic<int> done{0};
    const auto submit = [&](std::function<void()> work) {
      while (!pool.Submit(work).ok()) std::this_thread::yield();
    };
    submit([&] {
      first.Notify();
      second.WaitForNotification();
      ++done;
    });
    submit([&] {
      first.WaitForNotification();
      second.Notify();
      ++done;
    });
    while (done < 2) std::this_thread::yield();
  }
  EXPECT_GT(events.wakes_in_all(), 0);
  events.Close();
  pool.Detach();
}

// Something happens all the time, and none of it is work.
class Flood final : public WorkSource {
 public:
  void Close() { over_ = true; }
  std::optional<Event> Next(bool) override {
    if (over_) return std::nullopt;
    return Event{this, true};
  }
  bool over() const override { return over_; }
  void Take(const Event&) override {}
  void Wake() override {}

 private:
  std::atomic<bool> over_{false};
};

TEST(WorkerPoolTest, AFloodOfEventsKeepsNobodyFromWork) {
  WorkerPool pool({1, 10});
  Flood flood;
  pool.Attach(flood);
  absl::Notification done;
  ASSERT_TRUE(pool.Submit([&] { done.Notify(); }).ok());
  done.WaitForNotification();
  flood.Close();
  pool.Detach();
}

}  // namespace
}  // namespace usher
