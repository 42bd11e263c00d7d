// The live views of one snapshot, each built once.
#ifndef USHER_SERVING_LIVE_VIEW_CACHE_H_
#define USHER_SERVING_LIVE_VIEW_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "serving/ranking/live_view.h"

namespace usher {

// Requests of one minute share a view, where their policies give live features
// the same weights. Callers of the same missing view wait for one of them to
// build it; others go on meanwhile. At most `capacity` views are kept, the
// least recently used goes first. Thread-safe.
class LiveViewCache {
 public:
  using Build =
      std::function<LiveView(Micros minute, const RankingPolicy& policy)>;

  // `build` is called from any thread, for several views at once.
  LiveViewCache(size_t capacity, Build build);

  // The view of the minute of `now`.
  std::shared_ptr<const LiveView> At(Micros now,
                                     const RankingPolicy& policy) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Key {
    Micros minute = kNoTime;
    LiveWeights weights{};

    bool operator==(const Key&) const = default;
  };
  // A view that is built or about to be.
  struct Slot {
    absl::once_flag once;
    std::shared_ptr<const LiveView> view;
  };
  struct Entry {
    Key key;
    uint64_t used = 0;  // When last asked for, in calls.
    std::shared_ptr<Slot> slot;
  };

  std::shared_ptr<Slot> SlotOf(const Key& key) const ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const size_t capacity_;
  const Build build_;

  mutable absl::Mutex mu_;
  mutable uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  mutable std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_LIVE_VIEW_CACHE_H_
