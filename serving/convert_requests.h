// Requests of the API -> queries of the ranking, checked. What a query holds
// has passed every limit that the protos' comments state.
#ifndef USHER_SERVING_CONVERT_REQUESTS_H_
#define USHER_SERVING_CONVERT_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "serving/ranking/query.h"
#include "serving/ranking/similar_users.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {

inline constexpr int kDefaultLimit = 20;
inline constexpr int kMaxLimit = 200;
inline constexpr int kMaxAudience = 10'000;
inline constexpr int kMaxFilterEntries = 1'000;
inline constexpr int kMaxSeeds = 200;
inline constexpr int kMaxRules = 50;

inline constexpr int kMaxStreamedUsers = 100'000;

// What each user of a stream is asked for, without the user.
absl::StatusOr<v1::RecommendRequest> ForEachUser(
    const v1::RecommendStreamRequest& request);

// Of everything in the request that decides its list: what has to be the same
// on every page.
uint64_t ListHash(const v1::RecommendRequest& request);

struct SimilarEventsCall {
  std::string event_id;  // Or empty, and seeds in the query.
  Query query;
};

struct ExplainCall {
  std::string event_id;
  Query query;
};

struct SimilarUsersCall {
  std::string user_id;
  SimilarityBasis basis = SimilarityBasis::kTaste;
  int limit = kDefaultLimit;
};

struct FindAudienceCall {
  std::string event_id;
  int limit = kDefaultLimit;
  bool include_interacted = false;
  Micros now = 0;
};

// `now` is used where the request names no instant. InvalidArgument begins
// with the path of the field: "filter.max_distance_km: -3 is negative; ...".
absl::StatusOr<Query> FromProto(const v1::RecommendRequest& request,
                                Micros now);
absl::StatusOr<SimilarEventsCall> FromProto(
    const v1::SimilarEventsRequest& request, Micros now);
absl::StatusOr<ExplainCall> FromProto(const v1::ExplainRequest& request,
                                      Micros now);
absl::StatusOr<SimilarUsersCall> FromProto(
    const v1::SimilarUsersRequest& request);
absl::StatusOr<FindAudienceCall> FromProto(
    const v1::FindAudienceRequest& request, Micros now);

}  // namespace usher

#endif  // USHER_SERVING_CONVERT_REQUESTS_H_
