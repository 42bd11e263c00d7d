#include "serving/experiments/ratio_metric.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

// Of the standard normal, two-sided 95 %.
constexpr double kQuantile = 1.959963984540054;

Estimate Around(double value, std::optional<double> variance, double least) {
  if (!variance.has_value()) return {value, least, 1};
  const double reach = kQuantile * std::sqrt(*variance);
  return {value, std::max(least, value - reach), std::min(1.0, value + reach)};
}

}  // namespace

void RatioSums::AddUser(double x, double y) {
  ++users_;
  x_ += x;
  y_ += y;
  xx_ += x * x;
  xy_ += x * y;
  yy_ += y * y;
}

double RatioSums::Ratio() const { return y_ > 0 ? x_ / y_ : 0; }

std::optional<double> RatioSums::Variance() const {
  if (users_ < 2 || y_ <= 0) return std::nullopt;
  const double n = static_cast<double>(users_);
  const double ratio = Ratio();
  // The mean of x - R y is 0.
  const double squares =
      std::max(0.0, xx_ - 2 * ratio * xy_ + ratio * ratio * yy_);
  return n * squares / (n - 1) / (y_ * y_);
}

Estimate RateOf(const RatioSums& sums) {
  return Around(sums.Ratio(), sums.Variance(), 0);
}

Estimate DifferenceOf(const RatioSums& treatment, const RatioSums& control) {
  std::optional<double> variance = treatment.Variance();
  const std::optional<double> other = control.Variance();
  if (variance.has_value() && other.has_value()) {
    *variance += *other;
  } else {
    variance.reset();
  }
  return Around(treatment.Ratio() - control.Ratio(), variance, -1);
}

}  // namespace usher
