#include "serving/usherctl/recommend_pages.h"

#include <ostream>

#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {

absl::StatusOr<std::string> RecommendPages(
    const google::protobuf::Message& message, const Session& session) {
  using v1::RecommendationService;
  auto request = static_cast<const v1::RecommendRequest&>(message);
  for (int page = 1;; ++page) {
    const absl::StatusOr<v1::RecommendResponse> response =
        Call<RecommendationService>(&RecommendationService::Stub::Recommend,
                                    request, session);
    if (!response.ok()) return response.status();
    if (page > 1 && !session.options.json) *session.out << "\n";
    *session.out << Lay(&RecommendText, request, *response, session)
                 << std::flush;
    request.set_page_token(response->next_page_token());
    if (page >= session.extras.pages || request.page_token().empty()) {
      return "";
    }
  }
}

}  // namespace usher::ctl
