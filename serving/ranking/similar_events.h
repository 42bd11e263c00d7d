// Events like a given one.
#ifndef USHER_SERVING_RANKING_SIMILAR_EVENTS_H_
#define USHER_SERVING_RANKING_SIMILAR_EVENTS_H_

#include <vector>

#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/model/hybrid_model.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/query.h"

namespace usher {

struct SimilarEvent {
  EventRow event = kNoEvent;
  float score = 0;
  float distance_km = 0;  // NaN when unknown.
};

// Live events that are like the targets, best first, ties by row: the mean of
// the cosine of hybrid vectors and the cosine of content, and a little for the
// same organizer and for the same series as a target of positive weight. With
// several targets the cosine is that with the weighted sum of their unit
// vectors. A vector that is not known has a cosine of 0 with everything.
//
// The query's now, filter and limit are honoured; its user and seeds are not
// looked at. Distances are from query.location or, when that is unknown, from
// the first target. The targets themselves are left out. Exact: one pass over
// the live events. `view` as for RankEvents().
std::vector<SimilarEvent> SimilarEvents(absl::Span<const TasteSeed> targets,
                                        const Query& query,
                                        const LiveView& view,
                                        const Snapshot& snapshot);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_SIMILAR_EVENTS_H_
