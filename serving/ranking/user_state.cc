#include "serving/ranking/user_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "serving/ranking/dense_sums.h"

namespace usher {
namespace {

// The prototype's constants (ranking.md of the design: features).
constexpr double kOrganizerHalfLifeDays = 60;
constexpr double kContentHorizonDays = 90;
constexpr size_t kPastPlaces = 50;
constexpr size_t kNeighbourEvents = 30;
constexpr size_t kNeighbours = 200;
constexpr size_t kAttendeesPerEvent = 500;
constexpr size_t kNeighbourCommitments = 100;
constexpr float kOtherWeekday = 0.3f;

double DaysAgo(Micros now, Micros time) {
  if (time == kNoTime) return 0;
  return std::max(0.0, static_cast<double>(now - time) / kDay);
}

float Faded(double days) {
  return static_cast<float>(std::exp2(-days / kOrganizerHalfLifeDays));
}

float ByWeeks(double days) { return static_cast<float>(1 / (1 + days / 7)); }

float TasteOf(const Seed& seed) {
  constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();
  return TasteWeight(seed.kind, kNoValue) * seed.weight;
}

// `days` ago; unset: nobody knows. Then it fades as if it were of this moment,
// and says nothing of what was latest.
void AddCommitment(const Catalog& catalog, EventRow row, float weight,
                   std::optional<double> days, UserState& user) {
  const EventColumns& event = catalog.events.columns[Index(row)];
  user.commitments += weight;
  if (event.organizer != kNoOrganizer) {
    OrganizerPast& past = user.organizers[event.organizer];
    past.commitments += weight;
    past.recent += weight * Faded(days.value_or(0));
    if (days) past.latest = std::max(past.latest, ByWeeks(*days));
  }
  const auto hours = static_cast<float>(24 * days.value_or(0));
  if (days && (user.latest == kNoEvent || hours <= user.idle_hours)) {
    user.latest = row;
    user.idle_hours = hours;
  }
  if (event.series >= 0) user.series.Add(event.series, weight);
  if (event.venue >= 0) user.venues.Add(event.venue, weight);
  if (event.location.known()) user.places.push_back(event.location);
  if (event.start != kNoTime) user.starts.emplace_back(event.start, row);
}

void AddHistory(const Catalog& catalog, absl::Span<const Action> history,
                Micros now, UserState& user) {
  user.answered.reserve(history.size());
  user.places.reserve(history.size());
  user.starts.reserve(history.size());
  for (const Action& action : history) {
    if (IsAnswer(action.kind)) user.answered.push_back(action.event);
    if (IsCommitment(action.kind)) {
      std::optional<double> days;
      if (action.time != kNoTime) days = DaysAgo(now, action.time);
      AddCommitment(catalog, action.event, 1, days, user);
    } else if (TasteWeight(action.kind, action.value) < 0) {
      const OrganizerRow organizer =
          catalog.events.columns[Index(action.event)].organizer;
      if (organizer != kNoOrganizer) user.organizers[organizer].refusals += 1;
    }
  }
}

void AddSeeds(const Catalog& catalog, absl::Span<const Seed> seeds,
              UserState& user) {
  for (const Seed& seed : seeds) {
    const EventRow row = catalog.FindEvent(seed.event_id);
    if (row == kNoEvent) continue;
    if (IsAnswer(seed.kind)) user.answered.push_back(row);
    const float taste = TasteOf(seed);
    const OrganizerRow organizer = catalog.events.columns[Index(row)].organizer;
    if (IsCommitment(seed.kind) && taste > 0) {
      AddCommitment(catalog, row, seed.weight, 0, user);
    } else if (taste < 0 && organizer != kNoOrganizer) {
      user.organizers[organizer].refusals += std::abs(seed.weight);
    }
  }
}

void SortAnswered(UserState& user) {
  std::sort(user.answered.begin(), user.answered.end());
  user.answered.erase(std::unique(user.answered.begin(), user.answered.end()),
                      user.answered.end());
}

constexpr int kWeekHours = 168;
constexpr int kHoursAround = 3;

// What a start counts for the hours around it.
std::array<float, 2 * kHoursAround + 1> NearHours() {
  std::array<float, 2 * kHoursAround + 1> near{};
  for (int d = -kHoursAround; d <= kHoursAround; ++d) {
    near[d + kHoursAround] = std::exp(-static_cast<float>(d * d) / 4.0f);
  }
  return near;
}

// Spreads each past start over the neighbouring hours of the same and, less,
// of the other weekdays.
void FillHours(UserState& user) {
  static const std::array<float, 2 * kHoursAround + 1> kNear = NearHours();
  if (user.starts.empty()) return;
  std::array<float, kWeekHours> counts{};
  for (const auto& [start, event] : user.starts) {
    counts[HourOfWeek(start)] += 1;
  }
  std::array<float, 24> by_hour{};
  for (int h = 0; h < kWeekHours; ++h) by_hour[h % 24] += counts[h];
  // By hour, from kHoursAround before Monday on.
  std::array<float, kWeekHours + 2 * kHoursAround> blend;
  for (int i = 0; i < kWeekHours + 2 * kHoursAround; ++i) {
    const int h = (i - kHoursAround + kWeekHours) % kWeekHours;
    const float same = counts[h];
    const float any = by_hour[h % 24];
    blend[i] = same + kOtherWeekday * (any - same);
  }
  const float total = static_cast<float>(user.starts.size());
  for (int h = 0; h < kWeekHours; ++h) {
    float match = 0;
    for (int d = 0; d <= 2 * kHoursAround; ++d) {
      match += kNear[d] * blend[h + d];
    }
    user.hours[h] = match / (total + 1);
  }
}

void FillContent(const Snapshot& snapshot, absl::Span<const Action> history,
                 absl::Span<const TasteSeed> seeds, Micros now,
                 UserState& user) {
  std::vector<float> mean(snapshot.model->content.dim(), 0.0f);
  const auto add = [&](EventRow row, float weight) {
    const absl::Span<const float> embedding =
        snapshot.embeddings.Row(Index(row));
    float* const sums = mean.data();
    for (size_t i = 0; i < embedding.size(); ++i) {
      sums[i] += weight * embedding[i];
    }
  };
  for (const Action& action : history) {
    const float taste = TasteWeight(action.kind, action.value);
    if (taste == 0) continue;
    add(action.event,
        taste * static_cast<float>(std::exp(-DaysAgo(now, action.time) /
                                            kContentHorizonDays)));
  }
  for (const TasteSeed& seed : seeds) add(seed.event, seed.weight);
  float norm = 0;
  for (const float value : mean) norm += value * value;
  if (!(norm > 0)) return;
  for (float& value : mean) value /= std::sqrt(norm);
  user.content = std::move(mean);
}

// Users who went where this user went: each of the latest events gives every
// co-attendee 1 / sqrt(attendees + 1).
std::vector<std::pair<float, UserRow>> Neighbours(
    const Catalog& catalog, absl::Span<const EventRow> events, UserRow self) {
  RowSums<UserRow> weights;
  for (const EventRow row : events) {
    absl::Span<const UserRow> attendees = catalog.events.attendees[Index(row)];
    const float weight =
        1 / std::sqrt(static_cast<float>(attendees.size()) + 1);
    if (attendees.size() > kAttendeesPerEvent) {
      attendees.remove_prefix(attendees.size() - kAttendeesPerEvent);
    }
    for (const UserRow user : attendees) {
      if (user != self) weights.Add(user, weight);
    }
  }
  std::vector<std::pair<float, UserRow>> best;
  best.reserve(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto [user, weight] = weights[i];
    best.emplace_back(weight, user);
  }
  const auto before = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  if (best.size() > kNeighbours) {
    std::nth_element(best.begin(), best.begin() + kNeighbours, best.end(),
                     before);
    best.resize(kNeighbours);
  }
  std::sort(best.begin(), best.end(), before);
  return best;
}

// The latest commitments of a neighbour.
absl::Span<const Commitment> LatestOf(const Catalog& catalog, UserRow user) {
  const absl::Span<const Commitment> all =
      catalog.users.commitments[Index(user)];
  return all.last(std::min(all.size(), kNeighbourCommitments));
}

// They lie anywhere in memory: those of the next neighbours are asked for
// early.
void PrefetchLatest(const Catalog& catalog, UserRow user) {
  constexpr size_t kLine = 64;
  const absl::Span<const Commitment> latest = LatestOf(catalog, user);
  const char* const begin = reinterpret_cast<const char*>(latest.data());
  for (size_t i = 0; i < latest.size() * sizeof(Commitment); i += kLine) {
    __builtin_prefetch(begin + i);
  }
}

void FillNeighbourPicks(const Catalog& catalog, const LiveColumns& live,
                        absl::Span<const EventRow> events, UserState& user) {
  constexpr size_t kAhead = 3;
  thread_local DenseSums hosts;
  thread_local DenseSums picks;  // By slot.
  const float scale = 1 / std::sqrt(static_cast<float>(events.size()) + 1);
  const size_t kept = std::min(events.size(), kNeighbourEvents);
  const std::vector<std::pair<float, UserRow>> neighbours =
      Neighbours(catalog, events.last(kept), user.row);
  for (size_t i = 0; i < neighbours.size(); ++i) {
    if (i + kAhead < neighbours.size()) {
      PrefetchLatest(catalog, neighbours[i + kAhead].second);
    }
    const float weight = neighbours[i].first * scale;
    for (const auto& [event, host] : LatestOf(catalog, neighbours[i].second)) {
      if (host != kNoOrganizer) hosts.Add(Index(host), weight);
      // Most are over, which a bit says without a look at what is known of
      // them.
      if (!live.IsLive(event)) continue;
      picks.Add(static_cast<size_t>(live.SlotOf(event)), weight);
    }
  }
  user.neighbour_organizers.Reserve(hosts.size());
  hosts.TakeEach([&](uint32_t host, float sum) {
    user.neighbour_organizers.Add(OrganizerRow{static_cast<int32_t>(host)},
                                  sum);
  });
  user.neighbour_picks.Reserve(picks.size());
  picks.TakeEach([&](uint32_t slot, float sum) {
    user.neighbour_picks.Add(live[slot].row, sum);
  });
}

float ScoreOf(const absl::flat_hash_map<int32_t, float>& scores, int32_t item) {
  const auto found = scores.find(item);
  return found == scores.end() ? 0.0f : found->second;
}

// What a version's own neighbours say, of all live events.
void FillModelPicks(const Snapshot& snapshot, const LiveColumns& live,
                    absl::Span<const Action> history,
                    absl::Span<const Follow> follows,
                    absl::Span<const TasteSeed> seeds, UserState& user) {
  const NeighbourModel& model = snapshot.model->neighbours;
  const ItemKind kind = model.parts().items_are;
  absl::flat_hash_map<int32_t, float> scores;
  for (const WeightedItem& item :
       model.Scores(ItemTastes(snapshot.catalog, kind, history, follows, seeds,
                               snapshot.model->feedback),
                    static_cast<int32_t>(user.row))) {
    scores.emplace(item.item, item.weight);
  }
  if (scores.empty()) return;
  for (size_t slot = 0; slot < live.size(); ++slot) {
    const EventRow event = live[slot].row;
    if (event == kNoEvent) continue;
    int32_t scratch = -1;
    const absl::Span<const int32_t> items =
        ItemsOf(snapshot.catalog, event, kind, scratch);
    float sum = 0;
    for (const int32_t item : items) sum += ScoreOf(scores, item);
    if (sum > 0) {
      user.neighbour_picks.Add(event, sum / static_cast<float>(items.size()));
    }
  }
}

std::vector<float> VectorOf(const Snapshot& snapshot, const UserState& user,
                            absl::Span<const Action> history,
                            absl::Span<const Follow> follows,
                            absl::Span<const TasteSeed> seeds) {
  if (history.empty() && follows.empty() && seeds.empty()) return {};
  if (user.row != kNoUser && seeds.empty() && snapshot.user_vectors &&
      Index(user.row) < snapshot.user_vectors->rows() &&
      !snapshot.catalog.users.columns[Index(user.row)].changed) {
    const absl::Span<const float> trained =
        snapshot.user_vectors->Row(Index(user.row));
    return {trained.begin(), trained.end()};
  }
  return snapshot.model->UserVector(snapshot.catalog, history, follows, seeds);
}

}  // namespace

std::vector<TasteSeed> KnownSeeds(absl::Span<const Seed> seeds,
                                  const Catalog& catalog) {
  std::vector<TasteSeed> known;
  for (const Seed& seed : seeds) {
    const EventRow row = catalog.FindEvent(seed.event_id);
    if (row != kNoEvent) known.push_back({row, TasteOf(seed)});
  }
  return known;
}

float FadedCommitment(Micros now, Micros time) {
  return Faded(DaysAgo(now, time));
}

int HourOfWeek(Micros time) {
  // 1970-01-01 was a Thursday.
  const int64_t hours = (time - (time % kHour + kHour) % kHour) / kHour + 72;
  return static_cast<int>((hours % 168 + 168) % 168);
}

UserState BuildUserState(const Query& query, const Snapshot& snapshot,
                         const LiveColumns& live) {
  const Catalog& catalog = snapshot.catalog;
  UserState user;
  user.row = catalog.FindUser(query.user_id);
  user.place = query.location;
  user.hour_of_week = HourOfWeek(query.now);
  user.device = query.device;
  absl::Span<const Action> history;
  absl::Span<const Follow> follows;
  if (user.row != kNoUser) {
    history = catalog.users.history[Index(user.row)];
    follows = catalog.users.follows[Index(user.row)];
    if (!user.place.known()) {
      user.place = catalog.users.columns[Index(user.row)].location;
    }
  }
  const std::vector<TasteSeed> seeds = KnownSeeds(query.seeds, catalog);
  AddHistory(catalog, history, query.now, user);
  AddSeeds(catalog, query.seeds, user);
  SortAnswered(user);
  std::vector<EventRow> liked;
  liked.reserve(history.size() + seeds.size());
  for (const Action& action : history) {
    if (IsCommitment(action.kind)) liked.push_back(action.event);
  }
  for (const TasteSeed& seed : seeds) {
    if (seed.weight > 0) liked.push_back(seed.event);
  }
  for (const Follow& follow : follows) {
    float& since = user.followed[follow.organizer];
    if (follow.joined != kNoTime && follow.joined <= query.now) {
      since = ByWeeks(DaysAgo(query.now, follow.joined));
    }
  }
  if (user.places.size() > kPastPlaces) {
    user.places.erase(user.places.begin(), user.places.end() - kPastPlaces);
  }
  std::sort(user.starts.begin(), user.starts.end());
  FillHours(user);
  FillContent(snapshot, history, seeds, query.now, user);
  if (snapshot.model->neighbours.empty()) {
    FillNeighbourPicks(catalog, live, liked, user);
  } else {
    FillModelPicks(snapshot, live, history, follows, seeds, user);
  }
  user.vector = VectorOf(snapshot, user, history, follows, seeds);
  user.cold = history.empty() && follows.empty() && seeds.empty();
  return user;
}

}  // namespace usher
