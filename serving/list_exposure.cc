#include "serving/list_exposure.h"

#include <vector>

#include "serving/ranking/features.h"
#include "serving/ranking/ranked_event.h"

namespace usher {
namespace {

ExposureSample SampleOf(const Query& query,
                        const std::vector<RankedEvent>& results) {
  ExposureSample sample;
  sample.location = query.location;
  sample.device = query.device;
  for (const Seed& seed : query.seeds) {
    sample.seeds.push_back({seed.event_id, seed.kind, seed.weight});
  }
  for (size_t i = 0; i < kNumFeatures; ++i) {
    sample.feature_names.emplace_back(FeatureName(static_cast<Feature>(i)));
  }
  for (const RankedEvent& event : results) {
    sample.features.insert(sample.features.end(), event.features.begin(),
                           event.features.end());
  }
  return sample;
}

}  // namespace

Exposure ListExposure(const Query& query, const Recommendations& answer,
                      Micros served_at, bool shown, bool sampled) {
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
    if (sampled) exposure.sample = SampleOf(query, answer.ranking.results);
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
