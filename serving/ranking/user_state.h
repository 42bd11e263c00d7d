// What a request knows of its user.
#ifndef USHER_SERVING_RANKING_USER_STATE_H_
#define USHER_SERVING_RANKING_USER_STATE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/device.h"
#include "index/catalog/live_columns.h"
#include "index/model/hybrid_model.h"
#include "serving/ranking/query.h"
#include "serving/ranking/row_sums.h"

namespace usher {

// The past of one user with one organizer.
struct OrganizerPast {
  float commitments = 0;
  float recent = 0;  // Commitments, fading by half in 60 days.
  float refusals = 0;
  float latest = 0;  // 1 / (1 + weeks since the latest commitment).
};

// A user's history and profile, summed up as of the query's instant. A value:
// immutable once built.
struct UserState {
  UserRow row = kNoUser;
  bool cold = true;      // Nothing is known of what they like.
  GeoPoint place;        // The query's location, else the user's home.
  int hour_of_week = 0;  // Of the query's instant.
  Device device = Device::kUnknown;

  float commitments = 0;
  absl::flat_hash_map<OrganizerRow, OrganizerPast> organizers;
  RowSums<int32_t> series;
  RowSums<int32_t> venues;
  // 1 / (1 + weeks since they began to); 0 when that is not known.
  absl::flat_hash_map<OrganizerRow, float> followed;
  EventRow latest = kNoEvent;      // Commitment; of equal ones the last.
  float idle_hours = 0;            // Since it.
  std::vector<EventRow> answered;  // Sorted, no duplicates.
  std::vector<GeoPoint> places;    // Of the latest commitments.
  std::vector<std::pair<Micros, EventRow>> starts;  // Of commitments; sorted.
  // Share of commitments by hour of the week (UTC, from Monday), smoothed.
  std::array<float, 168> hours{};
  std::vector<float> vector;   // Hybrid; empty or zeros when nothing is known.
  std::vector<float> content;  // Unit length, or empty.
  // Live events that like-minded users said yes to, with their weight; of a
  // version that has neighbours of its own, what those say.
  RowSums<EventRow> neighbour_picks;
  // Organizers of all that they committed to, with the same weights.
  RowSums<OrganizerRow> neighbour_organizers;
};

// What can be said of the query's user at its instant. Seeds count like actions
// of this moment, by their weight: those of a positive taste as commitments,
// those of a negative one as refusals, and those whose kind is an answer make
// the event answered.
UserState BuildUserState(const Query& query, const Snapshot& snapshot,
                         const LiveColumns& live);

// The seeds whose events are known, with their kinds' taste times their weight.
std::vector<TasteSeed> KnownSeeds(absl::Span<const Seed> seeds,
                                  const Catalog& catalog);

// What a commitment of `time` to an organizer still counts at `now`: it fades
// by half in 60 days.
float FadedCommitment(Micros now, Micros time);

// Hour of the week of an instant, 0..167, from Monday 00:00 UTC.
int HourOfWeek(Micros time);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_USER_STATE_H_
