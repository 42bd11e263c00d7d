// Walking the later part of a dataset in time order: ask, score, then reveal.
#ifndef USHER_TRAINER_EVALUATION_REPLAY_H_
#define USHER_TRAINER_EVALUATION_REPLAY_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "index/base/clock.h"
#include "index/catalog/device.h"
#include "index/catalog/event.h"
#include "index/catalog/geo.h"
#include "index/catalog/interaction.h"
#include "trainer/data/dataset.h"

namespace usher {

struct ReplayOptions {
  // kRsvp: a query for each later rsvp_yes, at its time. kWeek, for data whose
  // interaction times are only the events' starts: queries on Mondays 00:00
  // UTC, one for each user with an attended event in that week.
  enum class Clock { kRsvp, kWeek };
  Clock clock = Clock::kRsvp;
  double cut = 0.8;  // Part of the dated rsvp_yes that lies before the cut.
  std::optional<Micros> cut_time;  // The cut itself, instead.
  Micros undated_lifetime = 60 * kDay;
  Micros join_delay = kDay;
};

// Whether interactions say where people were: not when most of those with a
// place have that of their event, since then it is the answer and no question.
bool SaysWherePeopleWere(const Dataset& dataset);

// The week clock when most interactions happen at their events' starts, so that
// nobody knows when they were made.
ReplayOptions::Clock ClockOf(const Dataset& dataset);

// What should this user go to?
struct ReplayQuery {
  int32_t number = 0;  // From 0.
  int32_t user = 0;    // Of Replay::users.
  Micros start_before = std::numeric_limits<Micros>::max();
  std::vector<std::string> relevant;  // Event ids.
  bool warm_user = false;             // Has an rsvp_yes before the cut.
  bool new_event = false;             // Announced after the cut.
  // The user has gone to nothing of the organizers of the relevant events.
  bool new_organizer = false;
  int32_t history = 0;  // What the user has committed to by then.
  // To the start of the first relevant event; NaN: it has none.
  double lead_hours = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> masked;  // Not to be recommended, besides answers.
  // Where the user was and what they held when they answered, as far as the
  // answer says; what a request at that moment would have said.
  GeoPoint location;
  Device device = Device::kUnknown;
};

// Something becomes known, or is asked.
struct ReplayStep {
  enum class Kind {
    kAnnounce,  // An event: `index` of Replay::events.
    kJoin,      // `user` follows the organizer `id` from now on.
    kReveal,    // `user` answered the event `id`.
    kQuery,     // `index` of Replay::queries.
  };
  Kind kind = Kind::kQuery;
  InteractionKind answer = InteractionKind::kRsvpYes;
  Micros time = 0;
  int32_t index = 0;
  int32_t user = 0;  // Of Replay::users.
  std::string id;
};

struct Replay {
  Dataset training;                // All that was known before the cut.
  std::vector<std::string> users;  // Ids.
  std::vector<ReplayStep> steps;   // From the cut on, in order.
  std::vector<Event> events;       // Announced from the cut on.
  std::vector<ReplayQuery> queries;
  Micros cut = 0;
  int64_t undated_rows = 0;      // Left out, since they have no place in time,
  int64_t repeated_answers = 0;  // or since the pair was answered before.
};

// The rules: an event is announced at its earliest dated interaction (on the
// week clock, on the Monday of its week); one without a start lives for
// undated_lifetime; one that the data do not describe is never announced. A
// pair of user and event is answered once, by its earliest answer; what is no
// answer (a view, a save) is kept beside it. The first yes of each event, and
// answers at or after the start, are not asked for. Undated rows are left out.
// InvalidArgument when there is no dated rsvp_yes.
absl::StatusOr<Replay> BuildReplay(const Dataset& dataset,
                                   const ReplayOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_REPLAY_H_
