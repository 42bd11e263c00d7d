#include "index/catalog/interaction.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

struct Kind {
  absl::string_view name;
  bool answer;
  bool commitment;
  float taste;
};

// In the order of InteractionKind.
constexpr Kind kKinds[kNumInteractionKinds] = {
    {"", false, false, 0.0f},
    {"rsvp_yes", true, true, 1.0f},
    {"rsvp_maybe", true, false, 0.4f},
    {"rsvp_no", true, false, -0.3f},
    {"waitlist", true, false, 0.7f},
    {"attend", true, true, 1.5f},
    {"ticket", true, true, 1.5f},
    {"view", false, false, 0.05f},
    {"click", false, false, 0.1f},
    {"save", false, false, 0.5f},
    {"share", false, false, 0.4f},
    {"dismiss", true, false, -0.5f},
    {"rating", true, true, 1.0f},
    {"play", true, true, 1.0f},
    {"checkin", true, true, 1.0f},
    {"interested", true, false, 0.5f},
    {"not_interested", true, false, -0.7f},
    {"invited", false, false, 0.0f},
    {"impression", false, false, 0.0f},
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

bool IsCommitment(InteractionKind kind) { return Of(kind).commitment; }

float TasteWeight(InteractionKind kind, float value) {
  if (std::isnan(value)) return Of(kind).taste;
  return std::clamp(TasteOf(kind, value), -kMostTaste, kMostTaste);
}

}  // namespace usher
