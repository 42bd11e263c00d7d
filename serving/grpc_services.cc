#include "serving/grpc_services.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "index/base/status_macros.h"
#include "serving/convert_requests.h"
#include "serving/convert_resources.h"
#include "serving/convert_responses.h"
#include "serving/grpc_calls.h"
#include "serving/list_exposure.h"
#include "serving/queued_call.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// Of a method on the queue: as many may come between two looks without waiting
// in gRPC.
constexpr int kAwaitedCalls = 128;

// Writes down what a caller is about to see, unless nobody does.
void WriteDown(const Query& query, const Recommendations& answer,
               const v1::RecommendRequest& request, Micros now,
               ExposureLog& exposures) {
  if (request.exposure() == v1::RecommendRequest::NONE) return;
  const bool shown = request.exposure() != v1::RecommendRequest::DEFERRED;
  exposures.Append(ListExposure(query, answer, now, shown,
                                exposures.Samples(answer.recommendation_id)));
}

// What a request asks that its scenario, if it names one, has filled.
absl::StatusOr<Query> QueryOf(const v1::RecommendRequest& filled,
                              const Scenario* scenario, Micros now) {
  ASSIGN_OR_RETURN(Query query, FromProto(filled, now));
  if (scenario == nullptr) return query;
  query.rules.insert(query.rules.begin(), scenario->rules.begin(),
                     scenario->rules.end());
  return query;
}

// One stream of lists. One thing is going on at any time: a request is read, a
// list is made, or a list is sent; whoever starts the next thing touches the
// stream no more. gRPC calls OnDone() when the last one is over.
class RecommendationStream final
    : public grpc::ServerBidiReactor<v1::RecommendStreamRequest,
                                     v1::RecommendStreamResponse> {
 public:
  RecommendationStream(const Recommender& recommender,
                       const Scenarios& scenarios, ExposureLog& exposures,
                       const Clock& clock, const Context& context,
                       const CallGate& gate, const CountedCall& call)
      : recommender_(recommender),
        scenarios_(scenarios),
        exposures_(exposures),
        clock_(clock),
        context_(context),
        gate_(gate),
        call_(call) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      return End(context_.IsCancelled() ? absl::CancelledError()
                                        : absl::OkStatus());
    }
    if (const absl::Status status = Begin(); !status.ok()) return End(status);
    Next();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError());
    gate_.metrics.CountStreamed(RpcMethod::kRecommendStream);
    Next();
  }

  void OnDone() override { delete this; }

 private:
  absl::Status Begin() {
    ASSIGN_OR_RETURN(each_, ForEachUser(request_));
    ASSIGN_OR_RETURN(scenario_, scenarios_.Find(each_.scenario()));
    if (scenario_ != nullptr) each_ = scenario_->Fill(each_);
    next_user_ = 0;
    return absl::OkStatus();
  }

  void Next() {
    if (next_user_ == request_.user_ids_size()) return StartRead(&request_);
    const auto make_list = [this] { MakeList(); };
    const absl::Status queued = std::exchange(let_in_, true)
                                    ? gate_.pool.SubmitNextStep(make_list)
                                    : gate_.pool.Submit(make_list);
    if (!queued.ok()) End(queued);
  }

  void MakeList() {
    each_.set_user_id(request_.user_ids(next_user_++));
    response_.Clear();
    const absl::Status status = Answer();
    if (!status.ok()) return End(status);
    StartWrite(&response_);
  }

  absl::Status Answer() {
    RETURN_IF_ERROR(CheckWanted(context_));
    const Micros now = clock_.Now();
    ASSIGN_OR_RETURN(const Query query, QueryOf(each_, scenario_, now));
    ASSIGN_OR_RETURN(const Recommendations answer,
                     recommender_.Recommend(query));
    ToProto(answer, each_, &response_);
    WriteDown(query, answer, each_, now, exposures_);
    return absl::OkStatus();
  }

  void End(const absl::Status& status) {
    call_.End(status.code());
    Finish(ToGrpcStatus(status));
  }

  const Recommender& recommender_;
  const Scenarios& scenarios_;
  ExposureLog& exposures_;
  const Clock& clock_;
  const Context& context_;
  const CallGate& gate_;
  const CountedCall call_;
  v1::RecommendStreamRequest request_;
  v1::RecommendRequest each_;  // For the user whose turn it is; filled.
  const Scenario* scenario_ = nullptr;
  int next_user_ = 0;
  bool let_in_ = false;  // Has passed the queue's limit once.
  v1::RecommendStreamResponse response_;
};

