#include "trainer/evaluation/replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace usher {
namespace {

constexpr Micros kWeek = 7 * kDay;
// 1970-01-05 was a Monday.
constexpr Micros kMonday = 4 * kDay;

int64_t WeekOf(Micros time) {
  const Micros since = time - kMonday;
  return (since - ((since % kWeek) + kWeek) % kWeek) / kWeek;
}
Micros StartOfWeek(int64_t week) { return week * kWeek + kMonday; }

struct Join {
  Micros time;
  std::string user_id;
  int32_t user;
  std::string organizer;
};

// Deals the data out, either into the training part or into steps.
class Builder {
 public:
  Builder(const Dataset& data, const ReplayOptions& options)
      : data_(data),
        options_(options),
        asks_from_places_(SaysWherePeopleWere(data)) {}

  absl::StatusOr<Replay> Build() {
    CollectRows();
    std::vector<Micros> yes;
    for (const InteractionRecord& row : rows_) {
      if (row.kind == InteractionKind::kRsvpYes) yes.push_back(row.time);
    }
    if (yes.empty()) {
      return absl::InvalidArgumentError(
          "replay: there is no dated rsvp_yes to ask for");
    }
    replay_.cut = yes[std::min(
        yes.size() - 1,
        static_cast<size_t>(options_.cut * static_cast<double>(yes.size())))];
    replay_.cut = options_.cut_time.value_or(replay_.cut);
    if (options_.clock == ReplayOptions::Clock::kWeek) {
      replay_.cut = StartOfWeek(WeekOf(replay_.cut));
    }
    CollectStarts();
    CollectJoins();
    if (options_.clock == ReplayOptions::Clock::kWeek) {
      WalkWeeks();
    } else {
      WalkRows();
    }
    FinishTraining();
    return std::move(replay_);
  }

 private:
  bool AfterCut() const { return after_cut_; }
  bool IsDescribed(int32_t event) const {
    return static_cast<size_t>(event) < data_.described_events;
  }

  void CollectRows() {
    absl::flat_hash_set<std::pair<int32_t, int32_t>> answered;
    for (const InteractionRecord& row : data_.interactions) {
      if (row.time == kNoTime) {
        ++replay_.undated_rows;
      } else if (IsAnswer(row.kind) &&
                 !answered.insert({row.user, row.event}).second) {
        ++replay_.repeated_answers;
      } else {
        rows_.push_back(row);
      }
    }
    for (const User& user : data_.users) replay_.users.push_back(user.id);
    known_.assign(data_.users.size(), false);
    for (const InteractionRecord& row : rows_) known_[row.user] = true;
  }

  void CollectStarts() {
    first_.assign(data_.events.size(), kNoTime);
    start_.assign(data_.events.size(), kNoTime);
    for (const InteractionRecord& row : rows_) {
      if (first_[row.event] == kNoTime) first_[row.event] = row.time;
    }
    for (size_t e = 0; e < data_.described_events; ++e) {
      if (first_[e] == kNoTime) continue;
      start_[e] = data_.events[e].start_time != kNoTime
                      ? data_.events[e].start_time
                      : first_[e] + options_.undated_lifetime;
    }
  }

  void CollectJoins() {
    for (size_t u = 0; u < data_.users.size(); ++u) {
      for (const Group& group : data_.users[u].groups) {
        if (group.joined == kNoTime) continue;
        joins_.push_back({group.joined + options_.join_delay, data_.users[u].id,
                          static_cast<int32_t>(u), group.id});
      }
    }
    std::sort(joins_.begin(), joins_.end(), [](const Join& a, const Join& b) {
      return std::tie(a.time, a.user_id, a.organizer) <
             std::tie(b.time, b.user_id, b.organizer);
    });
  }

  void JoinsUntil(Micros time) {
    for (; next_join_ < joins_.size() && joins_[next_join_].time <= time;
         ++next_join_) {
      const Join& join = joins_[next_join_];
      if (!known_[join.user]) continue;
      if (AfterCut()) {
        replay_.steps.push_back({ReplayStep::Kind::kJoin,
                                 {},
                                 join.time,
                                 0,
                                 join.user,
                                 join.organizer});
      } else {
        groups_[join.user].push_back({join.organizer, join.time});
      }
    }
  }

