#include "serving/grpc_services.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "index/base/status_macros.h"
#include "serving/convert_requests.h"
#include "serving/convert_resources.h"
#include "serving/convert_responses.h"
#include "serving/grpc_calls.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

class RecommendationService final
    : public v1::RecommendationService::CallbackService {
 public:
  RecommendationService(const Recommender& recommender, const Clock& clock,
                        WorkerPool& pool)
      : recommender_(recommender), clock_(clock), pool_(pool) {}

  Reactor* Recommend(Context* context, const v1::RecommendRequest* request,
                     v1::RecommendResponse* response) override {
    return RunUnary(context, pool_, [this, request, response]() {
      return Answer(*request, response);
    });
  }

  Reactor* SimilarEvents(Context* context,
                         const v1::SimilarEventsRequest* request,
                         v1::SimilarEventsResponse* response) override {
    return RunUnary(context, pool_, [this, request, response]() {
      return Answer(*request, response);
    });
  }

  Reactor* Explain(Context* context, const v1::ExplainRequest* request,
                   v1::ExplainResponse* response) override {
    return RunUnary(context, pool_, [this, request, response]() {
      return Answer(*request, response);
    });
  }

  Reactor* SimilarUsers(Context* context,
                        const v1::SimilarUsersRequest* request,
                        v1::SimilarUsersResponse* response) override {
    return RunUnary(context, pool_, [this, request, response]() {
      return Answer(*request, response);
    });
  }

  Reactor* FindAudience(Context* context,
                        const v1::FindAudienceRequest* request,
                        v1::FindAudienceResponse* response) override {
    return RunUnary(context, pool_, [this, request, response]() {
      return Answer(*request, response);
    });
  }

 private:
  absl::Status Answer(const v1::RecommendRequest& request,
                      v1::RecommendResponse* response) const {
    ASSIGN_OR_RETURN(const Query query, FromProto(request, clock_.Now()));
    ASSIGN_OR_RETURN(const Recommendations answer,
                     recommender_.Recommend(query));
    ToProto(answer, request, response);
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::SimilarEventsRequest& request,
                      v1::SimilarEventsResponse* response) const {
    ASSIGN_OR_RETURN(const SimilarEventsCall call,
                     FromProto(request, clock_.Now()));
    ASSIGN_OR_RETURN(const SimilarEventList answer,
                     recommender_.SimilarEventsTo(call.event_id, call.query));
    ToProto(answer, request, response);
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::ExplainRequest& request,
                      v1::ExplainResponse* response) const {
    ASSIGN_OR_RETURN(ExplainCall call, FromProto(request, clock_.Now()));
    call.query.limit = kMaxLimit;
    ASSIGN_OR_RETURN(const EventExplanation answer,
                     recommender_.Explain(call.event_id, call.query));
    ToProto(answer, response);
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::SimilarUsersRequest& request,
                      v1::SimilarUsersResponse* response) const {
    ASSIGN_OR_RETURN(const SimilarUsersCall call, FromProto(request));
    ASSIGN_OR_RETURN(
        const UserList answer,
        recommender_.SimilarUsersTo(call.user_id, call.basis, call.limit));
    ToProto(answer, response);
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::FindAudienceRequest& request,
                      v1::FindAudienceResponse* response) const {
    ASSIGN_OR_RETURN(const FindAudienceCall call,
                     FromProto(request, clock_.Now()));
    ASSIGN_OR_RETURN(
        const UserList answer,
        recommender_.AudienceOf(call.event_id, call.limit,
                                call.include_interacted, call.now));
    ToProto(answer, response);
    return absl::OkStatus();
  }

  const Recommender& recommender_;
  const Clock& clock_;
  WorkerPool& pool_;
};

class AdminService final : public v1::AdminService::CallbackService {
 public:
  AdminService(const StatusReporter& reporter, ModelLoader& loader,
               WorkerPool& pool)
      : reporter_(reporter), loader_(loader), pool_(pool) {}

  Reactor* GetStatus(Context* context, const v1::GetStatusRequest*,
                     v1::GetStatusResponse* response) override {
    return RunUnary(context, pool_, [this, response]() {
      ToProto(reporter_.Report(), response);
      return absl::OkStatus();
    });
  }

  Reactor* ListModelVersions(Context* context,
                             const v1::ListModelVersionsRequest*,
                             v1::ListModelVersionsResponse* response) override {
    return RunUnary(context, pool_, [this, response]() -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<ListedVersion> list, loader_.List());
      ToProto(list, response);
      return absl::OkStatus();
    });
  }

  Reactor* PinModelVersion(Context* context,
                           const v1::PinModelVersionRequest* request,
                           v1::PinModelVersionResponse* response) override {
    return RunUnary(
        context, pool_, [this, request, response]() -> absl::Status {
          if (request->version() < 0) {
            return Invalid("version", "is negative; 0 unpins");
          }
          RETURN_IF_ERROR(loader_.Pin(request->version()));
          response->set_model_version(reporter_.Report().model.version);
          return absl::OkStatus();
        });
  }

  Reactor* ReloadModel(Context* context, const v1::ReloadModelRequest*,
                       v1::ReloadModelResponse* response) override {
    return RunUnary(context, pool_, [this, response]() -> absl::Status {
      ASSIGN_OR_RETURN(const int64_t version, loader_.Reload());
      response->set_model_version(version);
      return absl::OkStatus();
    });
  }

 private:
  const StatusReporter& reporter_;
  ModelLoader& loader_;
  WorkerPool& pool_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewRecommendationService(
    const Recommender& recommender, const Clock& clock, WorkerPool& pool) {
  return std::make_unique<RecommendationService>(recommender, clock, pool);
}

std::unique_ptr<grpc::Service> NewAdminService(const StatusReporter& reporter,
                                               ModelLoader& loader,
                                               WorkerPool& pool) {
  return std::make_unique<AdminService>(reporter, loader, pool);
}

}  // namespace usher
