// The live events of a minute as one policy sees them.
#ifndef USHER_SERVING_RANKING_LIVE_VIEW_H_
#define USHER_SERVING_RANKING_LIVE_VIEW_H_

#include <vector>

#include "index/artifact/snapshot.h"
#include "index/catalog/live_columns.h"
#include "serving/ranking/policy.h"

namespace usher {

// Immutable. Belongs to the snapshot and policy that it was built from.
struct LiveView {
  LiveColumns columns;
  Micros undated_lifetime = 0;
  // By event row: the policy's weights times the live features, which is the
  // part of the score that does not depend on the user. 0 for other rows.
  std::vector<float> bias;
  // By slot: the lengths of the hybrid vector and of the content, 0 for none.
  std::vector<float> taste_length;
  std::vector<float> content_length;
};

LiveView BuildLiveView(const Snapshot& snapshot, const RankingPolicy& policy,
                       Micros now, Micros undated_lifetime);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_LIVE_VIEW_H_