  void PassCut(Micros time) { after_cut_ = after_cut_ || time >= replay_.cut; }

  void Announce(int32_t event, Micros time) {
    Event announced = data_.events[event];
    announced.start_time = start_[event];
    announced.announce_time = time;
    announced_at_[event] = time;
    if (AfterCut()) {
      replay_.steps.push_back({ReplayStep::Kind::kAnnounce,
                               {},
                               time,
                               static_cast<int32_t>(replay_.events.size()),
                               0,
                               announced.id});
      replay_.events.push_back(std::move(announced));
    } else {
      training_events_.push_back(std::move(announced));
    }
  }

  void Reveal(const InteractionRecord& row) {
    if (IsCommitment(row.kind)) {
      UserPast& past = past_[row.user];
      ++past.commitments;
      past.organizers.insert(OrganizerOf(row.event));
    }
    if (!AfterCut()) {
      training_rows_.push_back(row);
      if (row.kind == InteractionKind::kRsvpYes) warm_.insert(row.user);
      return;
    }
    replay_.steps.push_back({ReplayStep::Kind::kReveal, row.kind, row.time, 0,
                             row.user, data_.events[row.event].id});
  }

  // An event without an organizer is one of its own.
  const std::string& OrganizerOf(int32_t event) const {
    const Event& of = data_.events[event];
    return of.organizer.empty() ? of.id : of.organizer;
  }

  // Adds an event that the query should find.
  void Want(int32_t event, Micros time, ReplayQuery& query) {
    const UserPast& past = past_[query.user];
    const bool first = query.relevant.empty();
    const double lead =
        static_cast<double>(start_[event] - time) / static_cast<double>(kHour);
    query.relevant.push_back(data_.events[event].id);
    query.new_organizer = (first || query.new_organizer) &&
                          !past.organizers.contains(OrganizerOf(event));
    query.history = past.commitments;
    if (first || lead < query.lead_hours) query.lead_hours = lead;
  }

  void Ask(Micros time, ReplayQuery query) {
    query.number = static_cast<int32_t>(replay_.queries.size());
    query.warm_user = warm_.contains(query.user);
    replay_.steps.push_back(
        {ReplayStep::Kind::kQuery, {}, time, query.number, query.user, ""});
    replay_.queries.push_back(std::move(query));
  }

  void WalkRows() {
    absl::flat_hash_set<int32_t> seeded;
    for (const InteractionRecord& row : rows_) {
      JoinsUntil(row.time);
      PassCut(row.time);
      if (IsDescribed(row.event) && !announced_at_.contains(row.event)) {
        Announce(row.event, row.time);
      }
      if (row.kind == InteractionKind::kRsvpYes) {
        if (seeded.contains(row.event) && row.time < start_[row.event] &&
            AfterCut()) {
          ReplayQuery query;
          query.user = row.user;
          Want(row.event, row.time, query);
          query.new_event = announced_at_[row.event] >= replay_.cut;
          if (asks_from_places_) query.location = row.location;
          query.device = DeviceFromWord(data_.devices[row.device]);
          Ask(row.time, std::move(query));
        }
        seeded.insert(row.event);
      }
      Reveal(row);
    }
  }

  void WalkWeeks() {
    std::map<int64_t, std::vector<const InteractionRecord*>> rows;
    std::map<int64_t, std::vector<int32_t>> events;
    std::set<int64_t> weeks;
    for (const InteractionRecord& row : rows_) {
      rows[WeekOf(row.time)].push_back(&row);
      weeks.insert(WeekOf(row.time));
    }
    for (size_t e = 0; e < start_.size(); ++e) {
      if (start_[e] == kNoTime) continue;
      events[WeekOf(start_[e])].push_back(static_cast<int32_t>(e));
      weeks.insert(WeekOf(start_[e]));
    }
    for (const int64_t week : weeks) {
      const Micros monday = StartOfWeek(week);
      JoinsUntil(monday);
      PassCut(monday);
      AnnounceWeek(events[week], monday);
      if (AfterCut()) AskWeek(rows[week], monday);
      for (const InteractionRecord* row : rows[week]) Reveal(*row);
    }
  }