// The pool's threads take Recommend from gRPC themselves.
using MixedService = v1::RecommendationService::WithAsyncMethod_Recommend<
    v1::RecommendationService::WithCallbackMethod_RecommendStream<
        v1::RecommendationService::WithCallbackMethod_SimilarEvents<
            v1::RecommendationService::WithCallbackMethod_SimilarUsers<
                v1::RecommendationService::WithCallbackMethod_Explain<
                    v1::RecommendationService::WithCallbackMethod_FindAudience<
                        v1::RecommendationService::Service>>>>>>;

class RecommendationService final : public MixedService {
 public:
  RecommendationService(const Recommender& recommender,
                        const PageTokenCodec& pages, const Scenarios& scenarios,
                        ExposureLog& exposures, const Clock& clock,
                        const CallGate& gate, CallQueue& queue)
      : recommender_(recommender),
        pages_(pages),
        scenarios_(scenarios),
        exposures_(exposures),
        clock_(clock),
        gate_(gate),
        recommend_{RpcMethod::kRecommend, gate,
                   [this, &queue](grpc::ServerContext* context,
                                  v1::RecommendRequest* request,
                                  RecommendWriter* writer, void* tag) {
                     RequestRecommend(context, request, writer, queue.queue(),
                                      queue.queue(), tag);
                   },
                   [this](const v1::RecommendRequest& request,
                          v1::RecommendResponse* response) {
                     return Answer(request, response);
                   }} {
    queue.OnOpen([this] {
      for (int i = 0; i < kAwaitedCalls; ++i)
        RecommendCall::AwaitOne(recommend_);
    });
  }

  grpc::ServerBidiReactor<v1::RecommendStreamRequest,
                          v1::RecommendStreamResponse>*
  RecommendStream(Context* context) override {
    return RunStream<v1::RecommendStreamRequest, v1::RecommendStreamResponse>(
        context, RpcMethod::kRecommendStream, gate_,
        [this, context](const CountedCall& call) {
          return new RecommendationStream(recommender_, scenarios_, exposures_,
                                          clock_, *context, gate_, call);
        });
  }

  Reactor* SimilarEvents(Context* context,
                         const v1::SimilarEventsRequest* request,
                         v1::SimilarEventsResponse* response) override {
    return RunUnary(
        context, RpcMethod::kSimilarEvents, gate_,
        [this, request, response]() { return Answer(*request, response); });
  }

  Reactor* Explain(Context* context, const v1::ExplainRequest* request,
                   v1::ExplainResponse* response) override {
    return RunUnary(
        context, RpcMethod::kExplain, gate_,
        [this, request, response]() { return Answer(*request, response); });
  }

  Reactor* SimilarUsers(Context* context,
                        const v1::SimilarUsersRequest* request,
                        v1::SimilarUsersResponse* response) override {
    return RunUnary(
        context, RpcMethod::kSimilarUsers, gate_,
        [this, request, response]() { return Answer(*request, response); });
  }

  Reactor* FindAudience(Context* context,
                        const v1::FindAudienceRequest* request,
                        v1::FindAudienceResponse* response) override {
    return RunUnary(
        context, RpcMethod::kFindAudience, gate_,
        [this, request, response]() { return Answer(*request, response); });
  }

 private:
  using RecommendWriter =
      grpc::ServerAsyncResponseWriter<v1::RecommendResponse>;
  using RecommendCall = QueuedCall<v1::RecommendRequest, v1::RecommendResponse>;

  absl::Status Answer(const v1::RecommendRequest& request,
                      v1::RecommendResponse* response) const {
    ASSIGN_OR_RETURN(const Scenario* const scenario,
                     scenarios_.Find(request.scenario()));
    const uint64_t hash = ListHash(request);
    if (scenario == nullptr) return Answer(request, scenario, hash, response);
    return Answer(scenario->Fill(request), scenario, hash, response);
  }

