// Counts, one or a row of them.
#ifndef USHER_SERVING_TELEMETRY_COUNTER_H_
#define USHER_SERVING_TELEMETRY_COUNTER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "serving/telemetry/sharded.h"

namespace usher {

// N counts that only grow. Thread-safe; adding takes no lock.
template <size_t N>
class Counters {
 public:
  void Add(size_t i, int64_t by = 1) {
    counts_.Here()[i].fetch_add(by, std::memory_order_relaxed);
  }

  int64_t Get(size_t i) const {
    int64_t sum = 0;
    for (const auto& shard : counts_) {
      sum += shard.value[i].load(std::memory_order_relaxed);
    }
    return sum;
  }

 private:
  Sharded<std::array<std::atomic<int64_t>, N>> counts_;
};

class Counter {
 public:
  void Add(int64_t by = 1) { counts_.Add(0, by); }
  int64_t Get() const { return counts_.Get(0); }

 private:
  Counters<1> counts_;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_COUNTER_H_
