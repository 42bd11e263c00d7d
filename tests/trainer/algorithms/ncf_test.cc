#include "trainer/algorithms/ncf.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

// The tower of each odd user likes odd items.
SparseMatrix Halves() {
  std::vector<SparseEntry> entries;
  Random random(7);
  for (int user = 0; user < 40; ++user) {
    for (int item = 0; item < 20; ++item) {
      if (user % 2 == item % 2 && random.Uniform() < 0.7) {
        entries.push_back({user, item, 1.0f});
      }
    }
  }
  return SparseMatrix::FromEntries(40, 20, entries).value();
}

class NcfTest : public ::testing::TestWithParam<NcfShape> {
 protected:
  static NcfModel Model(int epochs) {
    NcfOptions options;
    options.shape = GetParam();
    options.dim = 5;
    options.hidden = 7;
    options.epochs = epochs;
    return TrainNcf(Halves(), options, [](const NcfProgress&) {}).value();
  }
};

// (loss(x + h) - loss(x - h)) / 2h.
double Slope(float& x, const NcfModel& model, const NcfExample& example) {
  constexpr float kStep = 2e-3f;
  const float was = x;
  x = was + kStep;
  const double above = NcfLoss(model, example, nullptr);
  x = was - kStep;
  const double below = NcfLoss(model, example, nullptr);
  x = was;
  return (above - below) / (2 * kStep);
}

TEST_P(NcfTest, GradientsAreThoseOfFiniteDifferences) {
  NcfModel model = Model(1);
  const NcfExample example{{{0, 0.25f}, {3, 0.75f}}, {5, 1, 2}};
  NcfGradient gradient;
  NcfLoss(model, example, &gradient);
  const auto expect = [&](float& x, double claimed) {
    const double measured = Slope(x, model, example);
    EXPECT_NEAR(claimed, measured, 2e-3 + 0.02 * std::abs(measured));
  };
  for (size_t i = 0; i < model.numbers.size(); ++i) {
    expect(model.numbers[i], gradient.numbers[i]);
  }
  for (size_t target = 0; target < 3; ++target) {
    const absl::Span<float> row =
        model.items.MutableRow(example.targets[target]);
    for (size_t i = 0; i < row.size(); ++i) {
      expect(row[i], gradient.items[target][i]);
    }
  }
  for (const WeightedItem& liked : example.liked) {
    const absl::Span<float> row = model.inputs.MutableRow(liked.item);
    for (size_t i = 0; i < row.size(); ++i) {
      expect(row[i], liked.weight * gradient.mean[i]);
    }
  }
}

TEST_P(NcfTest, WhatPeopleOfOneKindLikeIsLearned) {
  const NcfModel model = Model(30);
  // Who liked items 0 and 2 likes 4 rather than 5.
  const std::vector<WeightedItem> liked = {{0, 0.5f}, {2, 0.5f}};
  EXPECT_LT(NcfLoss(model, {liked, {4}}, nullptr),
            NcfLoss(model, {liked, {5}}, nullptr) - 1);
}

INSTANTIATE_TEST_SUITE_P(All, NcfTest,
                         ::testing::Values(NcfShape::kGmf, NcfShape::kMlp,
                                           NcfShape::kNeuMf));

TEST(NcfOptionsTest, AnEmptyMatrixAndBadOptionsAreErrors) {
  const auto quiet = [](const NcfProgress&) {};
  EXPECT_FALSE(TrainNcf(SparseMatrix(), NcfOptions(), quiet).ok());
  NcfOptions options;
  options.hide = 2;
  EXPECT_FALSE(TrainNcf(Halves(), options, quiet).ok());
}

}  // namespace
}  // namespace usher
