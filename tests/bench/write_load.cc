// Writes to a running server from several connections at once.
//
//   usher-bench write-load ADDRESS interactions|events SECONDS CONNECTIONS
//   BATCH [RATE]
//
// Each connection sends a batch as soon as the one before is acknowledged; with
// RATE, no more than so many rows a second are sent in all.
// Prints rows/s and the latencies of the calls.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "tests/bench/workloads.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What is upserted: after the first second, mostly events that are there.
constexpr uint64_t kEvents = 1'000;

struct Load {
  std::string address;
  bool events = false;
  double seconds = 10;
  int connections = 2;
  int batch = 1000;
  double rate = 0;
};

struct Result {
  std::vector<double> milliseconds;
  int64_t failed = 0;
};

// Ids of what is written differ from run to run.
const int64_t kFirst =
    std::chrono::system_clock::now().time_since_epoch().count() / 1000;

void Fill(const Load& load, int64_t first,
          v1::RecordInteractionsRequest* request) {
  request->clear_interactions();
  for (int i = 0; i < load.batch; ++i) {
    const uint64_t random = Mix64(static_cast<uint64_t>(first + i));
    v1::Interaction& added = *request->add_interactions();
    added.set_user_id(absl::StrCat("user", random % 1'000'000));
    added.set_event_id(absl::StrCat("event", (random >> 32) % 10'000));
    added.set_kind(v1::INTERACTION_KIND_RSVP_YES);
    added.mutable_occurred_at()->set_seconds((first + i) / 1'000'000);
    added.mutable_occurred_at()->set_nanos(
        static_cast<int32_t>((first + i) % 1'000'000 * 1000));
  }
}

void Fill(const Load& load, int64_t first, v1::UpsertEventsRequest* request) {
  request->clear_events();
  for (int i = 0; i < load.batch; ++i) {
    const uint64_t random = Mix64(static_cast<uint64_t>(first + i));
    v1::Event& added = *request->add_events();
    added.set_id(absl::StrCat("event", random % kEvents));
    added.set_title(absl::StrCat("Concert number ", random % 1'000));
    added.set_description(
        "An evening of improvised music with local players and guests.");
    added.set_organizer(absl::StrCat("organizer", random % 500));
    added.mutable_start_time()->set_seconds(2'000'000'000);
  }
}

template <class Request, class Send>
Result Run(const Load& load, int connection, const Send& send) {
  Result result;
  Request request;
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::duration<double>(load.seconds);
  for (int64_t n = 0; SteadyClock::now() < end; ++n) {
    Fill(load, kFirst + (n * load.connections + connection) * load.batch,
         &request);
    if (load.rate > 0) {
      std::this_thread::sleep_until(
          start + std::chrono::duration<double>(
                      static_cast<double>(n * load.connections + connection) *
                      load.batch / load.rate));
    }
    const auto begin = SteadyClock::now();
    if (!send(request)) ++result.failed;
    result.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - begin)
            .count());
  }
  return result;
}

Result Write(const Load& load, int connection) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(
      load.address, grpc::InsecureChannelCredentials(), arguments);
  const auto catalog = v1::CatalogService::NewStub(channel);
  const auto interactions = v1::InteractionService::NewStub(channel);
  if (load.events) {
    return Run<v1::UpsertEventsRequest>(
        load, connection, [&](const v1::UpsertEventsRequest& request) {
          grpc::ClientContext context;
          v1::UpsertEventsResponse response;
          return catalog->UpsertEvents(&context, request, &response).ok();
        });
  }
  return Run<v1::RecordInteractionsRequest>(
      load, connection, [&](const v1::RecordInteractionsRequest& request) {
        grpc::ClientContext context;
        v1::RecordInteractionsResponse response;
        return interactions->RecordInteractions(&context, request, &response)
            .ok();
      });
}

}  // namespace

int WriteLoad(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    std::fprintf(
        stderr,
        "usage: usher-bench write-load ADDRESS interactions|events SECONDS "
        "CONNECTIONS BATCH [RATE]\n");
    return 2;
  }
  Load load;
  load.address = argv[1];
  load.events = std::string(argv[2]) == "events";
  load.seconds = std::atof(argv[3]);
  load.connections = std::max(1, std::atoi(argv[4]));
  load.batch = std::max(1, std::atoi(argv[5]));
  if (argc == 7) load.rate = std::atof(argv[6]);
  std::vector<Result> results(load.connections);
  std::vector<std::thread> threads;
  const auto begin = SteadyClock::now();
  for (int i = 0; i < load.connections; ++i) {
    threads.emplace_back([&, i] { results[i] = Write(load, i); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(SteadyClock::now() - begin).count();
  std::vector<double> all;
  int64_t failed = 0;
  for (const Result& result : results) {
    all.insert(all.end(), result.milliseconds.begin(),
               result.milliseconds.end());
    failed += result.failed;
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all[std::min(
        all.size() - 1,
        static_cast<size_t>(share * static_cast<double>(all.size())))];
  };
  std::printf(
      "%zu calls of %d in %.1f s, %lld failed: %.0f rows/s; call p50 %.2f ms, "
      "p99 %.2f ms\n",
      all.size(), load.batch, seconds, static_cast<long long>(failed),
      static_cast<double>(all.size() - failed) * load.batch / seconds, at(.5),
      at(.99));
  return failed == 0 ? 0 : 1;
}

}  // namespace usher
