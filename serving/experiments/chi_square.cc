#include "serving/experiments/chi_square.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace usher {

double ChiSquareTail(double x, int degrees) {
  const double half = x / 2;
  const bool odd = degrees % 2 == 1;
  double tail = odd ? std::erfc(std::sqrt(half)) : std::exp(-half);
  // (x/2)^a e^(-x/2) / Gamma(a + 1), for a = 1/2, 3/2, ... or 1, 2, ...
  double a = odd ? 0.5 : 1;
  double term =
      odd ? 2 * std::sqrt(half * std::numbers::inv_pi) * std::exp(-half)
          : half * std::exp(-half);
  for (; a < degrees / 2.0; ++a) {
    tail += term;
    term *= half / (a + 1);
  }
  return std::min(tail, 1.0);
}

double SampleRatioPValue(absl::Span<const int64_t> users,
                         absl::Span<const double> weights) {
  const double all = static_cast<double>(
      std::accumulate(users.begin(), users.end(), int64_t{0}));
  if (all == 0) return 1;
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double statistic = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    const double expected = all * weights[i] / total;
    const double off = static_cast<double>(users[i]) - expected;
    statistic += off * off / expected;
  }
  return ChiSquareTail(statistic, static_cast<int>(users.size()) - 1);
}

}  // namespace usher
