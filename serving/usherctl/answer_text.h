// Responses laid out for people. Pure: equal messages and terminals give equal
// text.
#ifndef USHER_SERVING_USHERCTL_ANSWER_TEXT_H_
#define USHER_SERVING_USHERCTL_ANSWER_TEXT_H_

#include <string>

#include "serving/usherctl/terminal.h"
#include "usher/v1/admin.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher::ctl {

// Numbered rows of events with their reasons, and a last line on how the answer
// came about: model version, cold user, what was degraded, what was left out,
// and the recommendation's id.
// Years are those of the request's `now`, or the terminal's.
std::string RecommendText(const v1::RecommendRequest& request,
                          const v1::RecommendResponse& response,
                          const Terminal& terminal);
std::string SimilarEventsText(const v1::SimilarEventsRequest& request,
                              const v1::SimilarEventsResponse& response,
                              const Terminal& terminal);

// Numbered rows of users and scores.
std::string SimilarUsersText(const v1::SimilarUsersRequest& request,
                             const v1::SimilarUsersResponse& response,
                             const Terminal& terminal);
std::string AudienceText(const v1::FindAudienceRequest& request,
                         const v1::FindAudienceResponse& response,
                         const Terminal& terminal);

// A line for each thing that is known of the server.
std::string StatusText(const v1::GetStatusRequest& request,
                       const v1::GetStatusResponse& response,
                       const Terminal& terminal);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_ANSWER_TEXT_H_
