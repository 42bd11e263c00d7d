#include "trainer/algorithms/gru.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace usher {
namespace {

void Silent(const GruProgress&) {}

// Everybody walks the circle 0, 1, ..., 9, 0, ... from somewhere.
std::vector<std::vector<int32_t>> Circles() {
  std::vector<std::vector<int32_t>> sequences;
  for (int32_t user = 0; user < 40; ++user) {
    std::vector<int32_t> sequence;
    for (int32_t step = 0; step < 8; ++step) {
      sequence.push_back((user + step) % 10);
    }
    sequences.push_back(sequence);
  }
  return sequences;
}

GruOptions Tiny(int epochs) {
  GruOptions options;
  options.dim = 4;
  options.hidden = 6;
  options.window = 5;
  options.negatives = 6;
  options.epochs = epochs;
  return options;
}

// In doubles the loss is smooth enough for steps this small.
double SlopeBy(float& x, const GruModel& model, const GruExample& example) {
  constexpr float kStep = 2e-3f;
  const float was = x;
  x = was + kStep;
  const double above = GruLoss(model, example, nullptr);
  x = was - kStep;
  const double below = GruLoss(model, example, nullptr);
  x = was;
  return (above - below) / (2 * kStep);
}

TEST(GruTest, GradientsThroughTimeAreThoseOfFiniteDifferences) {
  GruModel model = TrainGru(10, Circles(), Tiny(1), Silent).value();
  // No item comes twice, so that each row has one derivative.
  const GruExample example{{0, 3, 1, 7}, {{2, 4}, {5}, {6, 8, 9}}};
  GruGradient gradient;
  GruLoss(model, example, &gradient);
  const auto expect = [&](float& x, double claimed) {
    const double measured = SlopeBy(x, model, example);
    EXPECT_NEAR(claimed, measured, 2e-3 + 0.02 * std::abs(measured));
  };
  for (size_t i = 0; i < model.numbers.size(); ++i) {
    expect(model.numbers[i], gradient.numbers[i]);
  }
  for (size_t step = 0; step < 3; ++step) {
    const absl::Span<float> input =
        model.inputs.MutableRow(example.sequence[step]);
    for (size_t i = 0; i < input.size(); ++i) {
      expect(input[i], gradient.inputs[step][i]);
    }
    for (size_t n = 0; n < gradient.items[step].size(); ++n) {
      const absl::Span<float> row = model.items.MutableRow(
          n == 0 ? example.sequence[step + 1] : example.others[step][n - 1]);
      for (size_t i = 0; i < row.size(); ++i) {
        expect(row[i], gradient.items[step][n][i]);
      }
    }
  }
}

TEST(GruTest, ACircleIsLearned) {
  const GruModel model = TrainGru(10, Circles(), Tiny(40), Silent).value();
  const double right =
      GruLoss(model, {{4, 5, 6, 7}, {{}, {}, {0, 1, 2, 3, 9}}}, nullptr);
  const double wrong =
      GruLoss(model, {{4, 5, 6, 2}, {{}, {}, {0, 1, 7, 3, 9}}}, nullptr);
  EXPECT_LT(right, 0.2);
  EXPECT_GT(wrong, 2);
}

TEST(GruTest, LossWithoutLearningIsThatOfChance) {
  GruModel model = TrainGru(10, Circles(), Tiny(1), Silent).value();
  for (size_t i = 0; i < model.items.rows() * model.items.dim(); ++i) {
    model.items.mutable_data()[i] = 0;
  }
  EXPECT_NEAR(GruLoss(model, {{0, 1, 2}, {{5, 6, 7}, {8}}}, nullptr),
              std::log(4) + std::log(2), 1e-6);
}

TEST(GruTest, NothingToFollowAndItemsOutOfRangeAreErrors) {
  EXPECT_FALSE(TrainGru(10, {{1}, {}, {2}}, Tiny(1), Silent).ok());
  EXPECT_FALSE(TrainGru(10, {{1, 10}}, Tiny(1), Silent).ok());
}

}  // namespace
}  // namespace usher
