#include "serving/ranking/features.h"

#include <algorithm>
#include <cmath>

#include "index/vector/dot.h"

namespace usher {
namespace {

constexpr absl::string_view kFeatureNames[kNumFeatures] = {
    "own_organizer", "own_share",      "own_last",
    "followed",      "followed_last",  "organizer_no",
    "series",        "venue",          "als_organizer",
    "als_event",     "neighbours",     "neighbour_organizer",
    "history",       "follows",        "idle",
    "content",       "content_last",   "place_density",
    "distance",      "hour_match",     "conflict",
    "lead_rank",     "day_rank",       "yes_rank",
    "answer_rank",   "fresh_rank",     "organizer_next",
    "organizer_yes", "hour_count",     "day_count",
    "week_count",    "fill",           "usual_yes",
    "organizer_day", "organizer_week", "organizer_month",
    "lead",          "last_answer",    "yes",
    "start_hour",    "start_day",      "organizer_events"};

// What is taken for the distance to an event without a place.
constexpr float kUnknownDistanceKm = 10;
// Past places count by exp(-d^2 / 2 s^2), with this s.
constexpr float kPlaceKernelKm = 3;
// What is farther adds less than 1e-4 to the feature, even fifty times.
constexpr float kPlaceReachKm = 5.5f * kPlaceKernelKm;
// The density that counts as none.
constexpr float kPlaceFloor = 0.01f;
constexpr Micros kConflictSpan = 2 * kHour;

template <class Map, class Key>
float Lookup(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0.0f : found->second;
}

std::vector<UnitVector> PointsOf(absl::Span<const GeoPoint> places) {
  std::vector<UnitVector> points;
  points.reserve(places.size());
  for (const GeoPoint& place : places) points.push_back(OnUnitSphere(place));
  return points;
}

// Over so few kilometres the chord is the distance.
float PlaceDensity(absl::Span<const UnitVector> past, const UnitVector& place) {
  constexpr double kSquareKm = kEarthRadiusKm * kEarthRadiusKm;
  constexpr double kReach = kPlaceReachKm * kPlaceReachKm / kSquareKm;
  constexpr double kScale = -kSquareKm / (2 * kPlaceKernelKm * kPlaceKernelKm);
  if (past.empty() || !place.known()) return 0;
  float density = 0;
  for (const UnitVector& point : past) {
    const double chord = ChordSquared(point, place);
    if (chord < kReach) density += std::exp(static_cast<float>(kScale * chord));
  }
  if (density == 0) return 0;
  density /= static_cast<float>(past.size());
  return std::log((density + kPlaceFloor) / kPlaceFloor);
}

// As DistanceKm(), without trigonometry for each event.
float Distance(const UnitVector& user, const UnitVector& place) {
  return user.known() ? LogDistance(KmOfChord(ChordSquared(user, place))) : 0;
}

// Most counts are 0.
float LogCount(float count) { return count == 0 ? 0 : std::log1p(count); }

float Conflict(const UserState& user, EventRow event, Micros start) {
  if (start == kNoTime) return 0;
  auto near = std::lower_bound(user.starts.begin(), user.starts.end(),
                               std::make_pair(start - kConflictSpan, kNoEvent));
  for (; near != user.starts.end() && near->first <= start + kConflictSpan;
       ++near) {
    if (near->second != event) return 1;
  }
  return 0;
}

void OrganizerFeatures(const EventColumns& event, const UserState& user,
                       FeatureMatrix& out, size_t row) {
  if (event.organizer != kNoOrganizer) {
    const auto past = user.organizers.find(event.organizer);
    if (past != user.organizers.end()) {
      out.at(row, Feature::kOwnOrganizer) = OwnOrganizer(past->second);
      out.at(row, Feature::kOwnShare) =
          OwnShare(past->second, user.commitments);
      out.at(row, Feature::kOwnLast) = past->second.latest;
      out.at(row, Feature::kOrganizerNo) = LogCount(past->second.refusals);
    }
    const auto followed = user.followed.find(event.organizer);
    if (followed != user.followed.end()) {
      out.at(row, Feature::kFollowed) = 1;
      out.at(row, Feature::kFollowedLast) = followed->second;
    }
  }
  if (event.series >= 0) {
    out.at(row, Feature::kSeries) = LogCount(Lookup(user.series, event.series));
  }
  if (event.venue >= 0) {
    out.at(row, Feature::kVenue) = LogCount(Lookup(user.venues, event.venue));
  }
}

void VectorFeatures(const Snapshot& snapshot, EventRow event,
                    const UserState& user, FeatureMatrix& out, size_t row) {
  const VectorProducts products = ProductsOf(
      user.vector, snapshot.vectors.Row(Index(event)), snapshot.model->split());
  out.at(row, Feature::kAlsEvent) = products.by_event;
  out.at(row, Feature::kAlsOrganizer) = products.by_organizer;
  const absl::Span<const float> content = snapshot.embeddings.Row(Index(event));
  if (!user.content.empty() && content.size() == user.content.size()) {
    out.at(row, Feature::kContent) =
        Dot(user.content.data(), content.data(), content.size());
  }
  if (user.latest != kNoEvent) {
    const absl::Span<const float> last =
        snapshot.embeddings.Row(Index(user.latest));
    if (last.size() == content.size()) {
      out.at(row, Feature::kContentLast) =
          Dot(last.data(), content.data(), content.size());
    }
  }
}

}  // namespace

absl::string_view FeatureName(Feature feature) {
  return kFeatureNames[static_cast<size_t>(feature)];
}

std::optional<Feature> FeatureFromName(absl::string_view name) {
  for (size_t i = 0; i < kNumFeatures; ++i) {
    if (kFeatureNames[i] == name) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

float LiveFeature(const LiveColumns& live, Feature feature, size_t slot) {
  switch (feature) {
    case Feature::kLeadRank:
      return live.Rank(LiveRank::kLead, slot);
    case Feature::kDayRank:
      return live.Rank(LiveRank::kDay, slot);
    case Feature::kYesRank:
      return live.Rank(LiveRank::kYes, slot);
    case Feature::kAnswerRank:
      return live.Rank(LiveRank::kAnswer, slot);
    case Feature::kFreshRank:
      return live.Rank(LiveRank::kFresh, slot);
    case Feature::kOrganizerNext:
      return live[slot].organizer_next;
    case Feature::kOrganizerYes:
      return live[slot].organizer_yes;
    case Feature::kHourCount:
      return live[slot].hour_count;
    case Feature::kDayCount:
      return live[slot].day_count;
    case Feature::kWeekCount:
      return live[slot].week_count;
    case Feature::kFill:
      return live[slot].fill;
    case Feature::kUsualYes:
      return live[slot].usual_yes;
    case Feature::kOrganizerDay:
      return live[slot].organizer_day;
    case Feature::kOrganizerWeek:
      return live[slot].organizer_week;
    case Feature::kOrganizerMonth:
      return live[slot].organizer_month;
    case Feature::kLead:
      return std::log1p(live[slot].lead_hours);
    case Feature::kLastAnswer:
      return std::log1p(live[slot].answer_hours);
    case Feature::kYes:
      return LogCount(live[slot].yes);
    case Feature::kStartHour:
      return live[slot].start_hour;
    case Feature::kStartDay:
      return live[slot].start_day;
    case Feature::kOrganizerEvents:
      return live[slot].organizer_events;
    default:
      return 0;
  }
}

float OwnOrganizer(const OrganizerPast& past) {
  return std::log1p(past.recent);
}

float OwnShare(const OrganizerPast& past, float commitments) {
  return commitments > 0 ? past.commitments / commitments : 0;
}

float LogDistance(float km) {
  return std::log1p(std::isnan(km) ? kUnknownDistanceKm : km);
}

VectorProducts ProductsOf(absl::Span<const float> user,
                          absl::Span<const float> event, size_t split) {
  if (user.empty() || user.size() != event.size()) return {};
  return {Dot(user.data(), event.data(), split),
          Dot(user.data() + split, event.data() + split, event.size() - split)};
}

FeatureMatrix ComputeFeatures(absl::Span<const EventRow> events,
                              const UserState& user, const LiveColumns& live,
                              const Snapshot& snapshot) {
  FeatureMatrix out(events.size());
  const std::vector<UnitVector> past = PointsOf(user.places);
  const UnitVector place = OnUnitSphere(user.place);
  for (size_t i = 0; i < events.size(); ++i) {
    const EventColumns& event =
        snapshot.catalog.events.columns[Index(events[i])];
    OrganizerFeatures(event, user, out, i);
    VectorFeatures(snapshot, events[i], user, out, i);
    out.at(i, Feature::kNeighbours) =
        LogCount(Lookup(user.neighbour_picks, events[i]));
    if (event.organizer != kNoOrganizer) {
      out.at(i, Feature::kNeighbourOrganizer) =
          LogCount(Lookup(user.neighbour_organizers, event.organizer));
    }
    out.at(i, Feature::kHistory) = LogCount(user.commitments);
    out.at(i, Feature::kFollows) =
        LogCount(static_cast<float>(user.followed.size()));
    out.at(i, Feature::kIdle) = std::log1p(user.idle_hours);
    if (event.start != kNoTime) {
      out.at(i, Feature::kHourMatch) = user.hours[HourOfWeek(event.start)];
    }
    out.at(i, Feature::kConflict) = Conflict(user, events[i], event.start);
    const auto slot = static_cast<size_t>(live.SlotOf(events[i]));
    out.at(i, Feature::kDistance) = Distance(place, live.Place(slot));
    out.at(i, Feature::kPlaceDensity) = PlaceDensity(past, live.Place(slot));
    for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
         ++f) {
      const Feature feature = static_cast<Feature>(f);
      out.at(i, feature) = LiveFeature(live, feature, slot);
    }
  }
  return out;
}

}  // namespace usher
