#include "index/model/factor_space.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace usher {
namespace {

using Matrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;

Eigen::Map<const Vector> AsVector(absl::Span<const float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

// (observations / their mean)^-exponent; empty for an exponent of 0.
std::vector<float> DegreeOf(absl::Span<const float> observations,
                            float exponent) {
  std::vector<float> degree;
  if (exponent == 0) return degree;
  const float mean =
      std::accumulate(observations.begin(), observations.end(), 0.0f) /
      static_cast<float>(observations.size());
  for (const float count : observations) {
    degree.push_back(count > 0 ? std::pow(count / mean, -exponent) : 0);
  }
  return degree;
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
  degree_ = DegreeOf(observations_, options_.degree_exponent);
  const Eigen::Map<const Matrix> y(items_.data(), rows, dim);
  Eigen::Map<Matrix> gram(gram_.data(), dim, dim);
  gram.noalias() = y.transpose() * y;
  gram *= options_.unobserved_weight;
}

std::vector<float> FactorSpace::FoldIn(
    absl::Span<const WeightedItem> history) const {
  const Eigen::Index dim = static_cast<Eigen::Index>(items_.dim());
  std::vector<float> solution(items_.dim(), 0.0f);
  const auto known = [&](const WeightedItem& entry) {
    const size_t item = static_cast<size_t>(entry.item);
    return item < items_.rows() && entry.weight != 0 && observations_[item] > 0;
  };
  const auto size =
      static_cast<float>(std::count_if(history.begin(), history.end(), known));
  if (size == 0) return solution;
  const float of_row = degree_.empty() ? 1
                                       : std::pow(size / options_.mean_row,
                                                  -options_.degree_exponent);
  Matrix a = Eigen::Map<const Matrix>(gram_.data(), dim, dim);
  Vector b = Vector::Zero(dim);
  for (const WeightedItem& entry : history) {
    if (!known(entry)) continue;
    const Eigen::Map<const Vector> y = AsVector(items_.Row(entry.item));
    const float weight = degree_.empty()
                             ? entry.weight
                             : entry.weight * of_row * degree_[entry.item];
    a.selfadjointView<Eigen::Lower>().rankUpdate(y, std::abs(weight));
    b += weight * y;
  }
  const float support =
      size + options_.unobserved_weight * static_cast<float>(items_.rows());
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
