// The live columns of a few minutes, which follow the catalogue.
#ifndef USHER_SERVING_LIVE_COLUMNS_CACHE_H_
#define USHER_SERVING_LIVE_COLUMNS_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "index/catalog/catalog.h"
#include "index/catalog/live_columns.h"

namespace usher {

// A write changes a few events: the columns of a minute that is in use are
// brought up to date from what they were, and those of a minute that is new
// from those of an earlier one, not built anew. At most `capacity`
// minutes are kept, the least recently used goes first: a request's `now` is
// not a lever on the server's memory. Thread-safe.
class LiveColumnsCache {
 public:
  LiveColumnsCache(size_t capacity, Micros undated_lifetime);

  Micros undated_lifetime() const { return undated_lifetime_; }

  // Those of `catalog` at a minute. All catalogues must be states of one: the
  // logs of their changes continue each other. A reader of an older state gets
  // columns of its own. Callers of one minute wait for each other, not for
  // those of other minutes.
  std::shared_ptr<const LiveColumns> At(const Catalog& catalog,
                                        Micros minute) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Slot {
    absl::Mutex mu;
    int64_t revision ABSL_GUARDED_BY(mu) = 0;
    LiveColumns head ABSL_GUARDED_BY(mu);
    // The head's content; null before the first.
    std::shared_ptr<const LiveColumns> shared ABSL_GUARDED_BY(mu);
  };
  struct Entry {
    Micros minute = kNoTime;
    uint64_t used = 0;  // When last asked for, in calls.
    std::shared_ptr<Slot> slot;
  };

  std::shared_ptr<Slot> SlotOf(Micros minute) const ABSL_LOCKS_EXCLUDED(mu_);
  // From those of the nearest earlier minute; nullopt when there are none, or
  // they are of a later state, or somebody else is at them.
  std::optional<LiveColumns> MovedTo(const Catalog& catalog,
                                     Micros minute) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const size_t capacity_;
  const Micros undated_lifetime_;

  mutable absl::Mutex mu_;
  mutable uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  mutable std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_LIVE_COLUMNS_CACHE_H_
