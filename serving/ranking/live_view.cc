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
      if (slots[i]->row != kNoEvent) bias[Index(slots[i]->row)] = sums[i];
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
