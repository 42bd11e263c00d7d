#include "serving/ranking/features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include "index/base/quick_math.h"
#include "index/vector/dot.h"
#include "serving/ranking/place_kernels.h"
#include "serving/ranking/row_sums.h"

namespace usher {
namespace {

constexpr absl::string_view kFeatureNames[kNumFeatures] = {
    "own_organizer", "own_share",      "own_last",
    "followed",      "followed_last",  "organizer_no",
    "series",        "venue",          "als_organizer",
    "als_event",     "neighbours",     "neighbour_organizer",
    "history",       "follows",        "idle",
    "now_hour",      "now_day",        "device",
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
// The density that counts as none.
constexpr float kPlaceFloor = 0.01f;
constexpr Micros kConflictSpan = 2 * kHour;

// The user's past places, for the density around others.
class PastPlaces {
 public:
  explicit PastPlaces(absl::Span<const GeoPoint> places)
      : kernels_(PlaceKernelsFor(ActiveInstructionSet())) {
    // Far outside of the sphere.
    constexpr double kNowhere = 1e3;
    count_ = (places.size() + kPlaceLanes - 1) / kPlaceLanes * kPlaceLanes;
    known_ = static_cast<float>(places.size());
    coordinates_.assign(3 * count_, kNowhere);
    for (size_t i = 0; i < places.size(); ++i) {
      const UnitVector point = OnUnitSphere(places[i]);
      coordinates_[i] = point.x;
      coordinates_[count_ + i] = point.y;
      coordinates_[2 * count_ + i] = point.z;
    }
  }

  // Over so few kilometres the chord is the distance.
  float Density(const UnitVector& place) const {
    constexpr double kScale =
        kEarthRadiusKm * kEarthRadiusKm / (2 * kPlaceKernelKm * kPlaceKernelKm);
    if (count_ == 0 || !place.known()) return 0;
    const double* const x = coordinates_.data();
    const float density =
        kernels_.density({x, x + count_, x + 2 * count_, count_},
                         {place.x, place.y, place.z}, kScale);
    return QuickLog1p(density / known_ / kPlaceFloor);
  }

 private:
  const PlaceKernels& kernels_;
  size_t count_;  // With what fills up.
  float known_;
  std::vector<double> coordinates_;  // All x, all y, all z.
};

// As DistanceKm(), without trigonometry for each event.
float Distance(const UnitVector& user, const UnitVector& place) {
  return user.known() ? LogDistance(KmOfChord(ChordSquared(user, place))) : 0;
}

// Most counts are 0.
float LogCount(float count) { return count == 0 ? 0 : QuickLog1p(count); }

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

// What the user has to do with an organizer: the same for all of its events.
struct FeaturesOfHost {
  float own = 0, share = 0, last = 0, no = 0, neighbours = 0;
  float followed = 0, followed_last = 0;
};

FeaturesOfHost HostOf(OrganizerRow organizer, const UserState& user) {
  FeaturesOfHost host;
  const auto past = user.organizers.find(organizer);
  if (past != user.organizers.end()) {
    host.own = OwnOrganizer(past->second);
    host.share = OwnShare(past->second, user.commitments);
    host.last = past->second.latest;
    host.no = LogCount(past->second.refusals);
  }
  const auto followed = user.followed.find(organizer);
  if (followed != user.followed.end()) {
    host.followed = 1;
    host.followed_last = followed->second;
  }
  host.neighbours = LogCount(user.neighbour_organizers.Of(organizer));
  return host;
}

// What the user has to do with a place: the same for all events there.
struct FeaturesOfPlace {
  float distance = 0, density = 0;
};

uint64_t KeyOf(const GeoPoint& place) {
  return uint64_t{std::bit_cast<uint32_t>(place.latitude)} << 32 |
         std::bit_cast<uint32_t>(place.longitude);
}

// Events of a list have organizers and places in common: each is looked at
// once.
class Shared {
 public:
  Shared(const UserState& user, size_t events)
      : user_(user), past_(user.places), place_(OnUnitSphere(user.place)) {
    organizers_.Reserve(events);
    hosts_.reserve(events);
    keys_.Reserve(events);
    places_.reserve(events);
  }

  const FeaturesOfHost& Host(OrganizerRow organizer) {
    const size_t number = organizers_.Add(organizer);
    if (number == hosts_.size()) hosts_.push_back(HostOf(organizer, user_));
    return hosts_[number];
  }

  // `where` is OnUnitSphere(place).
  const FeaturesOfPlace& At(const GeoPoint& place, const UnitVector& where) {
    const size_t number = keys_.Add(KeyOf(place));
    if (number == places_.size()) {
      places_.push_back({Distance(place_, where), past_.Density(where)});
    }
    return places_[number];
  }

 private:
  const UserState& user_;
  const PastPlaces past_;
  const UnitVector place_;
  RowNumbers<OrganizerRow> organizers_;
  std::vector<FeaturesOfHost> hosts_;
  RowNumbers<uint64_t> keys_;
  std::vector<FeaturesOfPlace> places_;
};

// Vectors of rows far apart come from memory one cache line at a time: those of
// the next events are asked for early.
constexpr size_t kEventsAhead = 4;

void Prefetch(absl::Span<const float> vector) {
  constexpr size_t kLineFloats = 16;
  for (size_t i = 0; i < vector.size(); i += kLineFloats) {
    __builtin_prefetch(vector.data() + i);
  }
}

void PrefetchEvent(const Snapshot& snapshot, const LiveColumns& live,
                   EventRow event) {
  Prefetch(snapshot.vectors.Row(Index(event)));
  Prefetch(snapshot.embeddings.Row(Index(event)));
  const auto slot = static_cast<size_t>(live.SlotOf(event));
  const char* const begin = reinterpret_cast<const char*>(&live[slot]);
  __builtin_prefetch(begin);
  __builtin_prefetch(begin + sizeof(LiveSlot) - 1);
  __builtin_prefetch(&live.Place(slot));
  __builtin_prefetch(&snapshot.catalog.events.columns[Index(event)]);
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

// HourOfWeek() of the start.
size_t HourOfWeek(const LiveSlot& slot) {
  return 24 * static_cast<size_t>(slot.start_day) +
         static_cast<size_t>(slot.start_hour);
}

// LiveFeature() of all of them, from kFirstLiveFeature on.
constexpr size_t kPlainLiveFeatures =
    kNumFeatures - static_cast<size_t>(kFirstPlainFeature);
static_assert(static_cast<size_t>(kFirstPlainFeature) ==
              static_cast<size_t>(kFirstLiveFeature) + kNumLiveRanks);
static_assert(offsetof(LiveSlot, organizer_events) ==
              offsetof(LiveSlot, organizer_next) +
                  (kPlainLiveFeatures - 1) * sizeof(float));

void LiveFeatures(const LiveColumns& live, const LiveSlot& slot,
                  FeatureMatrix& out, size_t row) {
  float* const ranks = &out.at(row, kFirstLiveFeature);
  for (size_t rank = 0; rank < kNumLiveRanks; ++rank) {
    ranks[rank * out.stride()] = live.Rank(static_cast<LiveRank>(rank), slot);
  }
  float* const plain = &out.at(row, kFirstPlainFeature);
  for (size_t i = 0; i < kPlainLiveFeatures; ++i) {
    plain[i * out.stride()] = PlainLiveFeatures(slot)[i];
  }
}

// Those that are the same for all events of a list.
void FillOfUser(const UserState& user, FeatureMatrix& out) {
  const auto fill = [&](Feature feature, float value) {
    const absl::Span<float> column = out.MutableColumn(feature);
    std::fill(column.begin(), column.end(), value);
  };
  fill(Feature::kHistory, LogCount(user.commitments));
  fill(Feature::kFollows, LogCount(static_cast<float>(user.followed.size())));
  fill(Feature::kIdle, LogCount(user.idle_hours));
  fill(Feature::kNowHour, static_cast<float>(user.hour_of_week % 24));
  fill(Feature::kNowDay, static_cast<float>(user.hour_of_week / 24));
  fill(Feature::kDevice, static_cast<float>(user.device));
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
      return live[slot].log_lead;
    case Feature::kLastAnswer:
      return live[slot].log_answer;
    case Feature::kYes:
      return live[slot].log_yes;
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
  return QuickLog1p(past.recent);
}

float OwnShare(const OrganizerPast& past, float commitments) {
  return commitments > 0 ? past.commitments / commitments : 0;
}

float LogDistance(float km) {
  return QuickLog1p(std::isnan(km) ? kUnknownDistanceKm : km);
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
  Shared shared(user, events.size());
  FillOfUser(user, out);
  for (size_t i = 0; i < std::min(kEventsAhead, events.size()); ++i) {
    PrefetchEvent(snapshot, live, events[i]);
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (i + kEventsAhead < events.size()) {
      PrefetchEvent(snapshot, live, events[i + kEventsAhead]);
    }
    const EventColumns& event =
        snapshot.catalog.events.columns[Index(events[i])];
    const auto number = static_cast<size_t>(live.SlotOf(events[i]));
    const LiveSlot& slot = live[number];
    if (event.organizer != kNoOrganizer) {
      const FeaturesOfHost& host = shared.Host(event.organizer);
      out.at(i, Feature::kOwnOrganizer) = host.own;
      out.at(i, Feature::kOwnShare) = host.share;
      out.at(i, Feature::kOwnLast) = host.last;
      out.at(i, Feature::kFollowed) = host.followed;
      out.at(i, Feature::kFollowedLast) = host.followed_last;
      out.at(i, Feature::kOrganizerNo) = host.no;
      out.at(i, Feature::kNeighbourOrganizer) = host.neighbours;
    }
    if (event.series >= 0) {
      out.at(i, Feature::kSeries) = LogCount(user.series.Of(event.series));
    }
    if (event.venue >= 0) {
      out.at(i, Feature::kVenue) = LogCount(user.venues.Of(event.venue));
    }
    VectorFeatures(snapshot, events[i], user, out, i);
    out.at(i, Feature::kNeighbours) =
        LogCount(user.neighbour_picks.Of(events[i]));
    if (event.start != kNoTime) {
      out.at(i, Feature::kHourMatch) = user.hours[HourOfWeek(slot)];
    }
    out.at(i, Feature::kConflict) = Conflict(user, events[i], event.start);
    const FeaturesOfPlace& place =
        shared.At(event.location, live.Place(number));
    out.at(i, Feature::kDistance) = place.distance;
    out.at(i, Feature::kPlaceDensity) = place.density;
    LiveFeatures(live, slot, out, i);
  }
  return out;
}

}  // namespace usher
