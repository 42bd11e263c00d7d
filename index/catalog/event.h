// The thing that is recommended, as its source describes it.
#ifndef USHER_INDEX_CATALOG_EVENT_H_
#define USHER_INDEX_CATALOG_EVENT_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/geo.h"

namespace usher {

enum class EventStatus : uint8_t {
  kScheduled = 0,
  kCancelled = 1,
  kSoldOut = 2,
  kHidden = 3,
};
inline constexpr int kNumEventStatuses = 4;

// "scheduled", "cancelled", "sold_out", "hidden"; and back.
absl::string_view EventStatusName(EventStatus status);
std::optional<EventStatus> EventStatusFromName(absl::string_view name);

// An event as it is written in a file or a request. Only `id` is required; an
// absent text is empty, an absent time kNoTime, an absent number NaN or -1.
struct Event {
  std::string id;
  std::string title;
  std::string description;
  std::vector<std::string> tags;
  std::string category;
  std::string organizer;  // The organizer's id.
  std::string organizer_name;
  std::string venue;
  std::string city;
  GeoPoint location;
  Micros start_time = kNoTime;
  Micros end_time = kNoTime;
  Micros announce_time = kNoTime;  // kNoTime: always announced.
  float price = std::numeric_limits<float>::quiet_NaN();
  std::string currency;
  int32_t capacity = -1;
  EventStatus status = EventStatus::kScheduled;
  std::string time_zone;         // IANA name.
  std::vector<float> embedding;  // Made elsewhere; empty when there is none.
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_EVENT_H_
