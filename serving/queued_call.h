// One unary call of a CallQueue.
#ifndef USHER_SERVING_QUEUED_CALL_H_
#define USHER_SERVING_QUEUED_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "serving/call_queue.h"
#include "serving/grpc_calls.h"

namespace usher {

// What all calls of a method have in common.
template <class Request, class Response>
struct QueuedMethod {
  RpcMethod method;
  const CallGate& gate;
  // The service's Request...(): has gRPC put the next call there.
  std::function<void(grpc::ServerContext*, Request*,
                     grpc::ServerAsyncResponseWriter<Response>*, void* tag)>
      ask;
  std::function<absl::Status(const Request&, Response*)> answer;
};

// Waits for a call, has it answered by the pool and deletes itself when gRPC
// has done with it. `method` is borrowed.
template <class Request, class Response>
class QueuedCall {
 public:
  using Method = QueuedMethod<Request, Response>;

  static void AwaitOne(const Method& method) { new QueuedCall(method); }

 private:
  class Step final : public CallQueue::Step {
   public:
    using Then = void (QueuedCall::*)(bool ok);
    Step(QueuedCall& call, Then then) : call_(call), then_(then) {}
    void Happened(bool ok) override { (call_.*then_)(ok); }

   private:
    QueuedCall& call_;
    const Then then_;
  };

  explicit QueuedCall(const Method& method)
      : method_(method), writer_(&context_) {
    context_.AsyncNotifyWhenDone(&left_step_);
    method_.ask(&context_, &request_, &writer_, &arrived_step_);
  }
  ~QueuedCall() = default;

  void Arrived(bool ok) {
    // The server ends, and nothing else happens to this one.
    if (!ok) return delete this;
    AwaitOne(method_);
    counted_.emplace(method_.method, method_.gate.metrics);
    absl::Status begun = CheckAllowed(context_, method_.method, method_.gate);
    if (begun.ok()) begun = method_.gate.pool.Submit([this] { Work(); });
    if (!begun.ok()) Refuse(begun);
  }

  void Work() {
    absl::Status status = CheckWanted(context_);
    if (!status.ok()) return Refuse(status);
    Response& response = EmptyResponse();
    status = method_.answer(request_, &response);
    if (!status.ok()) return Refuse(status);
    counted_->End(status.code());
    // Serializes before it returns.
    writer_.Finish(response, grpc::Status::OK, &answered_step_);
  }

  void Refuse(const absl::Status& status) {
    counted_->End(status.code());
    writer_.FinishWithError(ToGrpcStatus(status), &answered_step_);
  }

  // The thread's own, with the memory of earlier ones; after one that was long
  // when it was sent, a new one.
  static Response& EmptyResponse() {
    constexpr int kLong = 64 << 10;  // Bytes.
    thread_local Response response;
    if (response.GetCachedSize() > kLong) {
      response = Response();
    } else {
      response.Clear();
    }
    return response;
  }

  // The last of the two deletes the call.
  void Answered(bool) { EndOne(); }
  void Left(bool) { EndOne(); }
  void EndOne() {
    if (--to_come_ == 0) delete this;
  }

  const Method& method_;
  Request request_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<Response> writer_;
  std::optional<CountedCall> counted_;
  std::atomic<int> to_come_{2};  // Of answered and left.
  Step arrived_step_{*this, &QueuedCall::Arrived};
  Step answered_step_{*this, &QueuedCall::Answered};
  Step left_step_{*this, &QueuedCall::Left};
};

}  // namespace usher

#endif  // USHER_SERVING_QUEUED_CALL_H_
