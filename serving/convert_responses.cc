#include "serving/convert_responses.h"

#include <cmath>
#include <string>
#include <utility>

#include "serving/convert_experiments.h"
#include "serving/convert_resources.h"
#include "serving/ranking/explanation.h"

namespace usher {
namespace {

void SetEvent(const Catalog& catalog, EventRow row, bool include_event,
              v1::Recommendation& result) {
  const absl::string_view id = catalog.EventId(row);
  result.set_event_id(id.data(), id.size());
  if (include_event) *result.mutable_event() = ToProto(catalog.GetEvent(row));
}

void SetDistance(float distance_km, v1::Recommendation& result) {
  if (!std::isnan(distance_km)) result.set_distance_km(distance_km);
}

void AddReasons(const std::vector<Reason>& reasons,
                v1::Recommendation& result) {
  for (const Reason& reason : reasons) {
    v1::Reason& added = *result.add_reasons();
    added.set_code(reason.code.data(), reason.code.size());
    added.set_text(reason.text);
    added.set_value(reason.value);
  }
}

template <class Result>
void AddContributions(const RankedEvent& event, const RankingPolicy& policy,
                      Result& result) {
  result.set_base_value(BaseValue(policy));
  for (const Contribution& part : Contributions(event, policy)) {
    v1::Contribution& added = *result.add_contributions();
    added.set_feature(std::string(FeatureName(part.feature)));
    added.set_value(part.value);
    added.set_contribution(part.contribution);
  }
}

void AddSources(uint8_t sources, v1::Recommendation& result) {
  for (int i = 0; i < kNumCandidateSources; ++i) {
    if ((sources >> i & 1) == 0) continue;
    const absl::string_view name =
        CandidateSourceName(static_cast<CandidateSource>(i));
    result.add_sources(name.data(), name.size());
  }
}

v1::ServingInfo::Cache ToProto(ListOrigin origin) {
  switch (origin) {
    case ListOrigin::kMemory:
      return v1::ServingInfo::MEMORY;
    case ListOrigin::kRedis:
      return v1::ServingInfo::REDIS;
    case ListOrigin::kOnline:
      break;
  }
  return v1::ServingInfo::MISS;
}

void SetServingInfo(const Ranking& ranking, ListOrigin origin,
                    v1::ServingInfo& info) {
  info.set_cache(ToProto(origin));
  info.set_cold_user(ranking.cold_user);
  info.mutable_degraded()->Add(ranking.degraded.begin(),
                               ranking.degraded.end());
  for (int i = 1; i < kNumDropReasons; ++i) {
    if (ranking.dropped[i] <= 0) continue;
    const absl::string_view reason = DropReasonName(static_cast<DropReason>(i));
    (*info.mutable_dropped())[std::string(reason)] = ranking.dropped[i];
  }
}

template <class Response>
void UsersToProto(const UserList& answer, Response* response) {
  const Snapshot& snapshot = answer.served->snapshot();
  for (const ScoredUser& scored : answer.users) {
    v1::ScoredUser& result = *response->add_results();
    result.set_user_id(std::string(snapshot.catalog.UserId(scored.user)));
    result.set_score(scored.score);
  }
  response->set_model_version(snapshot.info.version);
}

// All that the responses of Recommend and RecommendStream share.
template <class Response>
void ListToProto(const Recommendations& answer,
                 const v1::RecommendRequest& request, Response* response) {
  const Served& served = *answer.served;
  const bool reasons =
      request.detail() == v1::REASONS || request.detail() == v1::FEATURES;
  const std::vector<RankedEvent>& results = answer.ranking.results;
  std::vector<std::vector<Reason>> made;
  const std::vector<std::vector<Reason>>* why = nullptr;
  if (reasons && answer.kept != nullptr) {
    why = answer.kept->reasons->Of(answer.kept->ranking.results, answer.policy,
                                   served.snapshot());
  }
  if (reasons && why == nullptr) {
    made =
        ReasonsOfList(results, answer.policy, served.snapshot(), kMaxReasons);
    why = &made;
  }
  response->mutable_results()->Reserve(static_cast<int>(results.size()));
  for (size_t i = 0; i < results.size(); ++i) {
    const RankedEvent& event = results[i];
    v1::Recommendation& result = *response->add_results();
    SetEvent(served.snapshot().catalog, event.event, request.include_events(),
             result);
    result.set_score(event.score);
    result.set_position(answer.shown_before + response->results_size());
    if (answer.policy.calibration.has_value()) {
      result.set_attend_probability(
          answer.policy.calibration->Probability(event.score));
    }
    SetDistance(event.distance_km, result);
    AddSources(event.sources, result);
    if (reasons) AddReasons((*why)[i], result);
    if (request.detail() == v1::FEATURES) {
      AddContributions(event, answer.policy, result);
    }
  }
  response->set_recommendation_id(answer.recommendation_id);
  response->set_model_version(served.snapshot().info.version);
  ToProto(answer.assignments, response->mutable_assignments());
  SetServingInfo(answer.ranking, answer.origin,
                 *response->mutable_serving_info());
}

}  // namespace

void ToProto(const Recommendations& answer, const v1::RecommendRequest& request,
             v1::RecommendResponse* response) {
  ListToProto(answer, request, response);
}

void ToProto(const Recommendations& answer, const v1::RecommendRequest& request,
             v1::RecommendStreamResponse* response) {
  response->set_user_id(request.user_id());
  ListToProto(answer, request, response);
}

void ToProto(const EventExplanation& answer, v1::ExplainResponse* response) {
  const Served& served = *answer.served;
  response->set_model_version(served.snapshot().info.version);
  response->set_recommended(answer.position > 0);
  response->set_position(answer.position);
  if (answer.event.has_value()) {
    response->set_score(answer.event->score);
    AddContributions(*answer.event, answer.policy, *response);
  }
  if (answer.position > 0) return;
  response->set_dropped_reason(
      answer.event.has_value() ? "outranked"
                               : std::string(DropReasonName(answer.dropped)));
}

void ToProto(const SimilarEventList& answer,
             const v1::SimilarEventsRequest& request,
             v1::SimilarEventsResponse* response) {
  const Snapshot& snapshot = answer.served->snapshot();
  for (const SimilarEvent& event : answer.events) {
    v1::Recommendation& result = *response->add_results();
    SetEvent(snapshot.catalog, event.event, request.include_events(), result);
    result.set_score(event.score);
    result.set_position(response->results_size());
    SetDistance(event.distance_km, result);
  }
  response->set_model_version(snapshot.info.version);
}

void ToProto(const UserList& answer, v1::SimilarUsersResponse* response) {
  UsersToProto(answer, response);
}

void ToProto(const UserList& answer, v1::FindAudienceResponse* response) {
  UsersToProto(answer, response);
}

void ToProto(const ServerStatus& status, v1::GetStatusResponse* response) {
  response->set_model_version(status.model.version);
  if (status.model.created != kNoTime) {
    *response->mutable_model_created() = ToProto(status.model.created);
  }
  response->set_algorithm(status.model.algorithm);
  response->set_index_type(status.model.index_type);
  response->set_users(status.users);
  response->set_events(status.events);
  response->set_live_events(status.live_events);
  if (status.started != kNoTime) {
    *response->mutable_started() = ToProto(status.started);
  }
  response->set_instruction_set(status.instruction_set);
  response->set_server_version(status.server_version);
  response->set_state(status.state);
  response->set_state_position(status.state_position);
  response->mutable_warnings()->Add(status.warnings.begin(),
                                    status.warnings.end());
}

void ToProto(const std::vector<ListedVersion>& list,
             v1::ListModelVersionsResponse* response) {
  for (const ListedVersion& listed : list) {
    v1::ModelVersion& version = *response->add_versions();
    version.set_version(listed.version);
    if (listed.created != kNoTime) {
      *version.mutable_created() = ToProto(listed.created);
    }
    version.set_algorithm(listed.algorithm);
    version.set_current(listed.current);
    version.set_serving(listed.serving);
    version.set_pinned(listed.pinned);
    version.set_refused(listed.refused);
  }
}

}  // namespace usher
