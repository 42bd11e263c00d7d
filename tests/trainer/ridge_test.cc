#include "trainer/algorithms/ridge.h"

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using Dense = Eigen::MatrixXd;

Factors Rows(size_t dim, const std::vector<float>& values) {
  Factors out(values.size() / dim, dim);
  std::copy(values.begin(), values.end(), out.mutable_data());
  return out;
}

Factors FromDense(const Dense& dense) {
  Factors out(dense.rows(), dense.cols());
  for (int i = 0; i < dense.rows(); ++i) {
    for (int j = 0; j < dense.cols(); ++j) {
      out.MutableRow(i)[j] = static_cast<float>(dense(i, j));
    }
  }
  return out;
}

Dense ToDense(const Factors& factors) {
  return Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(
             factors.data(), factors.rows(), factors.dim())
      .cast<double>();
}

Dense Normal(int rows, int cols, uint64_t seed) {
  Random random(seed);
  Dense out(rows, cols);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < cols; ++j) out(i, j) = random.Normal();
  }
  return out;
}

RidgeOptions Lambda(double lambda, bool bias) {
  RidgeOptions options;
  options.lambdas = {lambda};
  options.bias = bias;
  return options;
}

TEST(RidgeTest, SolvesATinySystemByHand) {
  // x = 1, 2; y = 1, 3; lambda = 2: w = (1 + 6) / (1 + 4 + 2) = 1.
  const RidgeFit fit =
      *FitRidge(Rows(1, {1, 2}), Rows(1, {1, 3}), {}, {}, Lambda(2, false));
  EXPECT_NEAR(fit.map.Apply({1})[0], 1.0, 1e-6);
  EXPECT_NEAR(fit.map.Apply({0})[0], 0.0, 1e-6);
}

TEST(RidgeTest, DoesNotRegularizeTheBias) {
  // Constant targets are reached at any lambda.
  const RidgeFit fit = *FitRidge(Rows(1, {1, -1, 2, -2}), Rows(1, {7, 7, 7, 7}),
                                 {}, {}, Lambda(1e6, true));
  EXPECT_NEAR(fit.map.Apply({3})[0], 7.0, 1e-4);
}

TEST(RidgeTest, CountsARowByItsWeight) {
  // (1 * 1 + 3 * 1 * 5) / (1 + 3 + 1) = 3.2; a weight of 0 is no row.
  const RidgeFit fit = *FitRidge(Rows(1, {1, 1, 1}), Rows(1, {1, 5, 100}),
                                 {1, 3, 0}, {}, Lambda(1, false));
  EXPECT_NEAR(fit.map.Apply({1})[0], 3.2, 1e-6);
}

TEST(RidgeTest, FulfilsTheNormalEquations) {
  const Dense x = Normal(200, 6, 1);
  const Dense y = Normal(200, 3, 2);
  const double lambda = 4;
  const RidgeFit fit =
      *FitRidge(FromDense(x), FromDense(y), {}, {}, Lambda(lambda, true));
  const Dense w = ToDense(fit.map.weights());
  const Dense residual = (x * w.topRows(6)).rowwise() + w.row(6) - y;
  EXPECT_LT(
      (x.transpose() * residual + lambda * w.topRows(6)).cwiseAbs().maxCoeff(),
      1e-3);
  EXPECT_LT(residual.colwise().sum().cwiseAbs().maxCoeff(), 1e-3);
}

TEST(RidgeTest, ChoosesASmallLambdaForASignalAndALargeOneForNoise) {
  const Dense x = Normal(300, 10, 3);
  const Dense signal = x * Normal(10, 2, 4);
  RidgeOptions options;
  const RidgeFit clear =
      *FitRidge(FromDense(x), FromDense(signal), {}, {}, options);
  EXPECT_EQ(clear.lambda, options.lambdas.front());
  EXPECT_THAT(clear.trials, SizeIs(options.lambdas.size()));
  EXPECT_LT(clear.trials.front().error, 0.01 * clear.baseline_error);
  const RidgeFit noise =
      *FitRidge(FromDense(x), FromDense(Normal(300, 2, 5)), {}, {}, options);
  EXPECT_EQ(noise.lambda, options.lambdas.back());
}

TEST(RidgeTest, MeasuresTheErrorOfHeldOutRows) {
  // Two groups, so that with many folds each predicts the other; found by
  // refitting by hand.
  const Factors x = Rows(1, {1, 2, 3, 4});
  const Factors y = Rows(1, {1, 3, 2, 5});
  RidgeOptions options = Lambda(1, false);
  options.lambdas = {1, 1e9};
  options.folds = 1000;
  const RidgeFit fit = *FitRidge(x, y, {}, {0, 0, 1, 1}, options);
  // From rows 1, 2: w = 7 / 6. From rows 3, 4: w = 26 / 26 = 1.
  const double error = std::pow(2 - 3 * 7.0 / 6, 2) +
                       std::pow(5 - 4 * 7.0 / 6, 2) + std::pow(1 - 1.0, 2) +
                       std::pow(3 - 2.0, 2);
  EXPECT_NEAR(fit.trials[0].error, error / 4, 1e-9);
}

TEST(RidgeTest, GivesTheSameOnOneAndTwoThreads) {
  const Factors x = FromDense(Normal(5000, 7, 6));
  const Factors y = FromDense(Normal(5000, 3, 7));
  RidgeOptions options;
  options.threads = 1;
  const RidgeFit one = *FitRidge(x, y, {}, {}, options);
  options.threads = 2;
  const RidgeFit two = *FitRidge(x, y, {}, {}, options);
  EXPECT_EQ(ToDense(one.map.weights()), ToDense(two.map.weights()));
  EXPECT_EQ(one.lambda, two.lambda);
}

TEST(RidgeTest, TakesASingleLambdaWithoutTrial) {
  const RidgeFit fit =
      *FitRidge(Rows(1, {1}), Rows(1, {1}), {}, {}, Lambda(1, true));
  EXPECT_THAT(fit.trials, IsEmpty());
  EXPECT_EQ(fit.lambda, 1);
}

TEST(RidgeTest, RefusesWhatCannotBeSolved) {
  const Factors x = Rows(1, {1, 2});
  const auto code = [&](const Factors& y, const std::vector<float>& weights,
                        const RidgeOptions& options) {
    return FitRidge(x, y, weights, {}, options).status().code();
  };
  const Factors y = Rows(1, {1, 2});
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code(Rows(1, {1}), {}, {}), kInvalid);
  EXPECT_EQ(code(y, {1}, {}), kInvalid);
  EXPECT_EQ(code(y, {1, -1}, {}), kInvalid);
  EXPECT_EQ(code(y, {0, 0}, {}), kInvalid);
  EXPECT_EQ(code(y, {}, Lambda(0, true)), kInvalid);
  EXPECT_EQ(code(Rows(1, {1, NAN}), {}, {}), kInvalid);
  EXPECT_EQ(FitRidge(Factors(), Factors(), {}, {}, {}).status().code(),
            kInvalid);
}

}  // namespace
}  // namespace usher
