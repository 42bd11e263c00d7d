#include "serving/ranking/features.h"

#include <algorithm>
#include <cmath>

#include "index/vector/dot.h"

namespace usher {
namespace {

constexpr absl::string_view kNames[kNumFeatures] = {
    "own_organizer", "own_share",   "followed",      "organizer_no",
    "series",        "venue",       "als_organizer", "als_event",
    "neighbours",    "content",     "place_density", "distance",
    "hour_match",    "conflict",    "lead_rank",     "day_rank",
    "yes_rank",      "answer_rank", "fresh_rank",    "organizer_next",
    "organizer_yes"};

// What is taken for the distance to an event without a place.
constexpr float kUnknownDistanceKm = 10;
// Past places count by exp(-d^2 / 2 s^2), with this s.
constexpr float kPlaceKernelKm = 3;
// The density that counts as none.
constexpr float kPlaceFloor = 0.01f;
constexpr Micros kConflictSpan = 2 * kHour;

template <class Map, class Key>
float Lookup(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0.0f : found->second;
}

float PlaceDensity(const UserState& user, const GeoPoint& place) {
  if (user.places.empty() || !place.known()) return 0;
  float density = 0;
  for (const GeoPoint& past : user.places) {
    const float km = DistanceKm(past, place);
    density += std::exp(-km * km / (2 * kPlaceKernelKm * kPlaceKernelKm));
  }
  density /= static_cast<float>(user.places.size());
  return std::log((density + kPlaceFloor) / kPlaceFloor);
}

float Distance(const UserState& user, const GeoPoint& place) {
  if (!user.place.known()) return 0;
  const float km = DistanceKm(user.place, place);
  return std::log1p(std::isnan(km) ? kUnknownDistanceKm : km);
}

float Conflict(const UserState& user, Micros start) {
  if (start == kNoTime) return 0;
  const auto near = std::lower_bound(user.starts.begin(), user.starts.end(),
                                     start - kConflictSpan);
  return near != user.starts.end() && *near <= start + kConflictSpan ? 1 : 0;
}

void OrganizerFeatures(const EventColumns& event, const UserState& user,
                       FeatureMatrix& out, size_t row) {
  if (event.organizer != kNoOrganizer) {
    const auto past = user.organizers.find(event.organizer);
    if (past != user.organizers.end()) {
      out.at(row, Feature::kOwnOrganizer) = std::log1p(past->second.recent);
      out.at(row, Feature::kOwnShare) =
          user.commitments > 0 ? past->second.commitments / user.commitments
                               : 0;
      out.at(row, Feature::kOrganizerNo) = std::log1p(past->second.refusals);
    }
    out.at(row, Feature::kFollowed) =
        user.followed.contains(event.organizer) ? 1 : 0;
  }
  if (event.series >= 0) {
    out.at(row, Feature::kSeries) =
        std::log1p(Lookup(user.series, event.series));
  }
  if (event.venue >= 0) {
    out.at(row, Feature::kVenue) = std::log1p(Lookup(user.venues, event.venue));
  }
}

void VectorFeatures(const Snapshot& snapshot, EventRow event,
                    const UserState& user, FeatureMatrix& out, size_t row) {
  const absl::Span<const float> vector = snapshot.vectors.Row(Index(event));
  if (!user.vector.empty() && vector.size() == user.vector.size()) {
    const size_t split = snapshot.model->by_event.dim();
    out.at(row, Feature::kAlsEvent) =
        Dot(user.vector.data(), vector.data(), split);
    out.at(row, Feature::kAlsOrganizer) =
        Dot(user.vector.data() + split, vector.data() + split,
            vector.size() - split);
  }
  const absl::Span<const float> content = snapshot.embeddings.Row(Index(event));
  if (!user.content.empty() && content.size() == user.content.size()) {
    out.at(row, Feature::kContent) =
        Dot(user.content.data(), content.data(), content.size());
  }
}

}  // namespace

absl::string_view FeatureName(Feature feature) {
  return kNames[static_cast<size_t>(feature)];
}

std::optional<Feature> FeatureFromName(absl::string_view name) {
  for (size_t i = 0; i < kNumFeatures; ++i) {
    if (kNames[i] == name) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

float LiveFeature(const LiveColumns& live, Feature feature, int32_t slot) {
  switch (feature) {
    case Feature::kLeadRank:
      return live.lead_rank[slot];
    case Feature::kDayRank:
      return live.day_rank[slot];
    case Feature::kYesRank:
      return live.yes_rank[slot];
    case Feature::kAnswerRank:
      return live.answer_rank[slot];
    case Feature::kFreshRank:
      return live.fresh_rank[slot];
    case Feature::kOrganizerNext:
      return live.organizer_next[slot];
    case Feature::kOrganizerYes:
      return live.organizer_yes[slot];
    default:
      return 0;
  }
}

FeatureMatrix ComputeFeatures(absl::Span<const EventRow> events,
                              const UserState& user, const LiveColumns& live,
                              const Snapshot& snapshot) {
  FeatureMatrix out(events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    const EventColumns& event =
        snapshot.catalog.events.columns[Index(events[i])];
    OrganizerFeatures(event, user, out, i);
    VectorFeatures(snapshot, events[i], user, out, i);
    out.at(i, Feature::kNeighbours) =
        std::log1p(Lookup(user.neighbour_picks, events[i]));
    out.at(i, Feature::kPlaceDensity) = PlaceDensity(user, event.location);
    out.at(i, Feature::kDistance) = Distance(user, event.location);
    if (event.start != kNoTime) {
      out.at(i, Feature::kHourMatch) = user.hours[HourOfWeek(event.start)];
    }
    out.at(i, Feature::kConflict) = Conflict(user, event.start);
    const int32_t slot = live.slot_of[Index(events[i])];
    for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
         ++f) {
      const Feature feature = static_cast<Feature>(f);
      out.at(i, feature) = LiveFeature(live, feature, slot);
    }
  }
  return out;
}

}  // namespace usher
