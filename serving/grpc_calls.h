// How calls are let in and run on the pool's threads; for the files that define
// services.
#ifndef USHER_SERVING_GRPC_CALLS_H_
#define USHER_SERVING_GRPC_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "serving/call_gate.h"
#include "serving/to_grpc_status.h"
#include "serving/worker_pool.h"

namespace usher {

// Ok while the caller still waits.
inline absl::Status CheckWanted(const grpc::ServerContextBase& context) {
  if (context.deadline() < std::chrono::system_clock::now()) {
    return absl::DeadlineExceededError(
        "the caller's deadline passed before the work began");
  }
  if (context.IsCancelled()) {
    return absl::CancelledError("the caller has given up");
  }
  return absl::OkStatus();
}

// Ok when the caller may call the method. Every method of every service asks
// this before anything else, by RunAsync(), RunUnary(), RunStream() or as a
// QueuedCall.
inline absl::Status CheckAllowed(const grpc::ServerContextBase& context,
                                 RpcMethod method, const CallGate& gate) {
  if (gate.tokens == nullptr) return absl::OkStatus();
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  absl::string_view authorization;
  if (found != metadata.end()) {
    authorization = {found->second.data(), found->second.size()};
  }
  return gate.tokens->Check(authorization, SpecOf(method).scope);
}

// One call, counted from its beginning to its end.
class CountedCall {
 public:
  CountedCall(RpcMethod method, CallMetrics& metrics)
      : method_(method), metrics_(metrics), begun_(SteadyNanoseconds()) {
    metrics_.CountBegun(method_);
  }
  void End(absl::StatusCode code) const {
    metrics_.CountEnded(method_, code, SteadyNanoseconds() - begun_);
  }

 private:
  const RpcMethod method_;
  CallMetrics& metrics_;
  const int64_t begun_;
};

// Has `work` done by the pool. It takes a `finish(absl::Status)` that it calls
// once, then or later, from any thread.
template <class Work>
grpc::ServerUnaryReactor* RunAsync(grpc::CallbackServerContext* context,
                                   RpcMethod method, const CallGate& gate,
                                   Work work) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto finish = [reactor, call = CountedCall(method, gate.metrics)](
                          const absl::Status& status) {
    call.End(status.code());
    reactor->Finish(ToGrpcStatus(status));
  };
  absl::Status begun = CheckAllowed(*context, method, gate);
  if (begun.ok()) {
    begun = gate.pool.Submit([context, finish, work = std::move(work)] {
      const absl::Status wanted = CheckWanted(*context);
      if (wanted.ok()) {
        work(finish);
      } else {
        finish(wanted);
      }
    });
  }
  if (!begun.ok()) finish(begun);
  return reactor;
}

// The same for `work` that returns the call's absl::Status.
template <class Work>
grpc::ServerUnaryReactor* RunUnary(grpc::CallbackServerContext* context,
                                   RpcMethod method, const CallGate& gate,
                                   Work work) {
  return RunAsync(
      context, method, gate,
      [work = std::move(work)](const auto& finish) { finish(work()); });
}

// A stream that says no and is over. Deletes itself.
template <class Request, class Response>
class RefusedStream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit RefusedStream(const absl::Status& status) {
    this->Finish(ToGrpcStatus(status));
  }
  void OnDone() override { delete this; }
};

// A stream: `open(CountedCall)` makes its reactor, which ends the call, when
// the caller is allowed to.
template <class Request, class Response, class Open>
grpc::ServerBidiReactor<Request, Response>* RunStream(
    grpc::CallbackServerContext* context, RpcMethod method,
    const CallGate& gate, Open open) {
  const CountedCall call(method, gate.metrics);
  const absl::Status allowed = CheckAllowed(*context, method, gate);
  if (allowed.ok()) return open(call);
  call.End(allowed.code());
  return new RefusedStream<Request, Response>(allowed);
}

}  // namespace usher

#endif  // USHER_SERVING_GRPC_CALLS_H_
