#include "serving/telemetry/latency_histogram.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(LatencyHistogramTest, ABoundBelongsToItsBucketAndMoreToTheNext) {
  LatencyHistogram histogram(kCallBounds);
  histogram.Observe(0);
  histogram.Observe(100'000);
  histogram.Observe(100'001);
  histogram.Observe(10'000'000'000);
  histogram.Observe(10'000'000'001);
  const LatencyHistogram::Totals totals = histogram.Get();
  EXPECT_EQ(totals.counts[0], 2);
  EXPECT_EQ(totals.counts[1], 1);
  EXPECT_EQ(totals.counts[kNumBounds - 1], 1);
  EXPECT_EQ(totals.counts[kNumBounds], 1);
  EXPECT_EQ(totals.nanoseconds, 20'000'200'002);
}

TEST(LatencyHistogramTest, LosesNothingWhenThreadsObserveTogether) {
  LatencyHistogram histogram(kStageBounds);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) histogram.Observe(3'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.Get().counts[1], 80'000);
  EXPECT_EQ(histogram.Get().nanoseconds, 80'000 * 3'000);
}

}  // namespace
}  // namespace usher
