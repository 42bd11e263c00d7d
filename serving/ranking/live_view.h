// The live events of a minute as one policy sees them.
#ifndef USHER_SERVING_RANKING_LIVE_VIEW_H_
#define USHER_SERVING_RANKING_LIVE_VIEW_H_

#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "index/artifact/snapshot.h"
#include "index/catalog/live_columns.h"
#include "serving/ranking/policy.h"

namespace usher {

// The live events with the largest bias, kForemost of them or all, and first
// the kForemost / 2 with the largest of all. What needs a large bias is among
// them, or nearly so.
inline constexpr size_t kForemost = 1024;
struct ForemostEvents {
  // Side by side, up to a multiple of kPlaceLanes; what fills up is row -1.
  std::vector<int32_t> rows;
  std::vector<float> bias;
  std::vector<double> x, y, z;  // Points of the unit sphere; NaN without place.
  // No other has more.
  float largest_other = -std::numeric_limits<float>::infinity();
};

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
  float freshest_hours = std::numeric_limits<float>::infinity();  // The least.
  ForemostEvents foremost;
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
