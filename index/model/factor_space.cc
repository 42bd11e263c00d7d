#include "index/model/factor_space.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <utility>

namespace usher {
namespace {

using Matrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;

Eigen::Map<const Vector> AsVector(absl::Span<const float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

}  // namespace

FactorSpace::FactorSpace(Factors users, Factors items,
                         std::vector<float> observations,
                         FactorSpaceOptions options)
    : users_(std::move(users)),
      items_(std::move(items)),
      observations_(std::move(observations)),
      options_(options),
      gram_(items_.dim() * items_.dim()) {
  const Eigen::Index rows = static_cast<Eigen::Index>(items_.rows());
  const Eigen::Index dim = static_cast<Eigen::Index>(items_.dim());
  if (rows == 0 || dim == 0) return;
  const Eigen::Map<const Matrix> y(items_.data(), rows, dim);
  Eigen::Map<Matrix> gram(gram_.data(), dim, dim);
  gram.noalias() = y.transpose() * y;
  gram *= options_.unobserved_weight;
}

std::vector<float> FactorSpace::FoldIn(
    absl::Span<const WeightedItem> history) const {
  const Eigen::Index dim = static_cast<Eigen::Index>(items_.dim());
  std::vector<float> solution(items_.dim(), 0.0f);
  Matrix a = Eigen::Map<const Matrix>(gram_.data(), dim, dim);
  Vector b = Vector::Zero(dim);
  size_t known = 0;
  for (const WeightedItem& entry : history) {
    const size_t item = static_cast<size_t>(entry.item);
    if (item >= items_.rows() || entry.weight == 0) continue;
    if (observations_[item] <= 0) continue;
    const Eigen::Map<const Vector> y = AsVector(items_.Row(item));
    a.selfadjointView<Eigen::Lower>().rankUpdate(y, std::abs(entry.weight));
    b += entry.weight * y;
    ++known;
  }
  if (known == 0) return solution;
  const float support =
      static_cast<float>(known) +
      options_.unobserved_weight * static_cast<float>(items_.rows());
  a.diagonal().array() +=
      options_.regularization * std::pow(support, options_.frequency_exponent);
  Eigen::Map<Vector>(solution.data(), dim) =
      Eigen::LLT<Matrix, Eigen::Lower>(a).solve(b);
  for (const float value : solution) {
    if (!std::isfinite(value)) return std::vector<float>(items_.dim(), 0.0f);
  }
  return solution;
}

}  // namespace usher
