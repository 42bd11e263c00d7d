// Whether a request may be answered from a list that was made before.
#ifndef USHER_SERVING_LISTS_USE_LIST_H_
#define USHER_SERVING_LISTS_USE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/geo.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/query.h"

namespace usher {

enum class ListRefusal : uint8_t {
  kNone,     // It may be used.
  kVisitor,  // The request names no user.
  kFilter,   // It asks for some events only, or for more than upcoming ones.
  kSeeds,    // It brings actions of its own.
  kPolicy,   // The list was made by another policy,
  kModel,    // or by another model version,
  kAge,      // or for another time,
  kFar,      // or for another place.
  kChanged,  // The user has acted or moved since, or the model was reloaded.
  kUnknown,  // It names no event that is known.
  kCrowded,  // So much is newer than the list that scanning all costs no more.
};
inline constexpr int kNumListRefusals = 11;

// "none", "visitor", "filter", ...: labels of a metric.
absl::string_view ListRefusalName(ListRefusal refusal);

// A list is used for places this near to its own.
inline constexpr float kListReachKm = 3;
// And for instants this near to that which it was made for: a night's run is
// used until the next night's is there.
inline constexpr Micros kListLife = 26 * kHour;
// Events newer than a list that are merged into an answer at most.
inline constexpr size_t kMaxNewerEvents = 4096;

// Tells policies apart: 16 hex digits that depend on RankingConfigText() alone.
std::string PolicyHash(const RankingPolicy& policy);

// kNone, kVisitor, kFilter or kSeeds: what can be said before there is a list.
// Rules, caps and diversity are no reason: they work on any candidates.
ListRefusal WhyNoList(const Query& query);

// What a list says of how it was made. What is not said is no reason against
// it, but for a request that names a place: a list of no place has nothing that
// is near it.
struct ListTerms {
  absl::string_view policy;
  int64_t model_version = 0;
  Micros generated_at = kNoTime;
  GeoPoint location;
};

// What a request is answered with.
struct RequestTerms {
  absl::string_view policy;
  int64_t model_version = 0;
  Micros now = 0;
  GeoPoint place;            // The query's location, else the user's home.
  bool names_place = false;  // It is the query's.
};

// kNone, kPolicy, kModel, kAge or kFar.
//
// The model version must be the same because then what changed since the
// version (Snapshot::ChangedSinceVersion) has every event that is newer than
// the list, and because a list of a version that was taken back would bring it
// back.
ListRefusal WhyNotUse(const ListTerms& list, const RequestTerms& request);

}  // namespace usher

#endif  // USHER_SERVING_LISTS_USE_LIST_H_
