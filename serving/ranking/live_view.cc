#include "serving/ranking/live_view.h"

namespace usher {

LiveView BuildLiveView(const Snapshot& snapshot, const RankingPolicy& policy,
                       Micros now, Micros undated_lifetime) {
  LiveView view;
  view.undated_lifetime = undated_lifetime;
  view.columns =
      BuildLiveColumns(snapshot.catalog, MinuteOf(now), undated_lifetime);
  view.bias.assign(snapshot.catalog.num_events(), 0.0f);
  for (size_t slot = 0; slot < view.columns.rows.size(); ++slot) {
    float& bias = view.bias[Index(view.columns.rows[slot])];
    for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
         ++f) {
      const Feature feature = static_cast<Feature>(f);
      bias += policy.weight(feature) *
              LiveFeature(view.columns, feature, static_cast<int32_t>(slot));
    }
  }
  return view;
}

}  // namespace usher
