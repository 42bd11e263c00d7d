#include "index/catalog/interaction.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/catalog/event.h"

namespace usher {
namespace {

const float kNoValue = std::numeric_limits<float>::quiet_NaN();

std::vector<InteractionKind> AllKinds() {
  std::vector<InteractionKind> kinds;
  for (int i = 1; i < kNumInteractionKinds; ++i) {
    kinds.push_back(static_cast<InteractionKind>(i));
  }
  return kinds;
}

TEST(InteractionTest, EveryKindHasANameOfItsOwnThatLeadsBack) {
  std::set<std::string> names;
  for (const InteractionKind kind : AllKinds()) {
    const absl::string_view name = InteractionKindName(kind);
    EXPECT_EQ(InteractionKindFromName(name), kind) << name;
    names.emplace(name);
  }
  EXPECT_EQ(names.size(), kNumInteractionKinds - 1);
}

TEST(InteractionTest, OtherNamesAreNoKinds) {
  for (const char* name : {"", "RSVP_YES", "rsvp", "yes", "rsvp_yes "}) {
    EXPECT_EQ(InteractionKindFromName(name), std::nullopt) << name;
  }
}

TEST(InteractionTest, AnswersAreThoseOfTheContract) {
  std::set<std::string> answers;
  for (const InteractionKind kind : AllKinds()) {
    if (IsAnswer(kind)) answers.emplace(InteractionKindName(kind));
  }
  EXPECT_THAT(answers, ::testing::ElementsAre(
                           "attend", "checkin", "dismiss", "interested",
                           "not_interested", "play", "rating", "rsvp_maybe",
                           "rsvp_no", "rsvp_yes", "ticket", "waitlist"));
}

TEST(InteractionTest, ACommitmentIsAnAnswer) {
  for (const InteractionKind kind : AllKinds()) {
    EXPECT_TRUE(!IsCommitment(kind) || IsAnswer(kind))
        << InteractionKindName(kind);
  }
}

TEST(InteractionTest, RefusalsAreTheOnlyNegativeSigns) {
  for (const InteractionKind kind : AllKinds()) {
    const bool refusal = kind == InteractionKind::kRsvpNo ||
                         kind == InteractionKind::kDismiss ||
                         kind == InteractionKind::kNotInterested;
    EXPECT_EQ(TasteWeight(kind, kNoValue) < 0, refusal)
        << InteractionKindName(kind);
  }
}

TEST(InteractionTest, PlaysCountByTheirLogarithm) {
  EXPECT_FLOAT_EQ(TasteWeight(InteractionKind::kPlay, 0), 0);
  EXPECT_FLOAT_EQ(TasteWeight(InteractionKind::kPlay, 9), std::log(10.0f));
  EXPECT_FLOAT_EQ(TasteWeight(InteractionKind::kPlay, -3), 0);
}

TEST(InteractionTest, ARatingCountsByItsDistanceFromTheMiddle) {
  EXPECT_FLOAT_EQ(TasteWeight(InteractionKind::kRating, 5), 1);
  EXPECT_FLOAT_EQ(TasteWeight(InteractionKind::kRating, 2.5f), 0);
  EXPECT_LT(TasteWeight(InteractionKind::kRating, 1), 0);
}

TEST(InteractionTest, NoValueOutweighsEverythingElse) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  for (int i = 1; i < kNumInteractionKinds; ++i) {
    for (const float value : {kHuge, kInfinite, -kHuge, -kInfinite}) {
      EXPECT_LE(std::abs(TasteWeight(static_cast<InteractionKind>(i), value)),
                20);
    }
  }
}

TEST(InteractionTest, TheValueOfOtherKindsSaysNothingOfTaste) {
  EXPECT_EQ(TasteWeight(InteractionKind::kRsvpYes, 40), 1);
}

TEST(EventStatusTest, EveryStatusHasANameThatLeadsBack) {
  for (int i = 0; i < kNumEventStatuses; ++i) {
    const EventStatus status = static_cast<EventStatus>(i);
    EXPECT_EQ(EventStatusFromName(EventStatusName(status)), status);
  }
  EXPECT_EQ(EventStatusFromName("postponed"), std::nullopt);
}

TEST(InteractionTest, WhatClaimsToBeLaterThanItsReceiptHappenedThen) {
  Interaction interaction;
  interaction.occurred_at = 50;
  EXPECT_EQ(CountsAt(interaction), 50);
  interaction.received_at = 60;
  EXPECT_EQ(CountsAt(interaction), 50);
  interaction.received_at = 40;
  EXPECT_EQ(CountsAt(interaction), 40);
}

}  // namespace
}  // namespace usher
