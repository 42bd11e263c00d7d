// Writers kill events and bring them back, models are swapped, and readers ask
// all the while: of a million results none was dead from before the question
// until after the answer.
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "serving/lists/candidate_lists.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

constexpr int kEvents = 2000;
constexpr int kUsers = 20;
constexpr int kWriters = 2;
constexpr int kReaders = 2;
constexpr int64_t kResults = 1'000'000;

std::string IdOf(int event) { return absl::StrCat("e", event); }

class DeadEventsTest : public ::testing::Test {
 protected:
  DeadEventsTest() : truths_(kEvents) { Swap(1); }

  void Swap(uint64_t seed) {
    const absl::Status adopted = publisher_.Adopt(
        RandomSnapshot(kEvents, VectorIndexOptions::Type::kFlat, seed),
        RankingPolicy(), kTinyNow);
    ASSERT_TRUE(adopted.ok()) << adopted;
  }

  // Kills the events [begin, end), or brings them back, all in one way.
  void Change(int begin, int end, uint64_t how) {
    const bool dead = truths_[begin].load() % 2 == 1;
    StateWrite write = dead ? Revival(begin, end) : Death(begin, end, how);
    if (dead) Count(begin, end);
    const absl::StatusOr<WriteReceipt> receipt =
        publisher_.Write(std::move(write));
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    if (!dead) Count(begin, end);
  }

  void Check(const std::vector<uint32_t>& before, absl::string_view event) {
    int number = 0;
    ASSERT_TRUE(absl::SimpleAtoi(event.substr(1), &number));
    violations_ +=
        before[number] % 2 == 1 && truths_[number].load() == before[number];
    ++results_;
  }

  // A whole list, page after page, without a repetition; one of two from the
  // memory of lists. Then what is like one of its events.
  void Ask(Random& random) {
    Query query;
    query.user_id = absl::StrCat("u", random.Below(kUsers));
    query.now = kTinyNow;
    query.limit = 150;
    std::vector<uint32_t> before = Truths();
    absl::StatusOr<Recommendations> page = recommender_.Recommend(query);
    std::set<std::string> seen;
    PageToken token;
    std::string last;
    while (true) {
      ASSERT_TRUE(page.ok()) << page.status();
      const Catalog& catalog = page->served->snapshot().catalog;
      for (const RankedEvent& result : page->ranking.results) {
        last = std::string(catalog.EventId(result.event));
        Check(before, last);
        repetitions_ += !seen.insert(last).second;
      }
      if (page->to_come.empty()) break;
      token.events = page->to_come;
      before = Truths();
      page = recommender_.NextPage(query, token);
    }
    if (last.empty()) return;
    before = Truths();
    const auto similar = recommender_.SimilarEventsTo(last, query);
    // Deleted meanwhile, it is no event to ask about.
    if (absl::IsNotFound(similar.status())) return;
    ASSERT_TRUE(similar.ok()) << similar.status();
    const Catalog& catalog = similar->served->snapshot().catalog;
    for (const SimilarEvent& result : similar->events) {
      Check(before, catalog.EventId(result.event));
    }
  }

  std::vector<uint32_t> Truths() const {
    std::vector<uint32_t> now;
    now.reserve(truths_.size());
    for (const std::atomic<uint32_t>& truth : truths_) {
      now.push_back(truth.load());
    }
    return now;
  }

  // Odd from when an event's death was acknowledged until just before it is
  // brought back.
  std::vector<std::atomic<uint32_t>> truths_;
  std::atomic<int64_t> results_ = 0;
  std::atomic<int64_t> violations_ = 0;
  std::atomic<int64_t> repetitions_ = 0;

  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotHolder holder_;
  SnapshotPublisher publisher_{*state_, holder_, {}};
  FakeClock clock_{kTinyNow};
  ListCounters counters_;
  MemoryLists memory_{{}, clock_, counters_};
  CandidateLists lists_{nullptr, memory_, counters_};
  Recommender recommender_{holder_, 1, Experiments::None(), nullptr, &lists_};

 private:
  static StateWrite Revival(int begin, int end) {
    EventUpserts write;
    for (int e = begin; e < end; ++e) {
      write.events.push_back(TinyEvent(IdOf(e), (1 + e % 30) * kDay));
    }
    return write;
  }

  static StateWrite Death(int begin, int end, uint64_t how) {
    if (how % 5 == 0) {
      EventDeletions write;
      for (int e = begin; e < end; ++e) write.ids.push_back(IdOf(e));
      return write;
    }
    EventUpserts write;
    for (int e = begin; e < end; ++e) {
      Event& event = write.events.emplace_back(TinyEvent(IdOf(e), kDay));
      if (how % 5 == 1) event.status = EventStatus::kCancelled;
      if (how % 5 == 2) event.status = EventStatus::kSoldOut;
      if (how % 5 == 3) event.status = EventStatus::kHidden;
      if (how % 5 == 4) event.start_time = kTinyNow;  // Has begun.
    }
    return write;
  }

  void Count(int begin, int end) {
    for (int e = begin; e < end; ++e) truths_[e].fetch_add(1);
  }
};

TEST_F(DeadEventsTest, OfAMillionResultsNoneWasDead) {
  std::atomic<bool> stop = false;
  std::atomic<int> changes = 0;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      // Each has events of its own, in blocks that live and die together.
      constexpr int kOwn = kEvents / kWriters;
      constexpr int kBlock = 8;
      Random random(static_cast<uint64_t>(w) + 1);
      while (!stop) {
        const int block = static_cast<int>(random.Below(kOwn / kBlock));
        const int begin = w * kOwn + block * kBlock;
        Change(begin, begin + kBlock, random.Next() >> 8);
        ++changes;
      }
    });
  }
  for (int r = 0; r < kReaders; ++r) {
    threads.emplace_back([&, r] {
      Random random(static_cast<uint64_t>(r) + 100);
      while (!stop) Ask(random);
    });
  }
  int swaps = 0;
  while (results_ < kResults && !HasFatalFailure()) {
    Swap(static_cast<uint64_t>(++swaps) + 1);
    // The next swap is due with the next tenth of the results.
    while (results_ < std::min(kResults, swaps * kResults / 10) &&
           !HasFatalFailure()) {
      std::this_thread::yield();
    }
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(violations_, 0);
  EXPECT_EQ(repetitions_, 0);
  EXPECT_EQ(recommender_.ineligible(), 0);
  EXPECT_GE(results_, kResults);
  EXPECT_GT(counters_.from_memory.load(), 0);
  EXPECT_GT(changes, 100);
  std::printf("%lld results while %d groups of events died or came back\n",
              static_cast<long long>(results_), changes.load());
}

}  // namespace
}  // namespace usher
