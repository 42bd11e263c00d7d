#include "serving/lists/use_list.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr absl::string_view kNames[kNumListRefusals] = {
    "none", "visitor", "filter",  "seeds",   "policy", "model",
    "age",  "far",     "changed", "unknown", "crowded"};

bool IsEmpty(const Filter& filter) {
  return filter.start_after == kNoTime &&
         filter.start_before == std::numeric_limits<Micros>::max() &&
         !filter.include_running && !filter.include_interacted &&
         filter.max_distance_km == 0 && filter.categories.empty() &&
         filter.tags_any.empty() && filter.tags_all.empty() &&
         filter.exclude_tags.empty() && filter.organizers.empty() &&
         filter.cities.empty() && filter.exclude_event_ids.empty() &&
         filter.only_event_ids.empty() && !filter.max_price.has_value();
}

bool IsFar(const GeoPoint& list, const RequestTerms& request) {
  if (!list.known()) return request.names_place;
  return !request.place.known() ||
         DistanceKm(list, request.place) > kListReachKm;
}

}  // namespace

absl::string_view ListRefusalName(ListRefusal refusal) {
  return kNames[static_cast<size_t>(refusal)];
}

std::string PolicyHash(const RankingPolicy& policy) {
  return absl::StrCat(
      absl::Hex(Hash64(RankingConfigText(policy)), absl::kZeroPad16));
}

ListRefusal WhyNoList(const Query& query) {
  if (query.user_id.empty()) return ListRefusal::kVisitor;
  if (!IsEmpty(query.filter)) return ListRefusal::kFilter;
  return query.seeds.empty() ? ListRefusal::kNone : ListRefusal::kSeeds;
}

ListRefusal WhyNotUse(const ListTerms& list, const RequestTerms& request) {
  if (!list.policy.empty() && list.policy != request.policy) {
    return ListRefusal::kPolicy;
  }
  if (list.model_version != 0 && list.model_version != request.model_version) {
    return ListRefusal::kModel;
  }
  if (list.generated_at != kNoTime &&
      (request.now < list.generated_at - kListLife ||
       request.now > list.generated_at + kListLife)) {
    return ListRefusal::kAge;
  }
  return IsFar(list.location, request) ? ListRefusal::kFar : ListRefusal::kNone;
}

}  // namespace usher
