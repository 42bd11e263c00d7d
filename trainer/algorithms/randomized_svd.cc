#include "trainer/algorithms/randomized_svd.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"

namespace usher {
namespace {

using RowMatrixF =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const RowMatrixF>;
using Map = Eigen::Map<RowMatrixF>;

constexpr int64_t kSvdBlock = 2048;
// Directions whose length fell below this part of the longest are noise.
constexpr double kNoise = 1e-6;

// matrix * dense.
Factors Multiply(const SparseMatrix& matrix, const Factors& dense,
                 int threads) {
  Factors product(matrix.rows(), dense.dim());
  const size_t dim = dense.dim();
  float* const out = product.mutable_data();
  const auto body = [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* sum = out + row * dim;
      const auto columns = matrix.RowColumns(row);
      const auto values = matrix.RowValues(row);
      for (size_t i = 0; i < columns.size(); ++i) {
        const float value = values[i];
        const float* from = dense.data() + columns[i] * dim;
        for (size_t k = 0; k < dim; ++k) sum[k] += value * from[k];
      }
    }
  };
  ParallelFor(matrix.rows(), kSvdBlock, threads, body);
  return product;
}

// dense' * dense, its blocks added in order.
Eigen::MatrixXd Gram(const Factors& dense, int threads) {
  const int64_t rows = static_cast<int64_t>(dense.rows());
  const int64_t dim = static_cast<int64_t>(dense.dim());
  std::vector<Eigen::MatrixXd> parts((rows + kSvdBlock - 1) / kSvdBlock);
  ParallelFor(rows, kSvdBlock, threads, [&](int64_t begin, int64_t end) {
    const Eigen::MatrixXd block =
        ConstMap(dense.data() + begin * dim, end - begin, dim).cast<double>();
    parts[begin / kSvdBlock] = Eigen::MatrixXd::Zero(dim, dim);
    parts[begin / kSvdBlock].selfadjointView<Eigen::Lower>().rankUpdate(
        block.transpose());
  });
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(dim, dim);
  for (const Eigen::MatrixXd& part : parts) sum += part;
  return sum.selfadjointView<Eigen::Lower>();
}

// dense * turn.
Factors Turn(const Factors& dense, const Eigen::MatrixXd& turn, int threads) {
  const RowMatrixF narrow = turn.cast<float>();
  const int64_t dim = static_cast<int64_t>(dense.dim());
  Factors out(dense.rows(), narrow.cols());
  float* const data = out.mutable_data();
  const auto body = [&](int64_t begin, int64_t end) {
    Map(data + begin * narrow.cols(), end - begin, narrow.cols()).noalias() =
        ConstMap(dense.data() + begin * dim, end - begin, dim) * narrow;
  };
  ParallelFor(static_cast<int64_t>(dense.rows()), kSvdBlock, threads, body);
  return out;
}

// 1 / x, and 0 for what is noise beside the largest.
Eigen::VectorXd InverseAboveNoise(const Eigen::VectorXd& lengths) {
  const double floor = kNoise * lengths.maxCoeff();
  return lengths.unaryExpr(
      [floor](double x) { return x > floor ? 1.0 / x : 0.0; });
}

// An orthonormal base of the columns' space; zero columns where it has fewer
// dimensions. Through the eigenvectors of the Gram matrix, twice, because the
// first round leaves the rounding errors of short directions.
Factors Orthonormal(Factors dense, int threads) {
  for (int round = 0; round < 2; ++round) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
        Gram(dense, threads));
    const Eigen::VectorXd lengths = eigen.eigenvalues().cwiseMax(0).cwiseSqrt();
    dense = Turn(dense,
                 eigen.eigenvectors() * InverseAboveNoise(lengths).asDiagonal(),
                 threads);
  }
  return dense;
}

Factors RandomStart(size_t rows, size_t dim, uint64_t seed) {
  Factors start(rows, dim);
  Random random(seed);
  float* const data = start.mutable_data();
  for (size_t i = 0; i < rows * dim; ++i) {
    data[i] = static_cast<float>(random.Normal());
  }
  return start;
}

// The first `rank` columns with the rest as zeros.
Eigen::MatrixXd FirstColumns(const Eigen::MatrixXd& from, int64_t rank) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(from.rows(), rank);
  const int64_t kept = std::min<int64_t>(rank, from.cols());
  out.leftCols(kept) = from.leftCols(kept);
  return out;
}

void FixSigns(TruncatedSvd* svd) {
  Map right(svd->right.mutable_data(), svd->right.rows(), svd->right.dim());
  Map left(svd->left.mutable_data(), svd->left.rows(), svd->left.dim());
  for (int64_t k = 0; k < right.cols() && right.rows() > 0; ++k) {
    int64_t largest = 0;
    right.col(k).cwiseAbs().maxCoeff(&largest);
    if (right(largest, k) >= 0) continue;
    right.col(k) = -right.col(k);
    left.col(k) = -left.col(k);
  }
}

// Rayleigh-Ritz: the singular triples of A within the space of `base`.
TruncatedSvd Resolve(const SparseMatrix& matrix, const Factors& base, int rank,
                     int threads) {
  const Factors image = Multiply(matrix, base, threads);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Gram(image, threads));
  const Eigen::VectorXd lengths =
      eigen.eigenvalues().reverse().cwiseMax(0).cwiseSqrt();
  const Eigen::VectorXd inverse = InverseAboveNoise(lengths);
  // Where the inverse is 0, so is the direction.
  const Eigen::VectorXd alive =
      inverse.unaryExpr([](double x) { return x > 0 ? 1.0 : 0.0; });
  const Eigen::MatrixXd turn = eigen.eigenvectors().rowwise().reverse();
  TruncatedSvd svd;
  svd.singular_values.assign(rank, 0.0f);
  for (int k = 0; k < std::min<int>(rank, lengths.size()); ++k) {
    svd.singular_values[k] = static_cast<float>(lengths[k] * alive[k]);
  }
  svd.right =
      Turn(base, FirstColumns(turn * alive.asDiagonal(), rank), threads);
  svd.left =
      Turn(image, FirstColumns(turn * inverse.asDiagonal(), rank), threads);
  FixSigns(&svd);
  return svd;
}

}  // namespace

absl::StatusOr<TruncatedSvd> RandomizedSvd(
    const SparseMatrix& matrix, const RandomizedSvdOptions& options) {
  if (options.rank < 1 || options.oversampling < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("svd: rank ", options.rank, " and oversampling ",
                     options.oversampling, "; give at least 1 and 0"));
  }
  const int width = std::min(options.rank + options.oversampling,
                             std::min(matrix.rows(), matrix.columns()));
  if (width == 0) {
    return TruncatedSvd{std::vector<float>(options.rank, 0.0f),
                        Factors(matrix.rows(), options.rank),
                        Factors(matrix.columns(), options.rank)};
  }
  const SparseMatrix transposed = matrix.Transposed();
  Factors base = RandomStart(matrix.columns(), width, options.seed);
  for (int i = 0; i < std::max(1, options.power_iterations); ++i) {
    base = Multiply(matrix, base, options.threads);
    base = Multiply(transposed, base, options.threads);
    base = Orthonormal(std::move(base), options.threads);
  }
  return Resolve(matrix, base, options.rank, options.threads);
}

}  // namespace usher
