// Asks a running server for recommendations from many connections at once.
//
//   recommend_load ADDRESS USERS_FILE SECONDS CONNECTIONS [RATE] [NOW]
//
// USERS_FILE has one user id a line. Without RATE (or with 0) the loop is
// closed: each connection asks again as soon as it is answered. With RATE it is
// open: requests are due at a fixed total rate, and a latency is counted from
// when its request was due, so that a stall delays, and does not hide, the
// requests behind it. NOW is the instant to ask for, in unix seconds.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "usher/v1/recommendation.grpc.pb.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Load {
  std::string address;
  std::vector<std::string> users;
  double seconds = 10;
  int connections = 2;
  double rate = 0;
  int64_t now = 0;
};

struct Result {
  std::vector<double> milliseconds;
  int64_t failed = 0;
  int64_t empty = 0;
};

Result Ask(const Load& load, int connection) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub =
      usher::v1::RecommendationService::NewStub(grpc::CreateCustomChannel(
          load.address, grpc::InsecureChannelCredentials(), arguments));
  Result result;
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::duration<double>(load.seconds);
  const double interval =
      load.rate > 0 ? load.connections / load.rate : 0;  // Seconds.
  for (int64_t n = 0;; ++n) {
    auto due = SteadyClock::now();
    if (interval > 0) {
      due = start + std::chrono::duration_cast<SteadyClock::duration>(
                        std::chrono::duration<double>(
                            interval * (static_cast<double>(n) +
                                        static_cast<double>(connection) /
                                            load.connections)));
      std::this_thread::sleep_until(due);
    }
    if (due >= end || SteadyClock::now() >= end) return result;
    usher::v1::RecommendRequest request;
    request.set_user_id(
        load.users[(n * load.connections + connection) % load.users.size()]);
    request.set_detail(usher::v1::REASONS);
    if (load.now > 0) {
      request.mutable_context()->mutable_now()->set_seconds(load.now);
    }
    usher::v1::RecommendResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub->Recommend(&context, request, &response);
    result.failed += !status.ok();
    result.empty += status.ok() && response.results().empty();
    result.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - due)
            .count());
  }
}

void Report(const Load& load, std::vector<Result> results) {
  std::vector<double> all;
  int64_t failed = 0;
  int64_t empty = 0;
  for (const Result& result : results) {
    all.insert(all.end(), result.milliseconds.begin(),
               result.milliseconds.end());
    failed += result.failed;
    empty += result.empty;
  }
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
      "p99 %.2f ms, max %.2f ms\n",
      all.size(), static_cast<long long>(failed), static_cast<long long>(empty),
      static_cast<double>(all.size()) / load.seconds, at(.5), at(.9), at(.99),
      at(1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: recommend_load ADDRESS USERS_FILE SECONDS CONNECTIONS "
                 "[RATE] [NOW]\n");
    return 2;
  }
  Load load;
  load.address = argv[1];
  std::ifstream file(argv[2]);
  for (std::string line; std::getline(file, line);) load.users.push_back(line);
  load.seconds = std::atof(argv[3]);
  load.connections = std::atoi(argv[4]);
  if (argc > 5) load.rate = std::atof(argv[5]);
  if (argc > 6) load.now = std::atoll(argv[6]);
  if (load.users.empty() || load.seconds <= 0 || load.connections < 1) {
    std::fprintf(stderr,
                 "recommend_load: no users, no time or no connection\n");
    return 2;
  }
  std::vector<Result> results(load.connections);
  std::vector<std::thread> threads;
  for (int c = 0; c < load.connections; ++c) {
    threads.emplace_back([&, c] { results[c] = Ask(load, c); });
  }
  for (std::thread& thread : threads) thread.join();
  Report(load, std::move(results));
  return 0;
}
