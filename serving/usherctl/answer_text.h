// Responses laid out for people. Pure: equal messages and terminals give equal
// text.
#ifndef USHER_SERVING_USHERCTL_ANSWER_TEXT_H_
#define USHER_SERVING_USHERCTL_ANSWER_TEXT_H_

#include <string>

#include "serving/usherctl/terminal.h"
#include "usher/v1/admin.pb.h"
#include "usher/v1/catalog.pb.h"
#include "usher/v1/experiment.pb.h"
#include "usher/v1/interaction.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher::ctl {

// Numbered rows of events with their reasons, and a last line on how the answer
// came about: model version, cold user, what was degraded, what was left out,
// and the recommendation's id.
// Years are those of the request's `now`, or the terminal's.
std::string RecommendText(const v1::RecommendRequest& request,
                          const v1::RecommendResponse& response,
                          const Terminal& terminal);
// The rows of one of many lists, each with the user's id first; "-" stands for
// an empty list.
std::string RecommendStreamText(const v1::RecommendStreamRequest& request,
                                const v1::RecommendStreamResponse& response,
                                const Terminal& terminal);
std::string SimilarEventsText(const v1::SimilarEventsRequest& request,
                              const v1::SimilarEventsResponse& response,
                              const Terminal& terminal);

// Whether and where the event is on the user's list, and the features whose
// parts make its score.
std::string ExplainText(const v1::ExplainRequest& request,
                        const v1::ExplainResponse& response,
                        const Terminal& terminal);

// Numbered rows of users and scores.
std::string SimilarUsersText(const v1::SimilarUsersRequest& request,
                             const v1::SimilarUsersResponse& response,
                             const Terminal& terminal);
std::string AudienceText(const v1::FindAudienceRequest& request,
                         const v1::FindAudienceResponse& response,
                         const Terminal& terminal);

// A line for each thing that is known of the event, or of the user.
std::string EventText(const v1::GetEventRequest& request,
                      const v1::GetEventResponse& response,
                      const Terminal& terminal);
std::string UserText(const v1::GetUserRequest& request,
                     const v1::GetUserResponse& response,
                     const Terminal& terminal);

// One line that says what has been done.
std::string ForgottenText(const v1::ForgetUserRequest& request,
                          const v1::ForgetUserResponse& response,
                          const Terminal& terminal);
std::string DeletedText(const v1::DeleteEventsRequest& request,
                        const v1::DeleteEventsResponse& response,
                        const Terminal& terminal);
std::string RecordedText(const v1::RecordInteractionsRequest& request,
                         const v1::RecordInteractionsResponse& response,
                         const Terminal& terminal);
std::string PinnedText(const v1::PinModelVersionRequest& request,
                       const v1::PinModelVersionResponse& response,
                       const Terminal& terminal);
std::string ReloadedText(const v1::ReloadModelRequest& request,
                         const v1::ReloadModelResponse& response,
                         const Terminal& terminal);

// The experiments that the user takes part in.
std::string AssignText(const v1::AssignRequest& request,
                       const v1::AssignResponse& response,
                       const Terminal& terminal);

// What came of an experiment: counts, rates and differences with their
// intervals. When users are not split as configured, that is said first and
// loudly, since then nothing else is to be believed.
std::string ReportText(const v1::GetReportRequest& request,
                       const v1::GetReportResponse& response,
                       const Terminal& terminal);

// One line that says what has been done.
std::string ShownText(const v1::RecordExposuresRequest& request,
                      const v1::RecordExposuresResponse& response,
                      const Terminal& terminal);

// A row for each version, and below it why it was refused.
std::string VersionsText(const v1::ListModelVersionsRequest& request,
                         const v1::ListModelVersionsResponse& response,
                         const Terminal& terminal);

// A line for each thing that is known of the server.
std::string StatusText(const v1::GetStatusRequest& request,
                       const v1::GetStatusResponse& response,
                       const Terminal& terminal);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_ANSWER_TEXT_H_
