#include "trainer/algorithms/als.h"

#include <Eigen/Dense>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/algorithms/als_kernels.h"
#include "trainer/algorithms/als_side.h"

namespace usher {
namespace {

using Matrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// One fit. The factors live in a basis that turns from half-sweep to
// half-sweep, such that the fixed side's Gram matrix is diagonal.
class AlsFit {
 public:
  AlsFit(const SparseMatrix& user_item, const SparseMatrix& item_user,
         const AlsOptions& options)
      : run_(options),
        users_(user_item, run_),
        items_(item_user, run_),
        basis_(Matrix::Identity(options.dim, options.dim)) {
    items_.Randomize(run_);
  }

  absl::Status Sweep() {
    RETURN_IF_ERROR(HalfSweep(users_, items_));
    return HalfSweep(items_, users_);
  }

  // In the basis of the start.
  AlsModel Export() const {
    const std::vector<float> back = Panels(basis_.transpose());
    return {users_.Export(run_, back.data()), items_.Export(run_, back.data())};
  }

 private:
  absl::Status HalfSweep(AlsSide& side, AlsSide& fixed) {
    const std::vector<double> gram = fixed.Gram(run_);
    const int dim = run_.options.dim;
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(
        Eigen::Map<const Matrix>(gram.data(), dim, dim));
    if (eigen.info() != Eigen::Success) {
      return absl::FailedPreconditionError(absl::StrCat(
          "als: factors have become infinite; raise regularization (now ",
          run_.options.regularization, ")"));
    }
    const std::vector<float> turn = Panels(eigen.eigenvectors());
    side.Multiply(run_, turn.data());
    fixed.Multiply(run_, turn.data());
    basis_ = basis_ * eigen.eigenvectors();
    std::vector<float> spectrum(run_.stride, 0.0f);
    for (int d = 0; d < dim; ++d) {
      spectrum[d] = std::max(0.0f, static_cast<float>(eigen.eigenvalues()[d]));
    }
    if (run_.options.solver == AlsSolver::kConjugateGradient) {
      // No factor is longer than its whole column.
      fixed.Pack(run_, 1.001f * std::sqrt(spectrum[dim - 1]));
    }
    return side.Solve(run_, fixed, spectrum.data());
  }

  // As AlsKernels::multiply() takes it.
  std::vector<float> Panels(const Matrix& square) const {
    std::vector<float> panels(static_cast<size_t>(run_.stride) * run_.stride);
    for (int i = 0; i < square.rows(); ++i) {
      for (int j = 0; j < square.cols(); ++j) {
        const int lane = j % kAlsLanes;
        panels[(j - lane) * run_.stride + i * kAlsLanes + lane] =
            static_cast<float>(square(i, j));
      }
    }
    return panels;
  }

  const AlsRun run_;
  AlsSide users_;
  AlsSide items_;
  Matrix basis_;  // The start's coordinates times this are the present ones.
};

absl::Status CheckRange(absl::string_view field, double value, double least,
                        double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "als: ", field, " is ", value, "; it must be ", least, " to ", most));
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

absl::Status ValidateAlsOptions(const AlsOptions& options) {
  RETURN_IF_ERROR(CheckRange("dim", options.dim, 1, kMaxAlsDim));
  RETURN_IF_ERROR(CheckRange("sweeps", options.sweeps, 1, 10000));
  RETURN_IF_ERROR(
      CheckRange("unobserved_weight", options.unobserved_weight, 0, 1e6));
  RETURN_IF_ERROR(
      CheckRange("regularization", options.regularization, 1e-12, 1e12));
  RETURN_IF_ERROR(
      CheckRange("frequency_exponent", options.frequency_exponent, 0, 2));
  RETURN_IF_ERROR(CheckRange("degree_exponent", options.degree_exponent, 0, 1));
  RETURN_IF_ERROR(CheckRange("cg_steps", options.cg_steps, 1, 1000));
  RETURN_IF_ERROR(
      CheckRange("subspace_dim", options.subspace_dim, kAlsLanes, kMaxAlsDim));
  if (options.subspace_dim % kAlsLanes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("als: subspace_dim is ", options.subspace_dim,
                     "; it must be a multiple of ", kAlsLanes));
  }
  RETURN_IF_ERROR(CheckRange("init_stddev", options.init_stddev, 1e-12, 1e6));
  return CheckRange("threads", options.threads, 0, 4096);
}

absl::StatusOr<AlsModel> TrainAls(
    const SparseMatrix& user_item, const AlsOptions& options,
    absl::FunctionRef<void(const AlsProgress&)> progress) {
  RETURN_IF_ERROR(ValidateAlsOptions(options));
  if (user_item.entries() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("als: the ", user_item.rows(), " x ", user_item.columns(),
                     " matrix has no entries; there is nothing to learn"));
  }
  if (options.degree_exponent > 0) {
    AlsOptions plain = options;
    plain.degree_exponent = 0;
    return TrainAls(user_item.WeightedByDegree(options.degree_exponent), plain,
                    progress);
  }
  const SparseMatrix item_user = user_item.Transposed();
  AlsFit fit(user_item, item_user, options);
  for (int sweep = 1; sweep <= options.sweeps; ++sweep) {
    const auto start = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(fit.Sweep());
    AlsProgress report = {sweep, SecondsSince(start), std::nullopt};
    if (options.report_objective) {
      report.objective = AlsObjective(user_item, fit.Export(), options);
    }
    progress(report);
  }
  return fit.Export();
}

float AlsRidge(const AlsOptions& options, int64_t entries, int64_t others) {
  const double frequency =
      entries + options.unobserved_weight * static_cast<double>(others);
  if (options.frequency_exponent == 1.0f) {
    return static_cast<float>(options.regularization * frequency);
  }
  return static_cast<float>(options.regularization *
                            std::pow(frequency, options.frequency_exponent));
}

FactorSpaceOptions FoldInOptions(const SparseMatrix& user_item,
                                 const AlsOptions& options) {
  return {options.unobserved_weight, options.regularization,
          options.frequency_exponent, options.degree_exponent,
          static_cast<float>(user_item.entries()) /
              static_cast<float>(user_item.rows())};
}

}  // namespace usher
