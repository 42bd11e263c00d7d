#include "index/model/hybrid_model.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Factors Matrix(size_t dim, const std::vector<float>& values) {
  Factors factors(values.size() / dim, dim);
  std::copy(values.begin(), values.end(), factors.mutable_data());
  return factors;
}

Event Of(const std::string& id, const std::string& organizer) {
  Event event;
  event.id = id;
  event.organizer = organizer;
  return event;
}

Action Did(int event, InteractionKind kind, float value = kNaN) {
  Action action;
  action.event = EventRow{event};
  action.kind = kind;
  action.value = value;
  return action;
}

MATCHER_P2(IsItem, item, weight, "") {
  return arg.item == item && std::abs(arg.weight - weight) < 1e-6;
}

// Three events of training, seen 5, 0 and 15 times, of organizers seen 2, 0
// and 6 times; the embedding has 1 dimension. The maps are 2x and 10 + x.
class HybridModelTest : public ::testing::Test {
 protected:
  HybridModelTest() {
    catalog_.UpsertEvent(Of("e0", "o0"));
    catalog_.UpsertEvent(Of("e1", "o1"));
    catalog_.UpsertEvent(Of("e2", "o2"));
    catalog_.UpsertEvent(Of("late", "o3"));
    catalog_.UpsertEvent(Of("alone", ""));
    model_.by_event = FactorSpace(Factors(), Matrix(2, {1, 2, 3, 4, 5, 6}),
                                  {5, 0, 15}, FactorSpaceOptions());
    model_.by_organizer = FactorSpace(Factors(), Matrix(1, {8, 9, 7}),
                                      {2, 0, 6}, FactorSpaceOptions());
    model_.event_map = RidgeMap(Matrix(2, {2, -2, 0, 0}));
    model_.organizer_map = RidgeMap(Matrix(1, {1, 10}));
  }

  std::vector<float> VectorOf(int row, float content) const {
    return model_.EventVector(catalog_, EventRow{row}, {content});
  }

  Catalog catalog_;
  HybridModel model_;
};

TEST_F(HybridModelTest, AnEventIsItsOwnFactorsShrunkAndTheMapForTheRest) {
  // 5 / (5 + 5) of its own; 2 / (2 + 2) of its organizer's.
  EXPECT_THAT(VectorOf(0, 3),
              Pointwise(FloatEq(), {0.5f * 1 + 0.5f * 6, 0.5f * 2 - 0.5f * 6,
                                    0.5f * 8 + 0.5f * 13}));
  // 15 / (15 + 5); 6 / (6 + 2).
  EXPECT_THAT(VectorOf(2, 1), Pointwise(FloatEq(), {0.75f * 5 + 0.25f * 2,
                                                    0.75f * 6 - 0.25f * 2,
                                                    0.75f * 7 + 0.25f * 11}));
}

TEST_F(HybridModelTest, AnEventThatNobodySawIsWhatTheMapsSay) {
  EXPECT_THAT(VectorOf(1, 4), Pointwise(FloatEq(), {8.0f, -8.0f, 14.0f}));
}

TEST_F(HybridModelTest, AnEventNewerThanTrainingIsWhatTheMapsSay) {
  EXPECT_THAT(VectorOf(3, 4), Pointwise(FloatEq(), {8.0f, -8.0f, 14.0f}));
  EXPECT_THAT(VectorOf(4, 4), Pointwise(FloatEq(), {8.0f, -8.0f, 14.0f}));
}

TEST_F(HybridModelTest, WithoutMapsAnEventIsItsOwnFactorsOrZeros) {
  model_.event_map = RidgeMap();
  model_.organizer_map = RidgeMap();
  EXPECT_THAT(VectorOf(3, 4), ElementsAre(0, 0, 0));
  EXPECT_THAT(VectorOf(1, 4), ElementsAre(0, 0, 0));
  EXPECT_THAT(VectorOf(0, 4), Pointwise(FloatEq(), {1.0f, 2.0f, 8.0f}));
}

TEST_F(HybridModelTest, ADescriptionIsContentThenPlace) {
  const GeoPoint ghent{51.05f, 3.72f};
  model_.places = PlaceFeatures::Create({{ghent, 2.0f}}).value();
  const std::vector<float> embedding = {0.25f};
  EXPECT_THAT(model_.Describe(embedding, ghent), ElementsAre(0.25f, 1.0f));
  EXPECT_THAT(model_.Describe(embedding, GeoPoint()), ElementsAre(0.25f, 0));
}

TEST_F(HybridModelTest, AUserIsFoldedIntoBothSpaces) {
  const std::vector<Action> history = {Did(0, InteractionKind::kRsvpYes),
                                       Did(2, InteractionKind::kRsvpNo)};
  std::vector<float> expected = model_.by_event.FoldIn({{0, 1.0f}, {2, -0.3f}});
  const std::vector<float> organizers = model_.by_organizer.FoldIn(
      {{0, std::log1p(1.0f)}, {2, -std::log1p(0.3f)}});
  expected.insert(expected.end(), organizers.begin(), organizers.end());
  EXPECT_THAT(model_.UserVector(catalog_, history, {}, {}),
              Pointwise(FloatNear(1e-6f), expected));
}

TEST_F(HybridModelTest, ASeedCountsLikeAnAnswer) {
  const std::vector<TasteSeed> seeds = {{EventRow{0}, 1.0f}};
  EXPECT_EQ(
      model_.UserVector(catalog_, {}, {}, seeds),
      model_.UserVector(catalog_, {Did(0, InteractionKind::kRsvpYes)}, {}, {}));
}

TEST_F(HybridModelTest, AHistoryThatSaysNothingGivesZeros) {
  const std::vector<Action> history = {Did(0, InteractionKind::kImpression)};
  EXPECT_THAT(model_.UserVector(catalog_, history, {}, {}),
              ElementsAre(0, 0, 0));
}

TEST(EventTastesTest, EveryEventComesOnceWithTheSumOfItsWeights) {
  const std::vector<Action> history = {
      Did(7, InteractionKind::kView), Did(2, InteractionKind::kRsvpYes),
      Did(7, InteractionKind::kRsvpYes), Did(3, InteractionKind::kImpression),
      Did(1, InteractionKind::kRating, 5)};
  EXPECT_THAT(EventTastes(history, {{EventRow{2}, 0.5f}}),
              ElementsAre(IsItem(1, 1.0f), IsItem(2, 1.5f), IsItem(7, 1.05f)));
}

TEST_F(HybridModelTest, OrganizerTastesAreLogarithmsOfSumsAndFollows) {
  catalog_.UpsertEvent(Of("e5", "o0"));
  const std::vector<Action> history = {Did(0, InteractionKind::kRsvpYes),
                                       Did(5, InteractionKind::kAttend),
                                       Did(1, InteractionKind::kNotInterested),
                                       Did(4, InteractionKind::kRsvpYes)};
  const std::vector<Follow> follows = {{0, OrganizerRow{0}, 0},
                                       {0, OrganizerRow{2}, 0}};
  EXPECT_THAT(OrganizerTastes(catalog_, history, follows, {}),
              ElementsAre(IsItem(0, std::log1p(2.5f) + 0.5f),
                          IsItem(1, -std::log1p(0.7f)), IsItem(2, 0.5f)));
}

}  // namespace
}  // namespace usher
