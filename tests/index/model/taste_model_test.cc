#include "index/model/taste_model.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/model/neural.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;

Factors Matrix(size_t rows, size_t dim, uint64_t seed) {
  Random random(seed);
  Factors factors(rows, dim);
  for (size_t i = 0; i < rows * dim; ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return factors;
}

// Four events of two organizers; two tags.
class TasteModelTest : public ::testing::Test {
 protected:
  TasteModelTest() {
    for (int e = 0; e < 4; ++e) {
      Event event;
      event.id = std::string(1, static_cast<char>('a' + e));
      event.organizer = std::string(1, e < 2 ? 'x' : 'y');
      event.tags = e == 3 ? std::vector<std::string>{"t0", "t1"}
                          : std::vector<std::string>{"t0"};
      catalog_.UpsertEvent(event);
    }
  }

  std::vector<float> User(const TasteModel& model,
                          const std::vector<Action>& history) const {
    return model.UserVector(catalog_, ContentEncoder(), history, {}, {});
  }
  std::vector<float> Of(const TasteModel& model, int event) const {
    return model.EventVector(catalog_, EventRow{event}, {});
  }

  Catalog catalog_;
};

Action Did(int event, InteractionKind kind = InteractionKind::kRsvpYes,
           float value = std::nanf(""), Micros time = kDay) {
  Action action;
  action.event = EventRow{event};
  action.kind = kind;
  action.value = value;
  action.time = time;
  return action;
}

TasteParts Parts(UserFold fold, size_t items, size_t dim) {
  TasteParts parts;
  parts.fold = fold;
  parts.items = Matrix(items, dim, 3);
  parts.seen.assign(items, 1.0f);
  return parts;
}

TEST_F(TasteModelTest, AnEventIsTheMeanOfItsLearnedItems) {
  TasteParts parts = Parts(UserFold::kSum, 2, 2);
  parts.items_are = ItemKind::kTag;
  const std::vector<float> t0(parts.items.Row(0).begin(),
                              parts.items.Row(0).end());
  const std::vector<float> t1(parts.items.Row(1).begin(),
                              parts.items.Row(1).end());
  const TasteModel model = TasteModel::FromParts(parts).value();
  EXPECT_EQ(Of(model, 0), t0);
  EXPECT_THAT(Of(model, 3), ElementsAre(FloatNear((t0[0] + t1[0]) / 2, 1e-6),
                                        FloatNear((t0[1] + t1[1]) / 2, 1e-6)));
  parts.seen[1] = 0;
  EXPECT_EQ(Of(TasteModel::FromParts(parts).value(), 3), t0);
  parts.seen[0] = 0;
  EXPECT_THAT(Of(TasteModel::FromParts(parts).value(), 3), Each(0.0f));
}

TEST_F(TasteModelTest, TheSumWeighsItemsByTaste) {
  TasteParts parts = Parts(UserFold::kSum, 2, 2);
  parts.items_are = ItemKind::kTag;
  const TasteModel model = TasteModel::FromParts(parts).value();
  // Events a and d: t0 twice, t1 once.
  const std::vector<float> user = User(model, {Did(0), Did(3)});
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(user[i], 2 * parts.items.Row(0)[i] + parts.items.Row(1)[i],
                1e-5);
  }
}

TEST_F(TasteModelTest, RidgeIsTheFoldInOfAFactorSpace) {
  TasteParts parts = Parts(UserFold::kRidge, 2, 3);
  parts.items_are = ItemKind::kOrganizer;
  parts.numbers = {0.1f, 0.02f, 1.0f, 0.5f, 3.0f};
  const FactorSpace space(Factors(), parts.items, parts.seen,
                          {0.1f, 0.02f, 1.0f, 0.5f, 3.0f});
  const TasteModel model = TasteModel::FromParts(parts).value();
  EXPECT_EQ(
      User(model, {Did(0), Did(1), Did(2)}),
      space.FoldIn(OrganizerTastes(
          catalog_, std::vector<Action>{Did(0), Did(1), Did(2)}, {}, {})));
}

