#include "index/catalog/event.h"

namespace usher {
namespace {

constexpr absl::string_view kStatusNames[kNumEventStatuses] = {
    "scheduled", "cancelled", "sold_out", "hidden"};

}  // namespace

absl::string_view EventStatusName(EventStatus status) {
  return kStatusNames[static_cast<int>(status)];
}

std::optional<EventStatus> EventStatusFromName(absl::string_view name) {
  for (int i = 0; i < kNumEventStatuses; ++i) {
    if (kStatusNames[i] == name) return static_cast<EventStatus>(i);
  }
  return std::nullopt;
}

}  // namespace usher
