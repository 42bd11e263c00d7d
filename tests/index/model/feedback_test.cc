#include "index/model/feedback.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "index/model/item_tastes.h"

namespace usher {
namespace {

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();

Action Did(InteractionKind kind, float value = kNoValue, int event = 0,
           Micros time = kDay) {
  Action action;
  action.kind = kind;
  action.value = value;
  action.event = EventRow{event};
  action.time = time;
  return action;
}

TEST(FeedbackTest, ByDefaultItIsTheTasteWeightOfEveryKind) {
  const Feedback feedback;
  for (int kind = 1; kind < kNumInteractionKinds; ++kind) {
    for (const float value : {kNoValue, 0.0f, 1.0f, 4.5f, 300.0f}) {
      const Action action = Did(static_cast<InteractionKind>(kind), value);
      EXPECT_EQ(feedback.Taste(action, 9 * kDay),
                TasteWeight(action.kind, value))
          << kind << " " << value;
    }
  }
}

TEST(FeedbackTest, KindsPlaysAndRatingsAreWeighedAsSaid) {
  Feedback feedback;
  feedback.kinds[static_cast<size_t>(InteractionKind::kView)] = 0.75f;
  feedback.kinds[static_cast<size_t>(InteractionKind::kPlay)] = 2.0f;
  feedback.plays = PlayCounts::kLinear;
  feedback.neutral_rating = 3;
  EXPECT_EQ(feedback.Taste(Did(InteractionKind::kView), 0), 0.75f);
  EXPECT_EQ(feedback.Taste(Did(InteractionKind::kPlay, 3), 0), 6);
  EXPECT_EQ(feedback.Taste(Did(InteractionKind::kPlay, 300), 0), 20);
  EXPECT_FLOAT_EQ(feedback.Taste(Did(InteractionKind::kRating, 1), 0), -0.8f);
  feedback.negatives = false;
  EXPECT_EQ(feedback.Taste(Did(InteractionKind::kRating, 1), 0), 0);
  EXPECT_EQ(feedback.Taste(Did(InteractionKind::kRsvpNo), 0), 0);
}

TEST(FeedbackTest, AgeHalvesAgainstTheLatestAction) {
  Feedback feedback;
  feedback.half_life_days = 10;
  const std::vector<Action> history = {
      Did(InteractionKind::kRsvpYes, kNoValue, 0, 80 * kDay),
      Did(InteractionKind::kRsvpYes, kNoValue, 1, 100 * kDay),
      Did(InteractionKind::kRsvpYes, kNoValue, 2, kNoTime)};
  const std::vector<WeightedItem> tastes = EventTastes(history, {}, feedback);
  ASSERT_EQ(tastes.size(), 3);
  EXPECT_FLOAT_EQ(tastes[0].weight, 0.25f);
  EXPECT_FLOAT_EQ(tastes[1].weight, 1);
  EXPECT_FLOAT_EQ(tastes[2].weight, 1);
}

class OrganizerFeedbackTest : public ::testing::Test {
 protected:
  OrganizerFeedbackTest() {
    for (int e = 0; e < 5; ++e) {
      Event event;
      event.id = std::string(1, static_cast<char>('a' + e));
      event.organizer = std::string(1, e < 4 ? 'x' : 'y');
      catalog_.UpsertEvent(event);
    }
  }
  std::vector<WeightedItem> Tastes(OrganizerFeedback by,
                                   absl::Span<const Follow> follows) const {
    Feedback feedback;
    feedback.organizers = by;
    const std::vector<Action> history = {
        Did(InteractionKind::kRsvpYes, kNoValue, 0, 100 * kDay),
        Did(InteractionKind::kRsvpYes, kNoValue, 2, 160 * kDay),
        Did(InteractionKind::kRsvpNo, kNoValue, 4, 170 * kDay)};
    return OrganizerTastes(catalog_, history, follows, {}, feedback);
  }

  Catalog catalog_;
};

TEST_F(OrganizerFeedbackTest, TheRatioIsOfAllEventsOfTheOrganizer) {
  const auto tastes = Tastes(OrganizerFeedback::kRsvpRatio, {});
  ASSERT_EQ(tastes.size(), 2);
  EXPECT_FLOAT_EQ(tastes[0].weight, 2.0f / 4);
  EXPECT_LT(tastes[1].weight, 0);  // A refusal stays one.
}

TEST_F(OrganizerFeedbackTest, TheDeltaIsFromJoiningToTheLatestEvent) {
  Follow follow;
  follow.organizer = OrganizerRow{0};
  follow.joined = 70 * kDay;
  const auto tastes = Tastes(OrganizerFeedback::kTimeDelta, {{follow}});
  // 90 days are three months; following counts as ever.
  EXPECT_FLOAT_EQ(tastes[0].weight, 1 + 3 + kFollowWeight);
  EXPECT_FLOAT_EQ(Tastes(OrganizerFeedback::kTimeDelta, {})[0].weight, 1);
}

TEST(FeedbackNumbersTest, GiveItBackAndAreChecked) {
  Feedback feedback;
  feedback.kinds[3] = -2.0f;
  feedback.half_life_days = 7;
  feedback.organizers = OrganizerFeedback::kRsvpRatio;
  feedback.negatives = false;
  auto numbers = feedback.Numbers();
  EXPECT_TRUE(Feedback::FromNumbers(numbers).value() == feedback);
  for (size_t i = 0; i < numbers.size(); ++i) {
    auto other = numbers;
    other[i] = std::nanf("");
    EXPECT_FALSE(Feedback::FromNumbers(other).ok()) << i;
    other[i] = 1e9f;
    EXPECT_FALSE(Feedback::FromNumbers(other).ok()) << i;
  }
  EXPECT_FALSE(
      Feedback::FromNumbers(absl::MakeConstSpan(numbers).first(3)).ok());
}

}  // namespace
}  // namespace usher
