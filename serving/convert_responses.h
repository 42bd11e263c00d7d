// Answers of the server -> responses of the API.
#ifndef USHER_SERVING_CONVERT_RESPONSES_H_
#define USHER_SERVING_CONVERT_RESPONSES_H_

#include <vector>

#include "serving/model_loader.h"
#include "serving/recommender.h"
#include "serving/server_status.h"
#include "usher/v1/admin.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {

// `request` says how much is told of each result.
void ToProto(const Recommendations& answer, const v1::RecommendRequest& request,
             v1::RecommendResponse* response);
void ToProto(const Recommendations& answer, const v1::RecommendRequest& request,
             v1::RecommendStreamResponse* response);
void ToProto(const EventExplanation& answer, v1::ExplainResponse* response);
void ToProto(const SimilarEventList& answer,
             const v1::SimilarEventsRequest& request,
             v1::SimilarEventsResponse* response);
void ToProto(const UserList& answer, v1::SimilarUsersResponse* response);
void ToProto(const UserList& answer, v1::FindAudienceResponse* response);
void ToProto(const ServerStatus& status, v1::GetStatusResponse* response);
void ToProto(const std::vector<ListedVersion>& list,
             v1::ListModelVersionsResponse* response);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_RESPONSES_H_
