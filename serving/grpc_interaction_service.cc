#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "serving/convert_experiments.h"
#include "serving/convert_writes.h"
#include "serving/grpc_calls.h"
#include "serving/grpc_services.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// One stream of interactions. Requests are read while earlier ones are being
// written, within bounds; responses leave in the order of the requests,
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
                                  const Clock& clock, const Context& context,
                                  const CallGate& gate,
                                  const CountedCall& call) {
    auto stream = std::make_shared<InteractionStream>(publisher, clock, context,
                                                      gate, call);
    stream->self_ = stream;
    stream->StartRead(&stream->request_);
    return stream.get();
  }

  InteractionStream(SnapshotPublisher& publisher, const Clock& clock,
                    const Context& context, const CallGate& gate,
                    const CountedCall& call)
      : publisher_(publisher),
        clock_(clock),
        context_(context),
        gate_(gate),
        call_(call) {}

  void OnReadDone(bool ok) override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    if (!ok) return Stop(absl::OkStatus());
    absl::StatusOr<Interactions> write =
        FromProto(request_.interactions(), clock_.Now());
    if (!write.ok()) return Stop(write.status());
    const int64_t sequence = request_.sequence();
    const size_t rows = write->size();
    {
      absl::MutexLock lock(&mu_);
      // A caller who gives up may have sent one more. Its answer would come
      // after Finish(), when the call may be gone.
      if (stopped_) return;
      ++writing_;
      rows_ += rows;
    }
    publisher_.Submit(
        *std::move(write),
        [self, sequence, rows](absl::StatusOr<WriteReceipt> receipt) {
          self->Answer(sequence, rows, receipt);
        },
        [self] { return CheckWanted(self->context_); });
    // Not sooner: what is read next is submitted next.
    absl::MutexLock lock(&mu_);
    if (stopped_) return;
    full_ = IsFull();
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
    ReadOn();
  }

  void OnCancel() override {
    const std::shared_ptr<InteractionStream> self = shared_from_this();
    Stop(absl::CancelledError("the caller has given up"));
  }

  void OnDone() override { const auto last = std::move(self_); }

 private:
  // Requests that are being written, and their rows; answers that the caller
  // has not taken, who may well send all before they read the first.
  static constexpr size_t kMaxWriting = 16;
  static constexpr size_t kMaxRows = 10'000;
  static constexpr size_t kMaxUnsent = 1 << 16;

  bool IsFull() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return writing_ >= kMaxWriting || rows_ >= kMaxRows ||
           unsent_.size() >= kMaxUnsent;
  }
  void ReadOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!full_ || stopped_ || IsFull()) return;
    full_ = false;
    StartRead(&request_);
  }

  void Stop(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (!stopped_) status_ = status;
    stopped_ = true;
    Send();
  }

  void Answer(int64_t sequence, size_t rows,
              const absl::StatusOr<WriteReceipt>& receipt)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    --writing_;
    rows_ -= rows;
    if (receipt.ok()) {
      v1::StreamInteractionsResponse& response = unsent_.emplace_back();
      response.set_sequence(sequence);
      response.set_accepted(receipt->accepted);
      response.set_duplicates(receipt->duplicates);
    } else if (!stopped_) {
      status_ = receipt.status();
      stopped_ = true;
    }
    Send();
    ReadOn();
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
  const Context& context_;  // Until Finish().
  const CallGate& gate_;
  const CountedCall call_;
  std::shared_ptr<InteractionStream> self_;

  // Of the one read that is going on.
  v1::StreamInteractionsRequest request_;

  absl::Mutex mu_;
  size_t writing_ ABSL_GUARDED_BY(mu_) = 0;
  size_t rows_ ABSL_GUARDED_BY(mu_) = 0;
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
                     const Clock& clock, const CallGate& gate)
      : publisher_(publisher),
        exposures_(exposures),
        clock_(clock),
        gate_(gate) {}

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
        [this, context](const CountedCall& call) {
          return InteractionStream::Start(publisher_, clock_, *context, gate_,
                                          call);
        });
  }

  Reactor* RecordExposures(Context* context,
                           const v1::RecordExposuresRequest* request,
                           v1::RecordExposuresResponse*) override {
    return RunAsync(context, RpcMethod::kRecordExposures, gate_,
                    [this, request](const auto& finish) {
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
  const CallGate& gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewInteractionService(
    SnapshotPublisher& publisher, ExposureLog& exposures, const Clock& clock,
    const CallGate& gate) {
  return std::make_unique<InteractionService>(publisher, exposures, clock,
                                              gate);
}

}  // namespace usher
