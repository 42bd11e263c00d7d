#include "index/model/factor_space.h"

#include <Eigen/Dense>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

constexpr FactorSpaceOptions kOptions{0.07f, 0.02f, 0.6f};

Factors RandomFactors(size_t rows, size_t dim, uint64_t seed) {
  Factors factors(rows, dim);
  Random random(seed);
  for (size_t i = 0; i < rows * dim; ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return factors;
}

// Items 3, 13, 23, ... were seen by nobody.
FactorSpace SpaceOf(size_t items, size_t dim) {
  std::vector<float> observations(items, 2.0f);
  for (size_t i = 3; i < items; i += 10) observations[i] = 0;
  return FactorSpace(Factors(), RandomFactors(items, dim, 11), observations,
                     kOptions);
}

// The documented normal equations, formed and solved in double precision.
Eigen::VectorXd DenseSolve(const FactorSpace& space,
                           const std::vector<WeightedItem>& history) {
  const Eigen::Index dim = static_cast<Eigen::Index>(space.dim());
  const auto row = [&](size_t item) {
    return Eigen::Map<const Eigen::VectorXf>(space.items().Row(item).data(),
                                             dim)
        .cast<double>()
        .eval();
  };
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(dim, dim);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(dim);
  for (size_t i = 0; i < space.items().rows(); ++i) {
    a += kOptions.unobserved_weight * row(i) * row(i).transpose();
  }
  int known = 0;
  for (const WeightedItem& entry : history) {
    const size_t item = static_cast<size_t>(entry.item);
    if (item >= space.items().rows()) continue;
    if (space.observations()[item] == 0) continue;
    ++known;
    a += std::abs(entry.weight) * row(item) * row(item).transpose();
    b += entry.weight * row(item);
  }
  const double support = known + kOptions.unobserved_weight *
                                     static_cast<double>(space.items().rows());
  a += kOptions.regularization *
       std::pow(support, kOptions.frequency_exponent) *
       Eigen::MatrixXd::Identity(dim, dim);
  return a.fullPivLu().solve(b);
}

void ExpectSolves(const FactorSpace& space,
                  const std::vector<WeightedItem>& history) {
  const std::vector<float> folded = space.FoldIn(history);
  const Eigen::VectorXd exact = DenseSolve(space, history);
  ASSERT_EQ(folded.size(), space.dim());
  for (size_t i = 0; i < folded.size(); ++i) {
    EXPECT_NEAR(folded[i], exact[static_cast<Eigen::Index>(i)], 2e-5);
  }
}

TEST(FactorSpaceTest, FoldInSolvesTheNormalEquations) {
  ExpectSolves(SpaceOf(50, 8), {{0, 1.0f}, {7, 0.4f}, {20, 1.5f}});
  ExpectSolves(SpaceOf(50, 1), {{4, 1.0f}});
  ExpectSolves(SpaceOf(9, 16), {{0, 1.0f}, {1, 2.0f}});
}

TEST(FactorSpaceTest, ARefusalCountsAsAPairWhoseTargetIsMinusOne) {
  const FactorSpace space = SpaceOf(50, 8);
  ExpectSolves(space, {{5, -0.7f}, {6, 1.0f}});
  const std::vector<float> yes = space.FoldIn({{5, 0.7f}});
  const std::vector<float> no = space.FoldIn({{5, -0.7f}});
  for (size_t i = 0; i < yes.size(); ++i) EXPECT_FLOAT_EQ(yes[i], -no[i]);
}

TEST(FactorSpaceTest, RareItemsAndShortHistoriesWeighMore) {
  // Mean observations 4, mean history 4.
  const std::vector<float> observations = {1, 4, 0, 11};
  const Factors items = RandomFactors(4, 3, 5);
  FactorSpaceOptions options = kOptions;
  const FactorSpace plain(Factors(), items, observations, options);
  options.degree_exponent = 0.5f;
  options.mean_row = 4;
  const FactorSpace space(Factors(), items, observations, options);
  const std::vector<float> folded =
      space.FoldIn({{0, 1.0f}, {1, -0.5f}, {2, 1.0f}});
  // Two items with factors: sqrt(4 / 2) of each, sqrt(4 / 1) of the first.
  const float row = std::sqrt(2.0f);
  const std::vector<float> expected =
      plain.FoldIn({{0, 2 * row}, {1, -0.5f * row}});
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(folded[i], expected[i], 1e-6);
  }
}

TEST(FactorSpaceTest, ItemsWithoutFactorsAreLeftOut) {
  const FactorSpace space = SpaceOf(50, 8);
  const std::vector<WeightedItem> known = {{1, 1.0f}, {2, 0.5f}};
  // 13 was never seen, 50 is newer than training, 9 says nothing.
  const std::vector<WeightedItem> all = {{1, 1.0f},  {2, 0.5f},  {9, 0.0f},
                                         {13, 1.0f}, {50, 1.0f}, {-1, 1.0f}};
  EXPECT_EQ(space.FoldIn(all), space.FoldIn(known));
}

TEST(FactorSpaceTest, AHistoryThatSaysNothingGivesZeros) {
  const FactorSpace space = SpaceOf(50, 8);
  for (const std::vector<WeightedItem>& nothing :
       {std::vector<WeightedItem>{}, {{13, 1.0f}, {77, 1.0f}, {0, 0.0f}}}) {
    const std::vector<float> folded = space.FoldIn(nothing);
    EXPECT_THAT(folded, SizeIs(8));
    EXPECT_THAT(folded, Each(0.0f));
  }
}

TEST(FactorSpaceTest, AnEmptySpaceFoldsInToNothing) {
  EXPECT_TRUE(FactorSpace().empty());
  EXPECT_EQ(FactorSpace().dim(), 0);
}

}  // namespace
}  // namespace usher
