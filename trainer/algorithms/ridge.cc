#include "trainer/algorithms/ridge.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using ConstRow = Eigen::Map<const Eigen::RowVectorXf>;

constexpr int64_t kRidgeBlock = 1024;

// All that a fold says: with Z = (X, 1), Z'WZ, Z'WY, sum w |y|^2 and sum w.
struct Products {
  MatrixXd inputs;
  MatrixXd cross;
  double outputs = 0;
  double weight = 0;

  Products() = default;
  Products(Index p, Index d)
      : inputs(MatrixXd::Zero(p, p)), cross(MatrixXd::Zero(p, d)) {}
  void Add(const Products& other, double sign) {
    inputs += sign * other.inputs;
    cross += sign * other.cross;
    outputs += sign * other.outputs;
    weight += sign * other.weight;
  }
};

struct Problem {
  const Factors& x;
  const Factors& y;
  absl::Span<const float> weights;
  absl::Span<const int64_t> groups;
  const RidgeOptions& options;

  double Weight(size_t row) const {
    return weights.empty() ? 1.0 : weights[row];
  }
  int Fold(size_t row) const {
    const uint64_t unit = groups.empty() ? row : groups[row];
    return static_cast<int>(Mix64(unit ^ Mix64(options.seed)) % options.folds);
  }
};

bool AllFinite(const Factors& factors) {
  const float* const data = factors.data();
  return std::all_of(data, data + factors.rows() * factors.dim(),
                     [](float value) { return std::isfinite(value); });
}

absl::Status CheckOptions(const RidgeOptions& options) {
  if (options.lambdas.empty() || options.folds < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ridge: ", options.lambdas.size(), " lambdas and ", options.folds,
        " folds; give at least one lambda and two folds"));
  }
  for (const double lambda : options.lambdas) {
    if (lambda > 0 && std::isfinite(lambda)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("ridge: lambda is ", lambda, "; it must be above 0"));
  }
  return absl::OkStatus();
}

absl::Status Check(const Problem& problem) {
  const size_t n = problem.x.rows();
  const auto fits = [n](size_t size) { return size == 0 || size == n; };
  if (problem.y.rows() != n || !fits(problem.weights.size()) ||
      !fits(problem.groups.size())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ridge: ", n, " rows of x, ", problem.y.rows(), " of y, ",
        problem.weights.size(), " weights and ", problem.groups.size(),
        " groups; all must agree (weights and groups may be empty)"));
  }
  double sum = 0;
  for (size_t row = 0; row < n; ++row) {
    const double weight = problem.Weight(row);
    if (!(weight >= 0) || !std::isfinite(weight)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "ridge: row ", row, " has weight ", weight, "; give 0 or more"));
    }
    sum += weight;
  }
  if (!(sum > 0) || !AllFinite(problem.x) || !AllFinite(problem.y)) {
    return absl::InvalidArgumentError(
        absl::StrCat("ridge: ", n, " rows with a total weight of ", sum,
                     "; needs a weight above 0 and finite numbers only"));
  }
  return CheckOptions(problem.options);
}

// The products of rows [begin, end) that belong to `fold`.
Products BlockProducts(const Problem& problem, int64_t begin, int64_t end,
                       int fold) {
  const Index p = static_cast<Index>(problem.x.dim());
  const Index d = static_cast<Index>(problem.y.dim());
  MatrixXd z = MatrixXd::Zero(end - begin, p + 1);
  MatrixXd y = MatrixXd::Zero(end - begin, d);
  Products out(p + 1, d);
  Index kept = 0;
  for (int64_t row = begin; row < end; ++row) {
    if (problem.Fold(row) != fold) continue;
    const double weight = problem.Weight(row);
    const double root = std::sqrt(weight);
    z.row(kept).head(p) =
        root * ConstRow(problem.x.Row(row).data(), p).cast<double>();
    z(kept, p) = problem.options.bias ? root : 0.0;
    y.row(kept) = root * ConstRow(problem.y.Row(row).data(), d).cast<double>();
    out.weight += weight;
    ++kept;
  }
  out.inputs.noalias() = z.topRows(kept).transpose() * z.topRows(kept);
  out.cross.noalias() = z.topRows(kept).transpose() * y.topRows(kept);
  out.outputs = y.topRows(kept).squaredNorm();
  return out;
}

