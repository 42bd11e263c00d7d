// Reasons of an answer that is kept.
#ifndef USHER_SERVING_LISTS_MEMORY_REASONS_H_
#define USHER_SERVING_LISTS_MEMORY_REASONS_H_

#include <cstddef>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/explanation.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/ranked_event.h"

namespace usher {

// What the reasons of one event may take in memory. Names in them are as long
// as their organizers like.
inline constexpr size_t kMostReasonsBytes = 512;

// Worked out for the first who asks, and the same for all others, who ask of
// the same events by the same policy. Thread-safe.
class MemoryReasons {
 public:
  // ReasonsOfList() with kMaxReasons, which live as long as this; null where
  // they are too large to be kept.
  const std::vector<std::vector<Reason>>* Of(
      absl::Span<const RankedEvent> events, const RankingPolicy& policy,
      const Snapshot& snapshot) const {
    absl::call_once(once_, [&] {
      reasons_ = ReasonsOfList(events, policy, snapshot, kMaxReasons);
      small_ = Bytes() <= events.size() * kMostReasonsBytes;
      if (!small_) std::vector<std::vector<Reason>>().swap(reasons_);
    });
    return small_ ? &reasons_ : nullptr;
  }

 private:
  size_t Bytes() const {
    size_t bytes = reasons_.size() * sizeof(reasons_.front());
    for (const std::vector<Reason>& of_event : reasons_) {
      for (const Reason& reason : of_event) {
        bytes += sizeof(Reason) + reason.text.capacity();
      }
    }
    return bytes;
  }

  mutable absl::once_flag once_;
  mutable std::vector<std::vector<Reason>> reasons_;
  mutable bool small_ = false;
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_MEMORY_REASONS_H_
