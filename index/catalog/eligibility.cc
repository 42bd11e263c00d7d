#include "index/catalog/eligibility.h"

namespace usher {
namespace {

constexpr absl::string_view kDropReasonNames[kNumDropReasons] = {
    "",         "hidden",   "ended", "cancelled", "sold_out", "not_announced",
    "answered", "filtered", "rule"};

bool HasEnded(const EventColumns& event, Micros now,
              const EligibilityOptions& options) {
  if (event.start == kNoTime) {
    return options.undated_lifetime > 0 && event.announce != kNoTime &&
           event.announce + options.undated_lifetime <= now;
  }
  if (event.start > now) return false;
  return !(options.include_running && event.end != kNoTime && now < event.end);
}

}  // namespace

absl::string_view DropReasonName(DropReason reason) {
  return kDropReasonNames[static_cast<size_t>(reason)];
}

DropReason WhyNotLive(const EventColumns& event, Micros now,
                      const EligibilityOptions& options) {
  if (event.absent) return DropReason::kHidden;
  if (HasEnded(event, now, options)) return DropReason::kEnded;
  switch (event.status) {
    case EventStatus::kCancelled:
      return DropReason::kCancelled;
    case EventStatus::kSoldOut:
      return DropReason::kSoldOut;
    case EventStatus::kHidden:
      return DropReason::kHidden;
    case EventStatus::kScheduled:
      break;
  }
  if (event.announce != kNoTime && event.announce > now) {
    return DropReason::kNotAnnounced;
  }
  return DropReason::kNone;
}

}  // namespace usher
