#include "serving/ranking/live_view.h"

#include <algorithm>
#include <utility>

namespace usher {

LiveView::LiveView(std::shared_ptr<const LiveColumns> columns,
                   const RankingPolicy& policy)
    : columns(std::move(columns)), bias(this->columns->num_events(), 0.0f) {
  const LiveColumns& live = *this->columns;
  std::vector<Feature> weighted;
  for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
       ++f) {
    const Feature feature = static_cast<Feature>(f);
    if (policy.weight(feature) != 0) weighted.push_back(feature);
  }
  for (size_t slot = 0; slot < live.size(); ++slot) {
    if (live[slot].row == kNoEvent) continue;
    float& sum = bias[Index(live[slot].row)];
    for (const Feature feature : weighted) {
      sum += policy.weight(feature) * LiveFeature(live, feature, slot);
    }
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