  void AnnounceWeek(std::vector<int32_t>& events, Micros monday) {
    std::sort(events.begin(), events.end(), [&](int32_t a, int32_t b) {
      return std::tie(start_[a], data_.events[a].id) <
             std::tie(start_[b], data_.events[b].id);
    });
    for (const int32_t event : events) Announce(event, monday);
  }

  void AskWeek(const std::vector<const InteractionRecord*>& rows,
               Micros monday) {
    std::map<std::string, ReplayQuery> queries;
    for (const InteractionRecord* row : rows) {
      if (row->kind != InteractionKind::kRsvpYes) continue;
      const Micros start = start_[row->event];
      if (start <= monday || start >= monday + kWeek) continue;
      ReplayQuery& query = queries[data_.users[row->user].id];
      query.user = row->user;
      query.start_before = monday + kWeek;
      query.new_event = true;
      Want(row->event, monday, query);
    }
    for (auto& [id, query] : queries) Ask(monday, std::move(query));
  }

  void FinishTraining() {
    DatasetBuilder builder(std::nullopt, UnknownEvents::kAbsent);
    for (Event& event : training_events_) builder.AddEvent(std::move(event));
    for (size_t u = 0; u < data_.users.size(); ++u) {
      if (!known_[u]) continue;
      User user = data_.users[u];
      user.groups = groups_[static_cast<int32_t>(u)];
      user.joined_time = kNoTime;
      builder.AddUser(std::move(user));
    }
    for (const InteractionRecord& row : training_rows_) {
      builder.AddInteraction(data_.users[row.user].id,
                             data_.events[row.event].id, row,
                             data_.devices[row.device]);
    }
    replay_.training = builder.Finish(data_.fingerprint);
  }

  const Dataset& data_;
  const ReplayOptions& options_;
  const bool asks_from_places_;
  Replay replay_;
  std::vector<InteractionRecord> rows_;
  std::vector<bool> known_;
  std::vector<Micros> first_;
  std::vector<Micros> start_;
  std::vector<Join> joins_;
  size_t next_join_ = 0;
  bool after_cut_ = false;
  absl::flat_hash_map<int32_t, Micros> announced_at_;
  absl::flat_hash_map<int32_t, std::vector<Group>> groups_;
  struct UserPast {
    int32_t commitments = 0;
    absl::flat_hash_set<std::string> organizers;
  };
  absl::flat_hash_map<int32_t, UserPast> past_;
  absl::flat_hash_set<int32_t> warm_;
  std::vector<Event> training_events_;
  std::vector<InteractionRecord> training_rows_;
};

}  // namespace

bool SaysWherePeopleWere(const Dataset& dataset) {
  constexpr float kSamePlaceKm = 0.1f;
  int64_t placed = 0;
  int64_t at_event = 0;
  for (const InteractionRecord& row : dataset.interactions) {
    if (!row.location.known()) continue;
    ++placed;
    // False for an event without a place.
    at_event += DistanceKm(row.location, dataset.events[row.event].location) <
                kSamePlaceKm;
  }
  return at_event * 2 < placed;
}

ReplayOptions::Clock ClockOf(const Dataset& dataset) {
  int64_t dated = 0;
  int64_t at_start = 0;
  for (const InteractionRecord& row : dataset.interactions) {
    if (row.time == kNoTime) continue;
    ++dated;
    at_start += row.time == dataset.events[row.event].start_time;
  }
  return at_start * 2 > dated ? ReplayOptions::Clock::kWeek
                              : ReplayOptions::Clock::kRsvp;
}

absl::StatusOr<Replay> BuildReplay(const Dataset& dataset,
                                   const ReplayOptions& options) {
  return Builder(dataset, options).Build();
}

}  // namespace usher
