// May this event be shown at this instant, and if not, why not.
#ifndef USHER_INDEX_CATALOG_ELIGIBILITY_H_
#define USHER_INDEX_CATALOG_ELIGIBILITY_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/catalog.h"

namespace usher {

// Why an event is left out. The first that applies, in this order, is named.
enum class DropReason : uint8_t {
  kNone = 0,
  kHidden,  // Also deleted, or never described.
  kEnded,   // Begun; or, where running events are wanted, over.
  kCancelled,
  kSoldOut,
  kNotAnnounced,
  kAnswered,
  kFiltered,
  kRule,
};
inline constexpr int kNumDropReasons = 9;

// "ended", "cancelled", "sold_out", "hidden", "answered", "filtered",
// "not_announced", "rule"; empty for kNone.
absl::string_view DropReasonName(DropReason reason);

// How long an event without a start lives after it was announced; 0: for ever.
struct EligibilityOptions {
  bool include_running = false;
  Micros undated_lifetime = 0;
};

// kNone exactly when the event is live at `now`: announced, scheduled, and not
// begun (or, with include_running, not over). User and filter play no part.
DropReason WhyNotLive(const EventColumns& event, Micros now,
                      const EligibilityOptions& options);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_ELIGIBILITY_H_
