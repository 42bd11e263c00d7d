#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "index/base/status_macros.h"
#include "serving/convert_experiments.h"
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
                 WorkerPool& pool)
      : holder_(holder), publisher_(publisher), pool_(pool) {}

  Reactor* UpsertEvents(Context* context,
                        const v1::UpsertEventsRequest* request,
                        v1::UpsertEventsResponse*) override {
    return RunWrite(context, *request);
  }

  Reactor* DeleteEvents(Context* context,
                        const v1::DeleteEventsRequest* request,
                        v1::DeleteEventsResponse*) override {
    return RunWrite(context, *request);
  }

  Reactor* UpsertUsers(Context* context, const v1::UpsertUsersRequest* request,
                       v1::UpsertUsersResponse*) override {
    return RunWrite(context, *request);
  }

  Reactor* GetEvent(Context* context, const v1::GetEventRequest* request,
                    v1::GetEventResponse* response) override {
    return RunUnary(context, pool_, [this, request, response] {
      return Answer(*request, response);
    });
  }

  Reactor* GetUser(Context* context, const v1::GetUserRequest* request,
                   v1::GetUserResponse* response) override {
    return RunUnary(context, pool_, [this, request, response] {
      return Answer(*request, response);
    });
  }

 private:
  template <class Request>
  Reactor* RunWrite(Context* context, const Request& request) {
    return RunAsync(context, pool_, [this, &request](const auto& finish) {
      auto write = FromProto(request);
      if (!write.ok()) return finish(write.status());
      publisher_.Submit(*std::move(write),
                        [finish](const absl::StatusOr<WriteReceipt>& receipt) {
                          finish(receipt.status());
                        });
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
  WorkerPool& pool_;
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
                                  const Clock& clock) {
    auto stream = std::make_shared<InteractionStream>(publisher, clock);
    stream->self_ = stream;
    stream->StartRead(&stream->request_);
    return stream.get();
  }

  InteractionStream(SnapshotPublisher& publisher, const Clock& clock)
      : publisher_(publisher), clock_(clock) {}

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
    publisher_.Submit(*std::move(write),
                      [self, sequence](absl::StatusOr<WriteReceipt> receipt) {
                        self->Answer(sequence, receipt);
                      });
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
    if (!ok) {
      stopped_ = true;
      unsent_.clear();
    }
    Send();
  }

  void OnCancel() override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    Stop(absl::CancelledError("the caller has given up"));
  }

  void OnDone() override { const auto last = std::move(self_); }

 private:
  static constexpr int kMaxWriting = 16;

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
      Finish(ToGrpcStatus(status_));
    }
  }

  SnapshotPublisher& publisher_;
  const Clock& clock_;
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
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

class InteractionService final
    : public v1::InteractionService::CallbackService {
 public:
  InteractionService(SnapshotPublisher& publisher, ExposureLog& exposures,
                     const Clock& clock, WorkerPool& pool)
      : publisher_(publisher),
        exposures_(exposures),
        clock_(clock),
        pool_(pool) {}

  Reactor* RecordInteractions(
      Context* context, const v1::RecordInteractionsRequest* request,
      v1::RecordInteractionsResponse* response) override {
    return RunAsync(
        context, pool_, [this, request, response](const auto& finish) {
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
              });
        });
  }

  grpc::ServerBidiReactor<v1::StreamInteractionsRequest,
                          v1::StreamInteractionsResponse>*
  StreamInteractions(Context*) override {
    return InteractionStream::Start(publisher_, clock_);
  }

  Reactor* RecordExposures(Context* context,
                           const v1::RecordExposuresRequest* request,
                           v1::RecordExposuresResponse*) override {
    return RunAsync(context, pool_, [this, request](const auto& finish) {
      auto shown = FromProto(*request);
      if (!shown.ok()) return finish(shown.status());
      exposures_.Show(std::move(shown->recommendation_id),
                      std::move(shown->positions), finish);
    });
  }

 private:
  SnapshotPublisher& publisher_;
  ExposureLog& exposures_;
  const Clock& clock_;
  WorkerPool& pool_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewCatalogService(const SnapshotHolder& holder,
                                                 SnapshotPublisher& publisher,
                                                 WorkerPool& pool) {
  return std::make_unique<CatalogService>(holder, publisher, pool);
}

std::unique_ptr<grpc::Service> NewInteractionService(
    SnapshotPublisher& publisher, ExposureLog& exposures, const Clock& clock,
    WorkerPool& pool) {
  return std::make_unique<InteractionService>(publisher, exposures, clock,
                                              pool);
}

}  // namespace usher
