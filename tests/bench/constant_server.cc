// The ceiling of any gRPC server: answers every call of any method with the
// same bytes.
//
//   usher-bench constant-server ADDRESS BYTES [THREADS]
//
// Completion queues, one a thread (2), each with calls that wait for a request.
// The answer begins like one of Recommend with a result. Runs until SIGTERM.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/workloads.h"

namespace usher {
namespace {

constexpr int kWaitingCalls = 200;  // A thread.

class Call {
 public:
  Call(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue,
       const grpc::ByteBuffer& answer)
      : service_(service), queue_(queue), answer_(answer), stream_(&context_) {
    service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }

  // The next thing has happened; `ok` as the queue says.
  void Go(bool ok) {
    switch (state_) {
      case State::kAsked:
        if (!ok) return delete this;  // The server ends.
        new Call(service_, queue_, answer_);
        state_ = State::kRead;
        return stream_.Read(&request_, this);
      case State::kRead:
        state_ = State::kAnswered;
        if (!ok) return stream_.Finish(grpc::Status::CANCELLED, this);
        return stream_.WriteAndFinish(answer_, {}, grpc::Status::OK, this);
      case State::kAnswered:
        return delete this;
    }
  }

 private:
  enum class State { kAsked, kRead, kAnswered };

  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  const grpc::ByteBuffer& answer_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer request_;
  State state_ = State::kAsked;
};

void Serve(grpc::ServerCompletionQueue& queue) {
  void* call;
  bool ok;
  while (queue.Next(&call, &ok)) static_cast<Call*>(call)->Go(ok);
}

}  // namespace

int ConstantServer(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(
        stderr, "usage: usher-bench constant-server ADDRESS BYTES [THREADS]\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int threads = argc > 3 ? std::atoi(argv[3]) : 2;
  std::string bytes(std::strtoul(argv[2], nullptr, 10), 'x');
  if (!bytes.empty()) bytes[0] = '\x0a';
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer answer(&slice, 1);
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
  builder.RegisterAsyncGenericService(&service);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < threads; ++i) {
    queues.push_back(builder.AddCompletionQueue());
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::vector<std::thread> workers;
  for (const auto& queue : queues) {
    for (int i = 0; i < kWaitingCalls; ++i) new Call(service, *queue, answer);
    workers.emplace_back([&queue] { Serve(*queue); });
  }
  std::printf("serving %zu bytes at %s\n", bytes.size(), argv[1]);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  for (const auto& queue : queues) queue->Shutdown();
  for (std::thread& worker : workers) worker.join();
  return 0;
}

}  // namespace usher
