#include "index/catalog/interaction.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

struct Kind {
  absl::string_view name;
  bool answer;
  float taste;
};

// In the order of InteractionKind.
constexpr Kind kKinds[kNumInteractionKinds] = {
    {"", false, 0.0f},
    {"rsvp_yes", true, 1.0f},
    {"rsvp_maybe", true, 0.4f},
    {"rsvp_no", true, -0.3f},
    {"waitlist", true, 0.7f},
    {"attend", true, 1.5f},
    {"ticket", true, 1.5f},
    {"view", false, 0.05f},
    {"click", false, 0.1f},
    {"save", false, 0.5f},
    {"share", false, 0.4f},
    {"dismiss", true, -0.5f},
    {"rating", true, 1.0f},
    {"play", true, 1.0f},
    {"checkin", true, 1.0f},
    {"interested", true, 0.5f},
    {"not_interested", true, -0.7f},
    {"invited", false, 0.0f},
    {"impression", false, 0.0f},
};

const Kind& Of(InteractionKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

// The rating that says nothing either way, on a scale of 1 to 5.
constexpr float kNeutralRating = 2.5f;

// No interaction counts for more, whatever its value.
constexpr float kMostTaste = 20.0f;

float TasteOf(InteractionKind kind, float value) {
  if (kind == InteractionKind::kPlay) return std::log1p(std::max(0.0f, value));
  if (kind == InteractionKind::kRating) return (value - kNeutralRating) / 2.5f;
  return Of(kind).taste;
}

}  // namespace

absl::string_view InteractionKindName(InteractionKind kind) {
  return Of(kind).name;
}

std::optional<InteractionKind> InteractionKindFromName(absl::string_view name) {
  for (int i = 1; i < kNumInteractionKinds; ++i) {
    if (kKinds[i].name == name) return static_cast<InteractionKind>(i);
  }
  return std::nullopt;
}

bool IsAnswer(InteractionKind kind) { return Of(kind).answer; }

float TasteWeight(InteractionKind kind, float value) {
  if (std::isnan(value)) return Of(kind).taste;
  return std::clamp(TasteOf(kind, value), -kMostTaste, kMostTaste);
}

}  // namespace usher
