#include "serving/ranking/live_view.h"

#include <algorithm>
#include <utility>

namespace usher {

LiveView::LiveView(std::shared_ptr<const LiveColumns> columns,
                   const RankingPolicy& policy)
    : columns(std::move(columns)),
      bias(this->columns->num_events(), 0.0f),
      fresh_hours(this->columns->size()) {
  const LiveColumns& live = *this->columns;
  std::vector<std::pair<LiveRank, float>> ranks;
  std::vector<std::pair<Feature, float>> others;
  for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
       ++f) {
    const Feature feature = static_cast<Feature>(f);
    const float weight = policy.weight(feature);
    const size_t rank = f - static_cast<size_t>(kFirstLiveFeature);
    if (weight == 0) continue;
    if (rank < kNumLiveRanks) {
      ranks.emplace_back(static_cast<LiveRank>(rank), weight);
    } else {
      others.emplace_back(feature, weight);
    }
  }
  for (size_t slot = 0; slot < live.size(); ++slot) {
    fresh_hours[slot] = live[slot].fresh_hours;
    if (live[slot].row == kNoEvent) continue;
    float sum = 0;
    for (const auto& [rank, weight] : ranks) {
      sum += weight * live.Rank(rank, slot);
    }
    for (const auto& [feature, weight] : others) {
      sum += weight * LiveFeature(live, feature, slot);
    }
    bias[Index(live[slot].row)] = sum;
  }
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