TEST_F(TasteModelTest, RatingsAreFoldedInByLeastSquares) {
  TasteParts parts = Parts(UserFold::kRatings, 4, 4);
  for (size_t row = 0; row < 4; ++row) parts.items.MutableRow(row)[2] = 1;
  parts.numbers = {0.05f, 3.0f};
  const TasteModel model = TasteModel::FromParts(parts).value();
  const std::vector<Action> history = {Did(0, InteractionKind::kRating, 4.5f),
                                       Did(1, InteractionKind::kRating, 2.0f),
                                       Did(3, InteractionKind::kRating, 3.5f),
                                       Did(2)};
  const std::vector<float> user = User(model, history);
  EXPECT_EQ(user[3], 1);
  // The derivative of the squared error and the ridge is 0.
  for (size_t j = 0; j < 3; ++j) {
    double slope = 0.05 * 3 * (j == 2 ? user[2] - 3.0 : user[j]);
    for (size_t i = 0; i < 3; ++i) {
      const absl::Span<const float> item =
          parts.items.Row(static_cast<size_t>(history[i].event));
      double guess = 0;
      for (size_t k = 0; k < 4; ++k) guess += user[k] * item[k];
      slope -= (history[i].value - guess) * item[j];
    }
    EXPECT_NEAR(slope, 0, 1e-4);
  }
  // Who has rated nothing gets the mean and the bias of the item.
  const std::vector<float> nobody = User(model, {Did(2)});
  EXPECT_THAT(nobody, ElementsAre(0, 0, 3, 1));
}

TEST_F(TasteModelTest, TheLogisticFoldIsWhereThePosteriorIsLevel) {
  TasteParts parts = Parts(UserFold::kLogistic, 4, 5);
  for (size_t row = 0; row < 4; ++row) parts.items.MutableRow(row)[4] = 1;
  parts.numbers = {2.0f, 3.0f, 0.7f};
  parts.sizes = {0, 1, 2, 3, 3};
  const TasteModel model = TasteModel::FromParts(parts).value();
  const std::vector<float> user = User(model, {Did(1), Did(2)});
  EXPECT_EQ(user[3], 1);
  const auto p = [&](size_t row) {
    double logit = 0;
    for (size_t k = 0; k < 5; ++k) logit += user[k] * parts.items.Row(row)[k];
    return 1 / (1 + std::exp(-logit));
  };
  for (const size_t j : {0, 1, 2, 4}) {
    double slope = -(j == 4 ? 1e-3 : 0.7) * user[j];
    for (const size_t row : {1, 2}) {
      slope += 2 * (1 - p(row)) * parts.items.Row(row)[j];
    }
    for (const uint32_t row : parts.sizes) {
      slope -= 3 / 5.0 * p(row) * parts.items.Row(row)[j];
    }
    EXPECT_NEAR(slope, 0, 1e-3);
  }
}

TEST_F(TasteModelTest, TowersAreLayersOfTheMean) {
  TasteParts parts = Parts(UserFold::kTowers, 4, 2 + 3 + 1);
  parts.inputs = Matrix(4, 2 + 2, 8);
  parts.sizes = {2, 5, 3};
  const TwoLayers layers{2, 5, 3};
  const Factors numbers = Matrix(1, 2 + layers.numbers(), 9);
  parts.numbers.assign(numbers.data(), numbers.data() + numbers.dim());
  const TasteModel model = TasteModel::FromParts(parts).value();
  const std::vector<float> user = User(model, {Did(0), Did(2)});
  std::vector<float> mean(4);
  for (size_t i = 0; i < 4; ++i) {
    mean[i] = (parts.inputs.Row(0)[i] + parts.inputs.Row(2)[i]) / 2;
  }
  EXPECT_NEAR(user[0], mean[0] * numbers.Row(0)[0], 1e-6);
  EXPECT_NEAR(user[1], mean[1] * numbers.Row(0)[1], 1e-6);
  std::vector<float> middle;
  std::vector<float> out(3);
  layers.Apply(numbers.data() + 2, absl::MakeConstSpan(mean).subspan(2), middle,
               absl::MakeSpan(out));
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(user[2 + i], out[i], 1e-5);
  EXPECT_EQ(user[5], 1);
}

