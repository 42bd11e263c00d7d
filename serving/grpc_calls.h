// How calls are run on the pool's threads; for the files that define services.
#ifndef USHER_SERVING_GRPC_CALLS_H_
#define USHER_SERVING_GRPC_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "serving/to_grpc_status.h"
#include "serving/worker_pool.h"

namespace usher {

// Ok while the caller still waits.
inline absl::Status CheckWanted(const grpc::CallbackServerContext& context) {
  if (context.deadline() < std::chrono::system_clock::now()) {
    return absl::DeadlineExceededError(
        "the caller's deadline passed before the work began");
  }
  if (context.IsCancelled()) {
    return absl::CancelledError("the caller has given up");
  }
  return absl::OkStatus();
}

// Has `work` done by the pool. It takes a `finish(absl::Status)` that it calls
// once, then or later, from any thread.
template <class Work>
grpc::ServerUnaryReactor* RunAsync(grpc::CallbackServerContext* context,
                                   WorkerPool& pool, Work work) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto finish = [reactor](const absl::Status& status) {
    reactor->Finish(ToGrpcStatus(status));
  };
  const absl::Status queued =
      pool.Submit([context, finish, work = std::move(work)] {
        const absl::Status wanted = CheckWanted(*context);
        if (wanted.ok()) {
          work(finish);
        } else {
          finish(wanted);
        }
      });
  if (!queued.ok()) finish(queued);
  return reactor;
}

// The same for `work` that returns the call's absl::Status.
template <class Work>
grpc::ServerUnaryReactor* RunUnary(grpc::CallbackServerContext* context,
                                   WorkerPool& pool, Work work) {
  return RunAsync(context, pool, [work = std::move(work)](const auto& finish) {
    finish(work());
  });
}

}  // namespace usher

#endif  // USHER_SERVING_GRPC_CALLS_H_
