// The live views of a few minutes, each built once.
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

// Requests of one minute share a view. Callers of the same missing minute wait
// for one of them to build it; other minutes go on meanwhile. At most
// `capacity` minutes are kept, the least recently used goes first: a request's
// `now` is not a lever on the server's memory. Thread-safe.
class LiveViewCache {
 public:
  using Build = std::function<LiveView(Micros minute)>;

  // `build` is called from any thread, for several minutes at once.
  LiveViewCache(size_t capacity, Build build);

  // The view of the minute of `now`.
  std::shared_ptr<const LiveView> At(Micros now) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // A minute that is built or about to be.
  struct Slot {
    absl::once_flag once;
    std::shared_ptr<const LiveView> view;
  };
  struct Entry {
    Micros minute = kNoTime;
    uint64_t used = 0;  // When last asked for, in calls.
    std::shared_ptr<Slot> slot;
  };

  std::shared_ptr<Slot> SlotOf(Micros minute) const ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const size_t capacity_;
  const Build build_;

  mutable absl::Mutex mu_;
  mutable uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  mutable std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_LIVE_VIEW_CACHE_H_
