// What an exposure can lead to.
#ifndef USHER_SERVING_EXPERIMENTS_OUTCOME_H_
#define USHER_SERVING_EXPERIMENTS_OUTCOME_H_

#include <cstdint>
#include <optional>

#include "index/catalog/interaction.h"

namespace usher {

enum class Outcome : uint8_t {
  kClick,       // Looked closer: view, click.
  kRsvp,        // Said that they would go: rsvp_yes, ticket.
  kAttendance,  // Went: attend, checkin.
};
inline constexpr int kNumOutcomes = 3;

// Unset for kinds that are none of these. One does not imply the other: what
// was not recorded is not counted.
inline std::optional<Outcome> OutcomeOf(InteractionKind kind) {
  switch (kind) {
    case InteractionKind::kView:
    case InteractionKind::kClick:
      return Outcome::kClick;
    case InteractionKind::kRsvpYes:
    case InteractionKind::kTicket:
      return Outcome::kRsvp;
    case InteractionKind::kAttend:
    case InteractionKind::kCheckin:
      return Outcome::kAttendance;
    default:
      return std::nullopt;
  }
}

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_OUTCOME_H_
