#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "index/base/status_macros.h"
#include "serving/convert_resources.h"
#include "serving/convert_writes.h"
#include "serving/grpc_calls.h"
#include "serving/grpc_services.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  CatalogService(const SnapshotHolder& holder, SnapshotPublisher& publisher,
                 const CallGate& gate)
      : holder_(holder), publisher_(publisher), gate_(gate) {}

  Reactor* UpsertEvents(Context* context,
                        const v1::UpsertEventsRequest* request,
                        v1::UpsertEventsResponse*) override {
    return RunWrite(context, RpcMethod::kUpsertEvents, *request);
  }

  Reactor* DeleteEvents(Context* context,
                        const v1::DeleteEventsRequest* request,
                        v1::DeleteEventsResponse*) override {
    return RunWrite(context, RpcMethod::kDeleteEvents, *request);
  }

  Reactor* UpsertUsers(Context* context, const v1::UpsertUsersRequest* request,
                       v1::UpsertUsersResponse*) override {
    return RunWrite(context, RpcMethod::kUpsertUsers, *request);
  }

  Reactor* GetEvent(Context* context, const v1::GetEventRequest* request,
                    v1::GetEventResponse* response) override {
    return RunUnary(
        context, RpcMethod::kGetEvent, gate_,
        [this, request, response] { return Answer(*request, response); });
  }

  Reactor* GetUser(Context* context, const v1::GetUserRequest* request,
                   v1::GetUserResponse* response) override {
    return RunUnary(
        context, RpcMethod::kGetUser, gate_,
        [this, request, response] { return Answer(*request, response); });
  }

 private:
  template <class Request>
  Reactor* RunWrite(Context* context, RpcMethod method,
                    const Request& request) {
    return RunAsync(
        context, method, gate_, [this, context, &request](const auto& finish) {
          auto write = FromProto(request);
          if (!write.ok()) return finish(write.status());
          publisher_.Submit(
              *std::move(write),
              [finish](const absl::StatusOr<WriteReceipt>& receipt) {
                finish(receipt.status());
              },
              [context] { return CheckWanted(*context); });
        });
  }

  absl::StatusOr<std::shared_ptr<const Served>> Current() const {
    std::shared_ptr<const Served> served = holder_.Get();
    if (served == nullptr) return ErrorOfNoModel();
    return served;
  }

  absl::Status Answer(const v1::GetEventRequest& request,
                      v1::GetEventResponse* response) const {
    RETURN_IF_ERROR(CheckId(request.event_id(), "event_id"));
    ASSIGN_OR_RETURN(const std::shared_ptr<const Served> served, Current());
    const Catalog& catalog = served->snapshot().catalog;
    const EventRow row = catalog.FindEvent(request.event_id());
    if (row == kNoEvent || catalog.events.columns[Index(row)].absent) {
      return absl::NotFoundError(absl::StrCat("event_id: there is no event \"",
                                              request.event_id(), "\""));
    }
    *response->mutable_event() = ToProto(catalog.GetEvent(row));
    return absl::OkStatus();
  }

  absl::Status Answer(const v1::GetUserRequest& request,
                      v1::GetUserResponse* response) const {
    RETURN_IF_ERROR(CheckId(request.user_id(), "user_id"));
    ASSIGN_OR_RETURN(const std::shared_ptr<const Served> served, Current());
    const Catalog& catalog = served->snapshot().catalog;
    const UserRow row = catalog.FindUser(request.user_id());
    if (row == kNoUser) {
      return absl::NotFoundError(absl::StrCat("user_id: there is no user \"",
                                              request.user_id(), "\""));
    }
    *response->mutable_user() = ToProto(catalog.GetUser(row));
    return absl::OkStatus();
  }

  const SnapshotHolder& holder_;
  SnapshotPublisher& publisher_;
  const CallGate& gate_;
};

