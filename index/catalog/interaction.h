// What a user did with an event.
#ifndef USHER_INDEX_CATALOG_INTERACTION_H_
#define USHER_INDEX_CATALOG_INTERACTION_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "index/catalog/geo.h"

namespace usher {

// Values are stored in files; never renumber.
enum class InteractionKind : uint8_t {
  kRsvpYes = 1,
  kRsvpMaybe = 2,
  kRsvpNo = 3,
  kWaitlist = 4,
  kAttend = 5,
  kTicket = 6,
  kView = 7,
  kClick = 8,
  kSave = 9,
  kShare = 10,
  kDismiss = 11,
  kRating = 12,
  kPlay = 13,
  kCheckin = 14,
  kInterested = 15,
  kNotInterested = 16,
  kInvited = 17,
  kImpression = 18,
};
inline constexpr int kNumInteractionKinds = 19;  // Including the unused 0.

// "rsvp_yes", ...; and back.
absl::string_view InteractionKindName(InteractionKind kind);
std::optional<InteractionKind> InteractionKindFromName(absl::string_view name);

// True when an interaction of this kind settles the matter between the user and
// the event, so that the event is not recommended to them again.
bool IsAnswer(InteractionKind kind);

// True when the user went or said that they would: what counts as popularity
// and as history (rsvp_yes, attend, ticket, checkin, play, and a rating).
inline bool IsCommitment(InteractionKind kind) {
  switch (kind) {
    case InteractionKind::kRsvpYes:
    case InteractionKind::kAttend:
    case InteractionKind::kTicket:
    case InteractionKind::kCheckin:
    case InteractionKind::kPlay:
    case InteractionKind::kRating:
      return true;
    default:
      return false;
  }
}

// How much one interaction says of the user's taste: 1 for an rsvp_yes, less
// for weaker signs, below 0 for refusals. `value` is the row's number (play
// count, rating of 1..5), NaN when empty. Never beyond -20 and 20, so that no
// single row outweighs all others.
float TasteWeight(InteractionKind kind, float value);

// An interaction as it is written in a file or a request.
struct Interaction {
  std::string interaction_id;  // Empty: identified by user, event, kind, time.
  std::string user_id;
  std::string event_id;
  InteractionKind kind = InteractionKind::kRsvpYes;
  float value = std::numeric_limits<float>::quiet_NaN();
  // When a server took it; kNoTime: it comes from elsewhere. What claims to
  // have occurred later counts as of then.
  Micros received_at = kNoTime;
  Micros occurred_at = kNoTime;
  // The list that it came from, and the place on it (from 1; 0: none).
  std::string recommendation_id;
  int32_t position = 0;
  std::string device;
  GeoPoint location;  // Where the user was.
};

// An interaction by rows, 32 bytes: one of very many.
struct InteractionRecord {
  Micros time = kNoTime;
  int32_t user = 0;
  int32_t event = 0;
  float value = std::numeric_limits<float>::quiet_NaN();  // NaN: none.
  GeoPoint location;                                      // Of the user.
  uint16_t device = 0;  // Of a table of whoever made it; 0: not known.
  InteractionKind kind = InteractionKind::kRsvpYes;
};
static_assert(sizeof(InteractionRecord) == 32);

// When it counts as done.
inline Micros CountsAt(const Interaction& interaction) {
  return interaction.received_at == kNoTime
             ? interaction.occurred_at
             : std::min(interaction.occurred_at, interaction.received_at);
}

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_INTERACTION_H_
