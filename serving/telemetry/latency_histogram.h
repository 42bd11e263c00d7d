// How long something took, many times.
#ifndef USHER_SERVING_TELEMETRY_LATENCY_HISTOGRAM_H_
#define USHER_SERVING_TELEMETRY_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "serving/telemetry/sharded.h"

namespace usher {

// Upper bounds in microseconds, each inclusive; what is longer has no bound.
inline constexpr int64_t kCallBounds[] = {
    100,       200,       500,       1'000,     2'000,   5'000,
    10'000,    20'000,    50'000,    100'000,   200'000, 500'000,
    1'000'000, 2'000'000, 5'000'000, 10'000'000};
inline constexpr int64_t kStageBounds[] = {
    2,     5,     10,    20,     50,     100,    200,     500,
    1'000, 2'000, 5'000, 10'000, 20'000, 50'000, 100'000, 1'000'000};
inline constexpr size_t kNumBounds = 16;

// Thread-safe; observing takes no lock.
class LatencyHistogram {
 public:
  // What was observed; `counts` a bucket, the last one above all bounds.
  struct Totals {
    std::array<int64_t, kNumBounds + 1> counts{};
    int64_t nanoseconds = 0;
  };

  // `bounds` ascend and outlive the histogram.
  explicit LatencyHistogram(const int64_t (&bounds)[kNumBounds])
      : bounds_(bounds) {}

  void Observe(int64_t nanoseconds) {
    size_t bucket = 0;
    while (bucket < kNumBounds && nanoseconds > bounds_[bucket] * 1000) {
      ++bucket;
    }
    Cell& cell = cells_.Here();
    cell.counts[bucket].fetch_add(1, std::memory_order_relaxed);
    cell.nanoseconds.fetch_add(nanoseconds, std::memory_order_relaxed);
  }

  absl::Span<const int64_t> bounds() const { return bounds_; }

  Totals Get() const {
    Totals totals;
    for (const auto& shard : cells_) {
      for (size_t i = 0; i <= kNumBounds; ++i) {
        totals.counts[i] +=
            shard.value.counts[i].load(std::memory_order_relaxed);
      }
      totals.nanoseconds +=
          shard.value.nanoseconds.load(std::memory_order_relaxed);
    }
    return totals;
  }

 private:
  struct Cell {
    std::array<std::atomic<int64_t>, kNumBounds + 1> counts{};
    std::atomic<int64_t> nanoseconds{0};
  };
  const absl::Span<const int64_t> bounds_;
  Sharded<Cell> cells_;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_LATENCY_HISTOGRAM_H_
