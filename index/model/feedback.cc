#include "index/model/feedback.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr float kMostTaste = 20;
constexpr float kRatingScale = 2.5f;

}  // namespace

float Feedback::Taste(const Action& action, Micros latest) const {
  const std::optional<float>& own = kinds[static_cast<size_t>(action.kind)];
  const bool valued = !std::isnan(action.value);
  float taste = own.value_or(TasteWeight(action.kind, action.value));
  if (valued && action.kind == InteractionKind::kRating) {
    taste = own.value_or(1) * (action.value - neutral_rating) / kRatingScale;
  } else if (valued && action.kind == InteractionKind::kPlay) {
    const float plays_counted = std::max(0.0f, action.value);
    taste = own.value_or(1) * (plays == PlayCounts::kLinear
                                   ? plays_counted
                                   : std::log1p(plays_counted));
  }
  if (!negatives) taste = std::max(0.0f, taste);
  if (half_life_days > 0 && action.time != kNoTime && latest != kNoTime) {
    const double days = static_cast<double>(latest - action.time) / kDay;
    taste *= static_cast<float>(std::exp2(-days / half_life_days));
  }
  return std::clamp(taste, -kMostTaste, kMostTaste);
}

std::array<float, 2 * kNumInteractionKinds + 5> Feedback::Numbers() const {
  std::array<float, 2 * kNumInteractionKinds + 5> numbers{};
  for (size_t kind = 0; kind < kNumInteractionKinds; ++kind) {
    numbers[2 * kind] = kinds[kind].has_value() ? 1 : 0;
    numbers[2 * kind + 1] = kinds[kind].value_or(0);
  }
  float* rest = numbers.data() + 2 * kNumInteractionKinds;
  rest[0] = static_cast<float>(plays);
  rest[1] = half_life_days;
  rest[2] = static_cast<float>(organizers);
  rest[3] = neutral_rating;
  rest[4] = negatives ? 1 : 0;
  return numbers;
}

absl::StatusOr<Feedback> Feedback::FromNumbers(
    absl::Span<const float> numbers) {
  Feedback feedback;
  const bool good =
      numbers.size() == feedback.Numbers().size() &&
      std::all_of(numbers.begin(), numbers.end(),
                  [](float number) { return std::isfinite(number); });
  if (!good) return absl::InvalidArgumentError("feedback: not its numbers");
  for (size_t kind = 0; kind < kNumInteractionKinds; ++kind) {
    if (numbers[2 * kind] == 1) feedback.kinds[kind] = numbers[2 * kind + 1];
  }
  const absl::Span<const float> rest =
      numbers.subspan(2 * kNumInteractionKinds);
  feedback.plays = rest[0] == 1 ? PlayCounts::kLinear : PlayCounts::kLog;
  feedback.half_life_days = rest[1];
  feedback.organizers = rest[2] == 1   ? OrganizerFeedback::kRsvpRatio
                        : rest[2] == 2 ? OrganizerFeedback::kTimeDelta
                                       : OrganizerFeedback::kLogCount;
  feedback.neutral_rating = rest[3];
  feedback.negatives = rest[4] != 0;
  RETURN_IF_ERROR(ValidateFeedback(feedback));
  const auto again = feedback.Numbers();
  if (!std::equal(again.begin(), again.end(), numbers.begin())) {
    return absl::InvalidArgumentError("feedback: a number out of range");
  }
  return feedback;
}

absl::Status ValidateFeedback(const Feedback& feedback) {
  for (size_t kind = 0; kind < kNumInteractionKinds; ++kind) {
    const std::optional<float>& own = feedback.kinds[kind];
    if (!own.has_value()) continue;
    if (!(std::abs(*own) <= kMostTaste)) {
      return absl::InvalidArgumentError(
          absl::StrCat("feedback: the weight of ",
                       InteractionKindName(static_cast<InteractionKind>(kind)),
                       " is ", *own, ", not between -20 and 20"));
    }
  }
  if (!(feedback.half_life_days >= 0 && feedback.half_life_days <= 1e6)) {
    return absl::InvalidArgumentError(
        absl::StrCat("feedback: half_life_days is ", feedback.half_life_days,
                     ", not between 0 and 1e6"));
  }
  if (!(std::abs(feedback.neutral_rating) <= 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("feedback: neutral_rating is ", feedback.neutral_rating,
                     ", not between -100 and 100"));
  }
  return absl::OkStatus();
}

Micros LatestOf(absl::Span<const Action> history) {
  Micros latest = kNoTime;
  for (const Action& action : history) latest = std::max(latest, action.time);
  return latest;
}

}  // namespace usher