// One stream of interactions. Requests are read while earlier ones are being
// written, up to kMaxWriting; responses leave in the order of the requests,
// which is the order in which the publisher answers.
//
// Owns itself until gRPC is done with it. Whoever works on it holds a share,
// since gRPC may be done as soon as Finish() is called.
class InteractionStream final
    : public grpc::ServerBidiReactor<v1::StreamInteractionsRequest,
                                     v1::StreamInteractionsResponse>,
      public std::enable_shared_from_this<InteractionStream> {
 public:
  static InteractionStream* Start(SnapshotPublisher& publisher,
                                  const Clock& clock, const CallGate& gate,
                                  const CountedCall& call) {
    auto stream =
        std::make_shared<InteractionStream>(publisher, clock, gate, call);
    stream->self_ = stream;
    stream->StartRead(&stream->request_);
    return stream.get();
  }

  InteractionStream(SnapshotPublisher& publisher, const Clock& clock,
                    const CallGate& gate, const CountedCall& call)
      : publisher_(publisher), clock_(clock), gate_(gate), call_(call) {}

  void OnReadDone(bool ok) override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    if (!ok) return Stop(absl::OkStatus());
    absl::StatusOr<Interactions> write =
        FromProto(request_.interactions(), clock_.Now());
    if (!write.ok()) return Stop(write.status());
    const int64_t sequence = request_.sequence();
    {
      absl::MutexLock lock(&mu_);
      ++writing_;
    }
    publisher_.Submit(
        *std::move(write),
        [self, sequence](absl::StatusOr<WriteReceipt> receipt) {
          self->Answer(sequence, receipt);
        },
        [self] { return self->CheckOpen(); });
    // Not sooner: what is read next is submitted next.
    absl::MutexLock lock(&mu_);
    if (stopped_) return;
    full_ = writing_ >= kMaxWriting;
    if (!full_) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    absl::MutexLock lock(&mu_);
    sending_ = false;
    if (ok) gate_.metrics.CountStreamed(RpcMethod::kStreamInteractions);
    if (!ok) {
      stopped_ = true;
      unsent_.clear();
    }
    Send();
  }

  void OnCancel() override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    {
      absl::MutexLock lock(&mu_);
      given_up_ = true;
    }
    Stop(ErrorOfGivingUp());
  }

  void OnDone() override { const auto last = std::move(self_); }

 private:
  static constexpr int kMaxWriting = 16;

  static absl::Status ErrorOfGivingUp() {
    return absl::CancelledError("the caller has given up");
  }

  // What still waits when the caller has given up is not written.
  absl::Status CheckOpen() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return given_up_ ? ErrorOfGivingUp() : absl::OkStatus();
  }

  void Stop(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (!stopped_) status_ = status;
    stopped_ = true;
    Send();
  }

  void Answer(int64_t sequence, const absl::StatusOr<WriteReceipt>& receipt)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    --writing_;
    if (receipt.ok()) {
      v1::StreamInteractionsResponse& response = unsent_.emplace_back();
      response.set_sequence(sequence);
      response.set_accepted(receipt->accepted);
      response.set_duplicates(receipt->duplicates);
    } else if (!stopped_) {
      status_ = receipt.status();
      stopped_ = true;
    }
    if (std::exchange(full_, false) && !stopped_) StartRead(&request_);
    Send();
  }

  // Sends what can be sent; ends the stream after the last response.
  void Send() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (sending_) return;
    if (!unsent_.empty()) {
      sending_ = true;
      response_ = std::move(unsent_.front());
      unsent_.pop_front();
      StartWrite(&response_);
    } else if (stopped_ && writing_ == 0 && !finished_) {
      finished_ = true;
      call_.End(status_.code());
      Finish(ToGrpcStatus(status_));
    }
  }

  SnapshotPublisher& publisher_;
  const Clock& clock_;
  const CallGate& gate_;
  const CountedCall call_;
  std::shared_ptr<InteractionStream> self_;

  // Of the one read that is going on.
  v1::StreamInteractionsRequest request_;

  absl::Mutex mu_;
  int writing_ ABSL_GUARDED_BY(mu_) = 0;
  bool full_ ABSL_GUARDED_BY(mu_) = false;  // No read is going on.
  std::deque<v1::StreamInteractionsResponse> unsent_ ABSL_GUARDED_BY(mu_);
  v1::StreamInteractionsResponse response_ ABSL_GUARDED_BY(mu_);
  bool sending_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  bool given_up_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

class InteractionService final
    : public v1::InteractionService::CallbackService {
 public:
  InteractionService(SnapshotPublisher& publisher, const Clock& clock,
                     const CallGate& gate)
      : publisher_(publisher), clock_(clock), gate_(gate) {}

  Reactor* RecordInteractions(
      Context* context, const v1::RecordInteractionsRequest* request,
      v1::RecordInteractionsResponse* response) override {
    return RunAsync(
        context, RpcMethod::kRecordInteractions, gate_,
        [this, context, request, response](const auto& finish) {
          auto write = FromProto(request->interactions(), clock_.Now());
          if (!write.ok()) return finish(write.status());
          publisher_.Submit(
              *std::move(write),
              [finish, response](const absl::StatusOr<WriteReceipt>& receipt) {
                if (receipt.ok()) {
                  response->set_accepted(receipt->accepted);
                  response->set_duplicates(receipt->duplicates);
                }
                finish(receipt.status());
              },
              [context] { return CheckWanted(*context); });
        });
  }

  grpc::ServerBidiReactor<v1::StreamInteractionsRequest,
                          v1::StreamInteractionsResponse>*
  StreamInteractions(Context* context) override {
    return RunStream<v1::StreamInteractionsRequest,
                     v1::StreamInteractionsResponse>(
        context, RpcMethod::kStreamInteractions, gate_,
        [this](const CountedCall& call) {
          return InteractionStream::Start(publisher_, clock_, gate_, call);
        });
  }

 private:
  SnapshotPublisher& publisher_;
  const Clock& clock_;
  const CallGate& gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewCatalogService(const SnapshotHolder& holder,
                                                 SnapshotPublisher& publisher,
                                                 const CallGate& gate) {
  return std::make_unique<CatalogService>(holder, publisher, gate);
}

std::unique_ptr<grpc::Service> NewInteractionService(
    SnapshotPublisher& publisher, const Clock& clock, const CallGate& gate) {
  return std::make_unique<InteractionService>(publisher, clock, gate);
}

}  // namespace usher
