// What an action says of a user's taste, as training was told to see it.
#ifndef USHER_INDEX_MODEL_FEEDBACK_H_
#define USHER_INDEX_MODEL_FEEDBACK_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "index/catalog/catalog.h"
#include "index/catalog/interaction.h"

namespace usher {

// Values are stored in files; never renumber.
enum class PlayCounts : uint8_t {
  kLog = 0,     // ln(1 + plays).
  kLinear = 1,  // Plays.
};
enum class OrganizerFeedback : uint8_t {
  kLogCount = 0,   // ln(1 + sum of taste of its events).
  kRsvpRatio = 1,  // Events that the user committed to, of all that it has.
  kTimeDelta = 2,  // 1 + months from joining it to the latest of those.
};

// The defaults are TasteWeight(). A value; it is part of a version, so that
// users are folded in as they were trained.
struct Feedback {
  // By kind, instead of its own weight. A rating or a play is multiplied with
  // it, the others have it.
  std::array<std::optional<float>, kNumInteractionKinds> kinds{};
  PlayCounts plays = PlayCounts::kLog;
  // What was done so long before the user's latest action counts half; 0: all
  // counts the same.
  float half_life_days = 0;
  OrganizerFeedback organizers = OrganizerFeedback::kLogCount;
  float neutral_rating = 2.5f;  // Says nothing either way.
  bool negatives = true;        // Refusals and poor ratings push away.

  bool operator==(const Feedback&) const = default;
  bool is_default() const { return *this == Feedback(); }

  // Of an action of a history whose latest action is of `latest`; in [-20, 20].
  float Taste(const Action& action, Micros latest) const;

  // Numbers that FromNumbers() reads.
  std::array<float, 2 * kNumInteractionKinds + 5> Numbers() const;
  // InvalidArgument for anything that Numbers() cannot have given.
  static absl::StatusOr<Feedback> FromNumbers(absl::Span<const float> numbers);
};

// OK, or InvalidArgument that names what is out of range.
absl::Status ValidateFeedback(const Feedback& feedback);

// The time of the latest dated action, or kNoTime.
Micros LatestOf(absl::Span<const Action> history);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_FEEDBACK_H_
