// What happened to the lists, for whoever watches the server.
#ifndef USHER_SERVING_LISTS_LIST_COUNTERS_H_
#define USHER_SERVING_LISTS_LIST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "serving/lists/use_list.h"

namespace usher {

// All only grow, but for memory_bytes. Thread-safe.
struct ListCounters {
  using Count = std::atomic<int64_t>;

  // Answers by where their candidates came from.
  Count from_redis{0};
  Count from_memory{0};
  Count online{0};
  // Answers from a list that was too short for its page.
  Count topped_up{0};
  // Why a list was not used, by ListRefusal: the request's own reasons, and
  // those of a list that was found.
  std::array<Count, kNumListRefusals> refused{};

  // Questions to Redis, and what became of them.
  Count redis_asked{0};
  Count redis_without{0};  // It has no list of this user, or no batch.
  Count redis_failed{0};   // It did not answer, in time or at all.
  Count redis_damaged{0};  // What it has is no list.
  Count redis_skipped{0};  // It was left alone after failures.

  Count memory_kept{0};
  Count memory_evicted{0};
  Count memory_bytes{0};  // That it holds now.
};

inline void Count(ListCounters::Count& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace usher

#endif  // USHER_SERVING_LISTS_LIST_COUNTERS_H_
