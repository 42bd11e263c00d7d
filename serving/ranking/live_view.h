// The live events of a minute as one policy sees them.
#ifndef USHER_SERVING_RANKING_LIVE_VIEW_H_
#define USHER_SERVING_RANKING_LIVE_VIEW_H_

#include <array>
#include <memory>
#include <vector>

#include "index/artifact/snapshot.h"
#include "index/catalog/live_columns.h"
#include "serving/ranking/policy.h"

namespace usher {

// Immutable. Belongs to the columns and the policy that it was made from.
struct LiveView {
  LiveView(std::shared_ptr<const LiveColumns> columns,
           const RankingPolicy& policy);

  std::shared_ptr<const LiveColumns> columns;
  // By event row: the policy's weights times the live features, which is the
  // part of the score that does not depend on the user. 0 for other rows.
  std::vector<float> bias;
  // By slot: hours since the announcement; NaN where that is not known.
  std::vector<float> fresh_hours;
};

// The weights that a view depends on.
using LiveWeights =
    std::array<float, kNumFeatures - static_cast<size_t>(kFirstLiveFeature)>;
LiveWeights LiveWeightsOf(const RankingPolicy& policy);

// From nothing.
LiveView BuildLiveView(const Snapshot& snapshot, const RankingPolicy& policy,
                       Micros now, Micros undated_lifetime);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_LIVE_VIEW_H_