// Blocks are computed in parallel, a few at a time, and added in order.
std::vector<Products> FoldProducts(const Problem& problem) {
  const int64_t n = static_cast<int64_t>(problem.x.rows());
  const int64_t blocks = (n + kRidgeBlock - 1) / kRidgeBlock;
  constexpr int64_t kAtOnce = 32;
  const Products zero(problem.x.dim() + 1, problem.y.dim());
  const int folds = problem.options.folds;
  std::vector<Products> sums(folds, zero);
  for (int64_t first = 0; first < blocks; first += kAtOnce) {
    const int64_t count = std::min(kAtOnce, blocks - first);
    std::vector<Products> parts(count * folds);
    ParallelFor(count * folds, 1, problem.options.threads,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const int64_t from = (first + i / folds) * kRidgeBlock;
                    parts[i] = BlockProducts(problem, from,
                                             std::min(n, from + kRidgeBlock),
                                             static_cast<int>(i % folds));
                  }
                });
    for (int64_t i = 0; i < count * folds; ++i) {
      sums[i % folds].Add(parts[i], 1.0);
    }
  }
  return sums;
}

absl::StatusOr<MatrixXd> Solve(const Products& products, double lambda,
                               bool bias) {
  MatrixXd system = products.inputs;
  const Index p = system.rows() - 1;
  system.diagonal().head(p).array() += lambda;
  if (!bias) system(p, p) = 1.0;
  const Eigen::LLT<MatrixXd> llt(system);
  const MatrixXd solution = llt.solve(products.cross);
  if (llt.info() != Eigen::Success || !solution.allFinite()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "ridge: the system is singular; raise lambda (now ", lambda, ")"));
  }
  return solution;
}

// sum w |z W - y|^2.
double SquaredError(const Products& products, const MatrixXd& weights) {
  const double fitted = (weights.transpose() * products.inputs)
                            .cwiseProduct(weights.transpose())
                            .sum();
  return products.outputs - 2 * weights.cwiseProduct(products.cross).sum() +
         fitted;
}

absl::StatusOr<double> HeldOutError(absl::Span<const Products> folds,
                                    const Products& all, double lambda,
                                    bool bias) {
  double error = 0;
  for (const Products& fold : folds) {
    Products rest = all;
    rest.Add(fold, -1.0);
    // A fold that holds (nearly) everything leaves nothing to learn from.
    if (fold.weight <= 0 || rest.weight <= 1e-9 * all.weight) continue;
    ASSIGN_OR_RETURN(const MatrixXd weights, Solve(rest, lambda, bias));
    error += SquaredError(fold, weights);
  }
  return error / all.weight;
}

absl::Status ChooseLambda(absl::Span<const Products> folds, const Products& all,
                          const RidgeOptions& options, RidgeFit* fit) {
  fit->lambda = options.lambdas.front();
  if (options.lambdas.size() == 1) return absl::OkStatus();
  double best = INFINITY;
  for (const double lambda : options.lambdas) {
    ASSIGN_OR_RETURN(const double error,
                     HeldOutError(folds, all, lambda, options.bias));
    fit->trials.push_back({lambda, error});
    if (error >= best) continue;
    best = error;
    fit->lambda = lambda;
  }
  return absl::OkStatus();
}

double BaselineError(const Products& all) {
  const Index p = all.inputs.rows() - 1;
  return (all.outputs - all.cross.row(p).squaredNorm() / all.weight) /
         all.weight;
}

Factors ToFactors(const MatrixXd& weights) {
  Factors out(weights.rows(), weights.cols());
  Eigen::Map<
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      out.mutable_data(), weights.rows(), weights.cols()) =
      weights.cast<float>();
  return out;
}

}  // namespace

absl::StatusOr<RidgeFit> FitRidge(const Factors& x, const Factors& y,
                                  absl::Span<const float> weights,
                                  absl::Span<const int64_t> groups,
                                  const RidgeOptions& options) {
  const Problem problem{x, y, weights, groups, options};
  RETURN_IF_ERROR(Check(problem));
  const std::vector<Products> folds = FoldProducts(problem);
  Products all(x.dim() + 1, y.dim());
  for (const Products& fold : folds) all.Add(fold, 1.0);
  RidgeFit fit;
  fit.baseline_error = BaselineError(all);
  RETURN_IF_ERROR(ChooseLambda(folds, all, options, &fit));
  ASSIGN_OR_RETURN(MatrixXd solution, Solve(all, fit.lambda, options.bias));
  fit.map = RidgeMap(ToFactors(solution));
  return fit;
}

}  // namespace usher
