#include "trainer/ranker/calibrate.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

constexpr int kSteps = 50;
constexpr double kRidge = 1e-9;

}  // namespace

std::optional<Calibration> Calibrate(absl::Span<const ScoredOutcome> outcomes) {
  double attended = 0;
  double mean = 0;
  for (const ScoredOutcome& outcome : outcomes) {
    attended += outcome.attended;
    mean += outcome.score;
  }
  const auto n = static_cast<double>(outcomes.size());
  if (attended == 0 || attended == n) return std::nullopt;
  mean /= n;
  const double yes = (attended + 1) / (attended + 2);
  const double no = 1 / (n - attended + 2);
  double slope = 0;
  double intercept = std::log(attended / (n - attended));
  for (int step = 0; step < kSteps; ++step) {
    double gs = 0, gi = 0, hss = kRidge, hsi = 0, hii = kRidge;
    for (const ScoredOutcome& outcome : outcomes) {
      const double x = outcome.score - mean;
      const double p = 1 / (1 + std::exp(-(slope * x + intercept)));
      const double error = (outcome.attended ? yes : no) - p;
      const double weight = p * (1 - p);
      gs += error * x;
      gi += error;
      hss += weight * x * x;
      hsi += weight * x;
      hii += weight;
    }
    const double det = hss * hii - hsi * hsi;
    if (!(det > 0)) return std::nullopt;
    const double ds = (gs * hii - gi * hsi) / det;
    const double di = (gi * hss - gs * hsi) / det;
    const double scale = 1 / std::max({1.0, std::abs(ds), std::abs(di)});
    slope += scale * ds;
    intercept += scale * di;
    if (std::abs(ds) + std::abs(di) < 1e-9) break;
  }
  if (!(slope > 0) || !std::isfinite(intercept)) return std::nullopt;
  return Calibration{static_cast<float>(slope),
                     static_cast<float>(intercept - slope * mean)};
}

}  // namespace usher
