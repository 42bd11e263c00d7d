#include "index/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using Block = std::pair<int64_t, int64_t>;

// The blocks that a loop hands out, in order.
std::vector<Block> BlocksOf(int64_t n, int64_t block, int threads) {
  std::mutex mutex;
  std::vector<Block> blocks;
  ParallelFor(n, block, threads, [&](int64_t begin, int64_t end) {
    const std::lock_guard<std::mutex> lock(mutex);
    blocks.emplace_back(begin, end);
  });
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

TEST(ParallelForTest, BlocksCoverTheRangeAndOnlyTheLastIsShorter) {
  EXPECT_THAT(BlocksOf(10, 4, 2),
              ElementsAre(Block(0, 4), Block(4, 8), Block(8, 10)));
  EXPECT_THAT(BlocksOf(8, 4, 2), ElementsAre(Block(0, 4), Block(4, 8)));
  EXPECT_THAT(BlocksOf(3, 100, 2), ElementsAre(Block(0, 3)));
}

TEST(ParallelForTest, BoundsDoNotDependOnTheThreads) {
  const std::vector<Block> one = BlocksOf(1000, 7, 1);
  for (const int threads : {0, 2, 3, 16}) {
    EXPECT_EQ(BlocksOf(1000, 7, threads), one) << threads;
  }
}

TEST(ParallelForTest, AnEmptyRangeCallsNothing) {
  EXPECT_TRUE(BlocksOf(0, 4, 2).empty());
  EXPECT_TRUE(BlocksOf(-1, 4, 2).empty());
}

TEST(ParallelForTest, ABlockBelowOneIsOne) {
  EXPECT_THAT(BlocksOf(2, 0, 2), ElementsAre(Block(0, 1), Block(1, 2)));
  EXPECT_THAT(BlocksOf(2, -5, 1), ElementsAre(Block(0, 1), Block(1, 2)));
}

TEST(ParallelForTest, EveryElementIsVisitedOnce) {
  std::vector<std::atomic<int>> visits(10'007);
  ParallelFor(visits.size(), 13, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) visits[i].fetch_add(1);
  });
  for (const std::atomic<int>& count : visits) ASSERT_EQ(count.load(), 1);
}

// A sum of floats depends on its order: slots merged in order make it stable.
TEST(ParallelForTest, SlotsMergedInOrderGiveTheSameSumAtAnyThreadCount) {
  const auto sum = [](int threads) {
    std::vector<float> slots(100, 0);
    ParallelFor(9'950, 100, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        slots[begin / 100] += 1 / std::sqrt(static_cast<float>(i + 1));
      }
    });
    float total = 0;
    for (const float slot : slots) total += slot;
    return total;
  };
  const float expected = sum(1);
  for (const int threads : {2, 3, 8}) EXPECT_EQ(sum(threads), expected);
}

TEST(ParallelForWithWorkerTest, OneWorkerIsOneThreadAndNumbersAreInRange) {
  constexpr int kThreads = 3;
  std::mutex mutex;
  std::vector<std::set<std::thread::id>> ids(kThreads);
  ParallelForWithWorker(1000, 1, kThreads, [&](int worker, int64_t, int64_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    ids.at(worker).insert(std::this_thread::get_id());
  });
  for (const auto& threads : ids) EXPECT_LE(threads.size(), 1u);
}

TEST(ParallelForWithWorkerTest, ScratchOfAWorkerNeedsNoLock) {
  std::vector<int64_t> scratch(4, 0);
  ParallelForWithWorker(100'000, 10, 4,
                        [&](int worker, int64_t begin, int64_t end) {
                          scratch[worker] += end - begin;
                        });
  int64_t total = 0;
  for (const int64_t count : scratch) total += count;
  EXPECT_EQ(total, 100'000);
}

TEST(ParallelForTest, OneThreadIsTheCallersOwnAndInOrder) {
  std::vector<int64_t> begins;
  ParallelFor(30, 10, 1,
              [&, caller = std::this_thread::get_id()](int64_t begin, int64_t) {
                EXPECT_EQ(std::this_thread::get_id(), caller);
                begins.push_back(begin);
              });
  EXPECT_THAT(begins, ElementsAre(0, 10, 20));
}

TEST(HardwareThreadsTest, IsAtLeastOne) { EXPECT_GE(HardwareThreads(), 1); }

}  // namespace
}  // namespace usher
