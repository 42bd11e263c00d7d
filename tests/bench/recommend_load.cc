// Asks a running server for recommendations from many connections at once.
//
//   usher-bench recommend-load ADDRESS USERS_FILE SECONDS CONNECTIONS [RATE]
//   [NOW] [KM]
//
// USERS_FILE has one user id a line. Without RATE (or with 0) the loop is
// closed: each connection asks again as soon as it is answered. With RATE it is
// open: requests are due at a fixed total rate, and a latency is counted from
// when its request was due, so that a stall delays, and does not hide, the
// requests behind it. NOW is the instant to ask for, in unix seconds (0: the
// server's own); KM, how far from home a user goes.
//
// In the closed loop one thread does all; in the open loop one asks when it is
// time, and another takes the answers and asks what had to wait. Nothing is
// looked at of an answer but its length and whether it begins with a result:
// what a caller costs is the server's not to have, as both run on one machine.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/workloads.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {
namespace {

using Instant = std::chrono::system_clock::time_point;
using SystemClock = std::chrono::system_clock;

constexpr char kMethod[] = "/usher.v1.RecommendationService/Recommend";
// How often it is looked whether all has been asked.
constexpr SystemClock::duration kPatience = std::chrono::milliseconds(10);
// The first byte of an answer with results: field 1, with a length.
constexpr uint8_t kResultTag = 0x0a;

struct Load {
  std::string address;
  std::vector<grpc::ByteBuffer> requests;
  double seconds = 10;
  int connections = 2;
  double rate = 0;
};

struct Result {
  std::vector<double> milliseconds;
  int64_t failed = 0;
  int64_t empty = 0;
  size_t bytes = 0;
};

// A connection with one call at a time.
struct Connection {
  std::unique_ptr<grpc::GenericStub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  Instant due;
};

class Loop {
 public:
  explicit Loop(const Load& load)
      : load_(load), connections_(load.connections) {
    for (Connection& connection : connections_) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      connection.stub =
          std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
              load.address, grpc::InsecureChannelCredentials(), arguments));
    }
  }

  Result Run() {
    const Instant start = SystemClock::now();
    const Instant end = start + Seconds(load_.seconds);
    if (load_.rate > 0) {
      asking_ = true;
      std::thread asker([&] {
        AskInTime(start, end);
        asking_ = false;
      });
      TakeAnswers(end);
      asker.join();
    } else {
      for (Connection& connection : connections_) {
        Ask(connection, SystemClock::now());
      }
      TakeAnswers(end);
    }
    return std::move(result_);
  }

 private:
  static SystemClock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<SystemClock::duration>(
        std::chrono::duration<double>(seconds));
  }

  // A thread of its own: it is late by tenths of a millisecond at most while a
  // core is free, where the queue waits for whole milliseconds.
  void AskInTime(Instant start, Instant end) ABSL_LOCKS_EXCLUDED(mu_) {
    {
      absl::MutexLock lock(&mu_);
      for (Connection& connection : connections_) idle_.push_back(&connection);
    }
    for (int64_t n = 0;; ++n) {
      const Instant due = start + Seconds(static_cast<double>(n) / load_.rate);
      if (due >= end) return;
      std::this_thread::sleep_until(due);
      Connection* connection = nullptr;
      {
        absl::MutexLock lock(&mu_);
        if (idle_.empty()) {
          waiting_.push_back(due);
          continue;
        }
        connection = idle_.back();
        idle_.pop_back();
      }
      Ask(*connection, due);
    }
  }

  // Has the connection of an answer ask what is next, if there is anything.
  // What was due before the end is asked, however late.
  void AskNext(Connection& connection, Instant end) ABSL_LOCKS_EXCLUDED(mu_) {
    Instant due = SystemClock::now();
    if (load_.rate == 0 && due >= end) return;
    if (load_.rate > 0) {
      absl::MutexLock lock(&mu_);
      if (waiting_.empty()) {
        idle_.push_back(&connection);
        return;
      }
      due = waiting_.front();
      waiting_.pop_front();
    }
    Ask(connection, due);
  }

  void TakeAnswers(Instant end) {
    void* tag;
    bool ok;
    while (asking_ || open_ > 0) {
      if (queue_.AsyncNext(&tag, &ok, SystemClock::now() + kPatience) !=
          grpc::CompletionQueue::GOT_EVENT) {
        continue;
      }
      Connection& connection = *static_cast<Connection*>(tag);
      Note(connection);
      AskNext(connection, end);
      --open_;
    }
  }

  void Ask(Connection& connection, Instant due) {
    ++open_;
    connection.due = due;
    connection.context = std::make_unique<grpc::ClientContext>();
    connection.response.Clear();
    connection.reader = connection.stub->PrepareUnaryCall(
        connection.context.get(), kMethod,
        load_.requests[asked_++ % load_.requests.size()], &queue_);
    connection.reader->StartCall();
    connection.reader->Finish(&connection.response, &connection.status,
                              &connection);
  }

  void Note(const Connection& connection) {
    result_.milliseconds.push_back(std::chrono::duration<double, std::milli>(
                                       SystemClock::now() - connection.due)
                                       .count());
    if (!connection.status.ok()) {
      ++result_.failed;
      return;
    }
    result_.bytes += connection.response.Length();
    std::vector<grpc::Slice> slices;
    const bool read = connection.response.Dump(&slices).ok();
    result_.empty += !read || slices.empty() || slices[0].size() == 0 ||
                     *slices[0].begin() != kResultTag;
  }

  const Load& load_;
  grpc::CompletionQueue queue_;
  std::vector<Connection> connections_;
  absl::Mutex mu_;
  std::vector<Connection*> idle_ ABSL_GUARDED_BY(mu_);
  // When requests were due that wait for a connection.
  std::deque<Instant> waiting_ ABSL_GUARDED_BY(mu_);
  std::atomic<size_t> asked_{0};
  std::atomic<bool> asking_{false};
  std::atomic<int> open_{0};
  Result result_;
};

