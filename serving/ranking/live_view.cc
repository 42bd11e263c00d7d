#include "serving/ranking/live_view.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "serving/ranking/place_kernels.h"

namespace usher {
namespace {

ForemostEvents ForemostOf(const LiveColumns& live,
                          const std::vector<float>& bias) {
  ForemostEvents foremost;
  std::vector<std::pair<float, size_t>> biased;  // And slots.
  biased.reserve(live.size());
  for (size_t slot = 0; slot < live.size(); ++slot) {
    const EventRow row = live[slot].row;
    if (row == kNoEvent || std::isnan(bias[Index(row)])) continue;
    biased.emplace_back(bias[Index(row)], slot);
  }
  const auto put_first = [&](size_t count) {
    std::nth_element(biased.begin(), biased.begin() + count, biased.end(),
                     std::greater<>());
  };
  if (biased.size() > kForemost) {
    put_first(kForemost);
    foremost.largest_other = biased[kForemost].first;
    biased.resize(kForemost);
  }
  if (biased.size() > kForemost / 2) put_first(kForemost / 2);
  constexpr double kNowhere = std::numeric_limits<double>::quiet_NaN();
  const size_t count =
      (biased.size() + kPlaceLanes - 1) / kPlaceLanes * kPlaceLanes;
  foremost.rows.resize(count, -1);
  foremost.bias.resize(count, 0.0f);
  for (auto* of : {&foremost.x, &foremost.y, &foremost.z}) {
    of->resize(count, kNowhere);
  }
  for (size_t i = 0; i < biased.size(); ++i) {
    const auto [value, slot] = biased[i];
    const UnitVector& place = live.Place(slot);
    foremost.rows[i] = static_cast<int32_t>(live[slot].row);
    foremost.bias[i] = value;
    foremost.x[i] = place.x;
    foremost.y[i] = place.y;
    foremost.z[i] = place.z;
  }
  return foremost;
}

}  // namespace

LiveView::LiveView(std::shared_ptr<const LiveColumns> columns,
                   const RankingPolicy& policy)
    : columns(std::move(columns)),
      bias(this->columns->num_events(), 0.0f),
      fresh_hours(this->columns->size()) {
  const LiveColumns& live = *this->columns;
  std::vector<std::pair<LiveRank, float>> ranks;
  std::vector<std::pair<size_t, float>> others;
  for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
       ++f) {
    const Feature feature = static_cast<Feature>(f);
    const float weight = policy.weight(feature);
    const size_t rank = f - static_cast<size_t>(kFirstLiveFeature);
    if (weight == 0) continue;
    if (rank < kNumLiveRanks) {
      ranks.emplace_back(static_cast<LiveRank>(rank), weight);
    } else {
      others.emplace_back(f, weight);
    }
  }
  // Their sums do not wait for each other.
  constexpr size_t kTogether = 8;
  for (size_t first = 0; first < live.size(); first += kTogether) {
    const size_t count = std::min(kTogether, live.size() - first);
    std::array<const LiveSlot*, kTogether> slots;
    for (size_t i = 0; i < kTogether; ++i) {
      slots[i] = &live[first + std::min(i, count - 1)];
    }
    std::array<float, kTogether> sums{};
    for (const auto& [rank, weight] : ranks) {
      for (size_t i = 0; i < kTogether; ++i) {
        sums[i] += weight * live.Rank(rank, *slots[i]);
      }
    }
    for (const auto& [feature, weight] : others) {
      const size_t plain = feature - static_cast<size_t>(kFirstPlainFeature);
      for (size_t i = 0; i < kTogether; ++i) {
        sums[i] += weight * PlainLiveFeatures(*slots[i])[plain];
      }
    }
    for (size_t i = 0; i < count; ++i) {
      fresh_hours[first + i] = slots[i]->fresh_hours;
      // A NaN is never less.
      if (slots[i]->fresh_hours < freshest_hours) {
        freshest_hours = slots[i]->fresh_hours;
      }
      if (slots[i]->row != kNoEvent) bias[Index(slots[i]->row)] = sums[i];
    }
  }
  foremost = ForemostOf(live, bias);
}

LiveWeights LiveWeightsOf(const RankingPolicy& policy) {
  LiveWeights weights;
  std::copy(policy.weights.begin() + static_cast<size_t>(kFirstLiveFeature),
            policy.weights.end(), weights.begin());
  return weights;
}

LiveView BuildLiveView(const Snapshot& snapshot, const RankingPolicy& policy,
                       Micros now, Micros undated_lifetime) {
  return LiveView(std::make_shared<const LiveColumns>(
                      snapshot.catalog, MinuteOf(now), undated_lifetime),
                  policy);
}

}  // namespace usher
