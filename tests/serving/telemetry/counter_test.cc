#include "serving/telemetry/counter.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(CountersTest, LoseNothingWhenThreadsCountTogether) {
  Counters<2> counters;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50'000; ++i) counters.Add(i % 2, 1 + i % 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters.Get(0), 4 * 25'000);
  EXPECT_EQ(counters.Get(1), 4 * 50'000);
}

}  // namespace
}  // namespace usher