  // For a filled request; the hash is that of what the caller wrote.
  absl::Status Answer(const v1::RecommendRequest& request,
                      const Scenario* scenario, uint64_t hash,
                      v1::RecommendResponse* response) const {
    const Micros now = clock_.Now();
    ASSIGN_OR_RETURN(const Query query, QueryOf(request, scenario, now));
    PageToken token{now, hash, 0, {}};
    Recommendations answer;
    if (request.page_token().empty()) {
      ASSIGN_OR_RETURN(answer, recommender_.Recommend(query));
    } else {
      ASSIGN_OR_RETURN(token,
                       pages_.Decode(request.page_token(), token.request, now));
      ASSIGN_OR_RETURN(answer, recommender_.NextPage(query, token));
    }
    ToProto(answer, request, response);
    WriteDown(query, answer, request, now, exposures_);
    if (answer.to_come.empty()) return absl::OkStatus();
    token.shown += response->results_size();
    token.events = std::move(answer.to_come);
    response->set_next_page_token(pages_.Encode(token));
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
  const PageTokenCodec& pages_;
  const Scenarios& scenarios_;
  ExposureLog& exposures_;
  const Clock& clock_;
  const CallGate& gate_;
  const RecommendCall::Method recommend_;
};

// An operator is told what is wrong with a version; other callers are not told
// of damage (to_grpc_status.h).
absl::Status Told(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::FailedPreconditionError(status.message());
}

class AdminService final : public v1::AdminService::CallbackService {
 public:
  AdminService(const StatusReporter& reporter, ModelLoader& loader,
               const CallGate& gate, const CallGate& slow_gate)
      : reporter_(reporter),
        loader_(loader),
        gate_(gate),
        slow_gate_(slow_gate) {}

  Reactor* GetStatus(Context* context, const v1::GetStatusRequest*,
                     v1::GetStatusResponse* response) override {
    return RunUnary(context, RpcMethod::kGetStatus, gate_, [this, response]() {
      ToProto(reporter_.Report(), response);
      return absl::OkStatus();
    });
  }

  Reactor* ListModelVersions(Context* context,
                             const v1::ListModelVersionsRequest*,
                             v1::ListModelVersionsResponse* response) override {
    return RunUnary(context, RpcMethod::kListModelVersions, gate_,
                    [this, response]() -> absl::Status {
                      ASSIGN_OR_RETURN(const std::vector<ListedVersion> list,
                                       loader_.List());
                      ToProto(list, response);
                      return absl::OkStatus();
                    });
  }

  Reactor* PinModelVersion(Context* context,
                           const v1::PinModelVersionRequest* request,
                           v1::PinModelVersionResponse* response) override {
    return RunUnary(
        context, RpcMethod::kPinModelVersion, slow_gate_,
        [this, request, response]() -> absl::Status {
          if (request->version() < 0) {
            return Invalid("version", "is negative; 0 unpins");
          }
          RETURN_IF_ERROR(Told(loader_.Pin(request->version())));
          response->set_model_version(reporter_.Report().model.version);
          return absl::OkStatus();
        });
  }

  Reactor* ReloadModel(Context* context, const v1::ReloadModelRequest*,
                       v1::ReloadModelResponse* response) override {
    return RunUnary(context, RpcMethod::kReloadModel, slow_gate_,
                    [this, response]() -> absl::Status {
                      const absl::StatusOr<int64_t> version = loader_.Reload();
                      RETURN_IF_ERROR(Told(version.status()));
                      response->set_model_version(*version);
                      return absl::OkStatus();
                    });
  }

 private:
  const StatusReporter& reporter_;
  ModelLoader& loader_;
  const CallGate& gate_;
  const CallGate& slow_gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewRecommendationService(
    const Recommender& recommender, const PageTokenCodec& pages,
    const Scenarios& scenarios, ExposureLog& exposures, const Clock& clock,
    const CallGate& gate, CallQueue& queue) {
  return std::make_unique<RecommendationService>(recommender, pages, scenarios,
                                                 exposures, clock, gate, queue);
}

std::unique_ptr<grpc::Service> NewAdminService(const StatusReporter& reporter,
                                               ModelLoader& loader,
                                               const CallGate& gate,
                                               const CallGate& slow_gate) {
  return std::make_unique<AdminService>(reporter, loader, gate, slow_gate);
}

}  // namespace usher
