#include "trainer/algorithms/randomized_svd.h"

#include <Eigen/Dense>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::Each;

SparseMatrix Sparse(const Eigen::MatrixXd& dense) {
  std::vector<SparseEntry> entries;
  for (int i = 0; i < dense.rows(); ++i) {
    for (int j = 0; j < dense.cols(); ++j) {
      if (dense(i, j) == 0) continue;
      entries.push_back({i, j, static_cast<float>(dense(i, j))});
    }
  }
  return *SparseMatrix::FromEntries(dense.rows(), dense.cols(), entries);
}

Eigen::MatrixXd RandomSparse(int rows, int cols, double density) {
  Random random(3);
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(rows, cols);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < cols; ++j) {
      if (random.Uniform() < density) out(i, j) = random.Uniform();
    }
  }
  return out;
}

Eigen::MatrixXd Dense(const Factors& factors) {
  return Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(
             factors.data(), factors.rows(), factors.dim())
      .cast<double>();
}

RandomizedSvdOptions Rank(int rank) {
  RandomizedSvdOptions options;
  options.rank = rank;
  return options;
}

TEST(RandomizedSvdTest, AgreesWithAnExactDecomposition) {
  const Eigen::MatrixXd a = RandomSparse(120, 80, 0.1);
  const Eigen::JacobiSVD<Eigen::MatrixXd> exact(
      a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  RandomizedSvdOptions options = Rank(8);
  options.power_iterations = 30;
  const TruncatedSvd svd = *RandomizedSvd(Sparse(a), options);
  for (int k = 0; k < 8; ++k) {
    EXPECT_NEAR(svd.singular_values[k], exact.singularValues()[k], 1e-4);
    const double agreement =
        Dense(svd.right).col(k).dot(exact.matrixV().col(k));
    EXPECT_NEAR(std::abs(agreement), 1.0, 1e-3) << k;
  }
}

TEST(RandomizedSvdTest, RebuildsAMatrixOfLowRank) {
  const Eigen::MatrixXd a = RandomSparse(60, 3, 0.5) * RandomSparse(3, 40, 0.5);
  const TruncatedSvd svd = *RandomizedSvd(Sparse(a), Rank(6));
  Eigen::VectorXd s(6);
  for (int k = 0; k < 6; ++k) s[k] = svd.singular_values[k];
  const Eigen::MatrixXd rebuilt =
      Dense(svd.left) * s.asDiagonal() * Dense(svd.right).transpose();
  EXPECT_LT((rebuilt - a).cwiseAbs().maxCoeff(), 1e-4);
  EXPECT_LT(s.tail(3).maxCoeff(), 1e-4);
}

TEST(RandomizedSvdTest, ComesWithinAFewPercentAtTheDefaultIterations) {
  const Eigen::MatrixXd a = RandomSparse(300, 200, 0.05);
  const Eigen::VectorXd exact =
      Eigen::JacobiSVD<Eigen::MatrixXd>(a).singularValues();
  const TruncatedSvd svd = *RandomizedSvd(Sparse(a), Rank(16));
  for (int k = 0; k < 16; ++k) {
    EXPECT_LE(svd.singular_values[k], exact[k] * (1 + 1e-4));
    EXPECT_GE(svd.singular_values[k], exact[k] * 0.95) << k;
  }
}

TEST(RandomizedSvdTest, HasOrthonormalSingularVectors) {
  const TruncatedSvd svd =
      *RandomizedSvd(Sparse(RandomSparse(90, 70, 0.1)), Rank(10));
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(10, 10);
  const Eigen::MatrixXd u = Dense(svd.left);
  const Eigen::MatrixXd v = Dense(svd.right);
  EXPECT_LT((u.transpose() * u - identity).cwiseAbs().maxCoeff(), 1e-4);
  EXPECT_LT((v.transpose() * v - identity).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(RandomizedSvdTest, GivesTheSameOnOneAndTwoThreads) {
  const SparseMatrix a = Sparse(RandomSparse(5000, 40, 0.1));
  RandomizedSvdOptions options = Rank(5);
  options.threads = 1;
  const TruncatedSvd one = *RandomizedSvd(a, options);
  options.threads = 2;
  const TruncatedSvd two = *RandomizedSvd(a, options);
  EXPECT_EQ(one.singular_values, two.singular_values);
  EXPECT_EQ(Dense(one.right), Dense(two.right));
  EXPECT_EQ(Dense(one.left), Dense(two.left));
}

TEST(RandomizedSvdTest, OfNothingIsZeros) {
  const TruncatedSvd none = *RandomizedSvd(SparseMatrix(), Rank(3));
  EXPECT_THAT(none.singular_values, Each(0.0f));
  const TruncatedSvd zeros =
      *RandomizedSvd(*SparseMatrix::FromEntries(4, 5, {}), Rank(3));
  EXPECT_THAT(zeros.singular_values, Each(0.0f));
  EXPECT_EQ(zeros.right.rows(), 5u);
  EXPECT_TRUE(Dense(zeros.right).isZero());
}

TEST(RandomizedSvdTest, RefusesARankOfNothing) {
  EXPECT_EQ(RandomizedSvd(SparseMatrix(), Rank(0)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace usher