TEST_F(TasteModelTest, ASequenceIsReadInOrderOfTimeAndTheOldestIsForgotten) {
  TasteParts parts = Parts(UserFold::kRecurrent, 4, 3 + 1);
  parts.inputs = Matrix(4, 2, 8);
  const GatedUnit unit{2, 3};
  const Factors numbers = Matrix(1, unit.numbers(), 9);
  parts.numbers.assign(numbers.data(), numbers.data() + numbers.dim());
  parts.sizes = {3, 2};
  const TasteModel model = TasteModel::FromParts(parts).value();
  GatedUnit::Step first;
  GatedUnit::Step second;
  unit.Apply(numbers.data(), parts.inputs.Row(3), std::vector<float>(3, 0.0f),
             first);
  unit.Apply(numbers.data(), parts.inputs.Row(0), first.h, second);
  std::vector<float> expected = second.h;
  expected.push_back(1);
  const auto yes = InteractionKind::kRsvpYes;
  const float none = std::nanf("");
  EXPECT_EQ(
      User(model, {Did(0, yes, none, 30 * kDay), Did(3, yes, none, 20 * kDay),
                   Did(1, yes, none, 10 * kDay)}),
      expected);
}

TEST_F(TasteModelTest, NothingKnownIsZeros) {
  TasteParts parts = Parts(UserFold::kSum, 4, 3);
  const TasteModel model = TasteModel::FromParts(parts).value();
  EXPECT_THAT(User(model, {}), Each(0.0f));
  EXPECT_THAT(User(model, {Did(1, InteractionKind::kImpression)}), Each(0.0f));
}

TEST_F(TasteModelTest, WhatWasSerializedIsTheSameAndWhatIsDamagedIsNone) {
  TasteParts parts = Parts(UserFold::kRecurrent, 4, 4);
  parts.inputs = Matrix(4, 2, 8);
  const Factors numbers = Matrix(1, GatedUnit{2, 3}.numbers(), 9);
  parts.numbers.assign(numbers.data(), numbers.data() + numbers.dim());
  parts.sizes = {3, 2};
  const std::string bytes = TasteModel::FromParts(parts).value().Serialize();
  const TasteModel read = TasteModel::FromBytes(bytes, nullptr).value();
  EXPECT_EQ(read.Serialize(), bytes);
  EXPECT_EQ(Of(read, 2), std::vector<float>(parts.items.Row(2).begin(),
                                            parts.items.Row(2).end()));
  for (size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_EQ(
        TasteModel::FromBytes(bytes.substr(0, size), nullptr).status().code(),
        absl::StatusCode::kDataLoss);
  }
  // Each count of the header, one more than it was.
  for (size_t at = 8; at < 72; at += 8) {
    std::string other = bytes;
    ++other[at];
    const auto model = TasteModel::FromBytes(other, nullptr);
    if (at == 8) continue;  // Another kind of items of the same shape.
    EXPECT_FALSE(model.ok()) << at;
  }
}

TEST_F(TasteModelTest, PartsThatDoNotFitAreErrors) {
  TasteParts parts = Parts(UserFold::kTowers, 4, 6);
  parts.inputs = Matrix(3, 4, 8);
  parts.sizes = {2, 5, 3};
  EXPECT_FALSE(TasteModel::FromParts(parts).ok());
  parts = Parts(UserFold::kRidge, 4, 6);
  EXPECT_FALSE(TasteModel::FromParts(parts).ok());
  parts.numbers = {1, 1, 1, 0, 1};
  EXPECT_TRUE(TasteModel::FromParts(parts).ok());
  parts.numbers[4] = 0;  // Mean size of a row.
  EXPECT_FALSE(TasteModel::FromParts(parts).ok());
  parts.numbers[4] = 1;
  parts.seen.pop_back();
  EXPECT_FALSE(TasteModel::FromParts(parts).ok());
  parts = Parts(UserFold::kLogistic, 4, 6);
  parts.numbers = {1, 1, 1};
  parts.sizes = {4};
  EXPECT_FALSE(TasteModel::FromParts(parts).ok());
}

}  // namespace
}  // namespace usher
