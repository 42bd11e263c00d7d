#include "serving/list_exposure.h"

namespace usher {

Exposure ListExposure(const Query& query, const Recommendations& answer,
                      Micros served_at, bool shown) {
  const Snapshot& snapshot = answer.served->snapshot();
  Exposure exposure;
  exposure.recommendation_id = answer.recommendation_id;
  exposure.served_at = served_at;
  exposure.now = query.now;
  exposure.model_version = snapshot.info.version;
  exposure.state_position = answer.served->state_position();
  // A forgotten user is nobody.
  if (!answer.served->HasForgotten(query.user_id)) {
    exposure.user_id = query.user_id;
    for (const Assignment& assignment : answer.assignments) {
      exposure.variants.push_back(
          {assignment.experiment->name, assignment.variant->name});
    }
  }
  exposure.first_position = answer.shown_before + 1;
  for (const RankedEvent& event : answer.ranking.results) {
    exposure.event_ids.emplace_back(snapshot.catalog.EventId(event.event));
    exposure.scores.push_back(event.score);
  }
  exposure.shown.assign(exposure.event_ids.size(), shown);
  return exposure;
}

}  // namespace usher
