#include "trainer/tuning/suggest.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "index/base/hash.h"

namespace usher {
namespace {

constexpr double kBestShare = 0.15;
constexpr int kDrawn = 48;
// No estimate is narrower: two equal points are no certainty.
constexpr double kLeastWidth = 0.05;
constexpr double kMostWidth = 0.5;

double UpTo(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

// Normal densities around the points, each cut to [0, 1], and the uniform one,
// all with equal shares.
class ParzenEstimate {
 public:
  explicit ParzenEstimate(std::vector<double> centers)
      : centers_(std::move(centers)) {
    std::sort(centers_.begin(), centers_.end());
    for (size_t i = 0; i < centers_.size(); ++i) {
      const double below = i == 0 ? centers_[i] : centers_[i] - centers_[i - 1];
      const double above = i + 1 == centers_.size()
                               ? 1 - centers_[i]
                               : centers_[i + 1] - centers_[i];
      widths_.push_back(
          std::clamp(std::max(below, above), kLeastWidth, kMostWidth));
    }
  }

  double Density(double x) const {
    double sum = 1;
    for (size_t i = 0; i < centers_.size(); ++i) {
      const double z = (x - centers_[i]) / widths_[i];
      const double inside = UpTo((1 - centers_[i]) / widths_[i]) -
                            UpTo(-centers_[i] / widths_[i]);
      sum += std::exp(-z * z / 2) /
             (widths_[i] * std::sqrt(2 * std::numbers::pi) * inside);
    }
    return sum / static_cast<double>(centers_.size() + 1);
  }

  double Draw(Random& random) const {
    const size_t of = random.Below(centers_.size() + 1);
    if (of == centers_.size()) return random.Uniform();
    while (true) {
      const double x = centers_[of] + widths_[of] * random.Normal();
      if (x >= 0 && x <= 1) return x;
    }
  }

 private:
  std::vector<double> centers_;
  std::vector<double> widths_;
};

std::vector<ParzenEstimate> EstimatesOf(
    const std::vector<const SeenPoint*>& points, size_t dims) {
  std::vector<ParzenEstimate> estimates;
  for (size_t d = 0; d < dims; ++d) {
    std::vector<double> centers;
    for (const SeenPoint* seen : points) centers.push_back(seen->point[d]);
    estimates.emplace_back(std::move(centers));
  }
  return estimates;
}

UnitPoint RandomPoint(const UnitPoint& start, Random& random) {
  UnitPoint point = start;
  for (double& x : point) {
    if (random.Below(2) == 0) x = random.Uniform();
  }
  return point;
}

}  // namespace

UnitPoint SuggestPoint(absl::Span<const SeenPoint> seen, const UnitPoint& start,
                       size_t random_points, uint64_t seed) {
  Random random(Mix64(seed) + seen.size());
  if (seen.empty() || seen.size() < random_points) {
    return RandomPoint(start, random);
  }
  const size_t dims = start.size();
  std::vector<const SeenPoint*> order;
  for (const SeenPoint& point : seen) order.push_back(&point);
  std::stable_sort(order.begin(), order.end(),
                   [](const SeenPoint* a, const SeenPoint* b) {
                     return a->value > b->value;
                   });
  const auto best = static_cast<size_t>(
      std::ceil(kBestShare * static_cast<double>(order.size())));
  const std::vector<ParzenEstimate> good =
      EstimatesOf({order.begin(), order.begin() + best}, dims);
  const std::vector<ParzenEstimate> bad =
      EstimatesOf({order.begin() + best, order.end()}, dims);
  UnitPoint chosen(dims);
  for (size_t d = 0; d < dims; ++d) {
    double highest = -1;
    for (int i = 0; i < kDrawn; ++i) {
      const double x = good[d].Draw(random);
      const double ratio = good[d].Density(x) / bad[d].Density(x);
      if (ratio <= highest) continue;
      highest = ratio;
      chosen[d] = x;
    }
  }
  return chosen;
}

}  // namespace usher
