// Reasons of an answer that is kept.
#ifndef USHER_SERVING_LISTS_MEMORY_REASONS_H_
#define USHER_SERVING_LISTS_MEMORY_REASONS_H_

#include <vector>

#include "absl/base/call_once.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/explanation.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/ranked_event.h"

namespace usher {

// Worked out for the first who asks, and the same for all others, who ask of
// the same events by the same policy. Thread-safe.
class MemoryReasons {
 public:
  // ReasonsOfList() with kMaxReasons; lives as long as this.
  const std::vector<std::vector<Reason>>& Of(
      absl::Span<const RankedEvent> events, const RankingPolicy& policy,
      const Snapshot& snapshot) const {
    absl::call_once(once_, [&] {
      reasons_ = ReasonsOfList(events, policy, snapshot, kMaxReasons);
    });
    return reasons_;
  }

 private:
  mutable absl::once_flag once_;
  mutable std::vector<std::vector<Reason>> reasons_;
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_MEMORY_REASONS_H_