std::vector<grpc::ByteBuffer> RequestsOf(const char* users_file, int64_t now,
                                         double km) {
  std::vector<grpc::ByteBuffer> requests;
  std::ifstream file(users_file);
  for (std::string line; std::getline(file, line);) {
    usher::v1::RecommendRequest request;
    request.set_user_id(line);
    request.set_detail(usher::v1::REASONS);
    if (now > 0) request.mutable_context()->mutable_now()->set_seconds(now);
    if (km > 0) request.mutable_filter()->set_max_distance_km(km);
    const grpc::Slice slice(request.SerializeAsString());
    requests.emplace_back(&slice, 1);
  }
  return requests;
}

void Report(const Load& load, Result result) {
  std::vector<double>& all = result.milliseconds;
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all.empty()
               ? 0.0
               : all[std::min(all.size() - 1,
                              static_cast<size_t>(
                                  part * static_cast<double>(all.size())))];
  };
  std::printf(
      "%zu answers, %lld failed, %lld empty, %.0f/s, p50 %.2f ms, p90 %.2f ms, "
      "p99 %.2f ms, max %.2f ms, %zu bytes each\n",
      all.size(), static_cast<long long>(result.failed),
      static_cast<long long>(result.empty),
      static_cast<double>(all.size()) / load.seconds, at(.5), at(.9), at(.99),
      at(1), result.bytes / std::max<size_t>(1, all.size()));
}

}  // namespace

int RecommendLoad(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: usher-bench recommend-load ADDRESS USERS_FILE SECONDS "
                 "CONNECTIONS "
                 "[RATE] [NOW] [KM]\n");
    return 2;
  }
  Load load;
  load.address = argv[1];
  load.requests = RequestsOf(argv[2], argc > 6 ? std::atoll(argv[6]) : 0,
                             argc > 7 ? std::atof(argv[7]) : 0);
  load.seconds = std::atof(argv[3]);
  load.connections = std::atoi(argv[4]);
  if (argc > 5) load.rate = std::atof(argv[5]);
  if (load.requests.empty() || load.seconds <= 0 || load.connections < 1) {
    std::fprintf(
        stderr,
        "usher-bench recommend-load: no users, no time or no connection\n");
    return 2;
  }
  Report(load, Loop(load).Run());
  return 0;
}

}  // namespace usher
