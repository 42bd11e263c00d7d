// What a swap of models costs the requests around it.
//
//   usher-bench swap MODEL_DIR NOW SECONDS RATE
//
// MODEL_DIR has three versions at least; NOW is the instant to ask for, in unix
// seconds. Requests are due at RATE a second, and a latency counts from when
// its request was due. Every two seconds another version is opened, checked,
// warmed and swapped in beside them, never the one that is still in memory.
// Prints the latencies of requests that were due from the beginning of a swap
// to a quarter of a second behind it, and those of the others.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "index/artifact/model_directory.h"
#include "index/state/state_store.h"
#include "serving/model_loader.h"
#include "serving/recommender.h"
#include "serving/snapshot_publisher.h"
#include "tests/bench/workloads.h"

namespace usher {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPeriod(2);
constexpr std::chrono::milliseconds kAfterwards(250);
constexpr size_t kUsers = 1000;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "usher-bench swap: %s\n",
               std::string(status.message()).c_str());
  std::exit(1);
}

struct Call {
  SteadyClock::time_point due;
  double milliseconds = 0;
};

using Span = std::pair<SteadyClock::time_point, SteadyClock::time_point>;

std::vector<std::string> SomeUsers(const SnapshotHolder& holder) {
  const std::shared_ptr<const Served> served = holder.Get();
  const Catalog& catalog = served->snapshot().catalog;
  std::vector<std::string> users;
  const size_t step = std::max<size_t>(1, catalog.num_users() / kUsers);
  for (size_t row = 0; row < catalog.num_users(); row += step) {
    users.emplace_back(catalog.UserId(UserRow{static_cast<int32_t>(row)}));
  }
  return users;
}

std::vector<Call> Ask(const Recommender& recommender,
                      const std::vector<std::string>& users, Micros now,
                      double rate, const std::atomic<bool>& stop) {
  std::vector<Call> calls;
  const auto start = SteadyClock::now();
  for (size_t n = 0; !stop.load(); ++n) {
    Call call;
    call.due =
        start +
        std::chrono::duration_cast<SteadyClock::duration>(
            std::chrono::duration<double>(static_cast<double>(n) / rate));
    std::this_thread::sleep_until(call.due);
    Query query;
    query.user_id = users[n % users.size()];
    query.now = now;
    Check(recommender.Recommend(query).status());
    call.milliseconds =
        std::chrono::duration<double, std::milli>(SteadyClock::now() - call.due)
            .count();
    calls.push_back(call);
  }
  return calls;
}

double At(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(
      sorted.size() - 1,
      static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

void Print(const char* name, std::vector<double>& milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("%-14s %7zu calls  p50 %.3f ms  p90 %.3f  p99 %.3f  max %.3f\n",
              name, milliseconds.size(), At(milliseconds, .5),
              At(milliseconds, .9), At(milliseconds, .99), At(milliseconds, 1));
}

}  // namespace

int SwapWorkload(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr,
                 "usage: usher-bench swap MODEL_DIR NOW SECONDS RATE\n");
    return 2;
  }
  const std::string dir = argv[1];
  const Micros now = std::atoll(argv[2]) * kSecond;
  const auto versions = ListVersions(dir);
  Check(versions.status());
  if (versions->size() < 3) {
    Check(absl::FailedPreconditionError(dir + " has fewer than 3 versions"));
  }
  const auto state = StateStore::Open(StateStore::kMemory);
  Check(state.status());
  SnapshotHolder holder;
  SnapshotPublisher publisher(**state, holder, {});
  FakeClock clock(now);
  ModelLoader loader({dir, "", 0}, publisher, clock);
  Check(loader.Pin(versions->front()));
  const Recommender recommender(holder, 1);
  const std::vector<std::string> users = SomeUsers(holder);
  std::atomic<bool> stop = false;
  std::vector<Call> calls;
  std::thread asker(
      [&] { calls = Ask(recommender, users, now, std::atof(argv[4]), stop); });
  const auto end =
      SteadyClock::now() + std::chrono::seconds(std::atoi(argv[3]));
  std::vector<Span> swaps;
  double swapping = 0;
  for (auto next = SteadyClock::now() + kPeriod; next < end; next += kPeriod) {
    std::this_thread::sleep_until(next);
    const auto begin = SteadyClock::now();
    Check(loader.Pin((*versions)[(swaps.size() + 1) % versions->size()]));
    swapping +=
        std::chrono::duration<double>(SteadyClock::now() - begin).count();
    swaps.emplace_back(begin, SteadyClock::now() + kAfterwards);
  }
  stop = true;
  asker.join();
  std::vector<double> around;
  std::vector<double> calm;
  for (const Call& call : calls) {
    const bool near =
        std::any_of(swaps.begin(), swaps.end(), [&](const Span& swap) {
          return call.due >= swap.first && call.due <= swap.second;
        });
    (near ? around : calm).push_back(call.milliseconds);
  }
  std::printf("%zu swaps of %.3f s each, no call failed\n", swaps.size(),
              swapping / static_cast<double>(swaps.size()));
  Print("between swaps", calm);
  Print("around swaps", around);
  std::vector<double> all = calm;
  all.insert(all.end(), around.begin(), around.end());
  Print("all", all);
  std::printf("p99 ratio: around %.2f, all %.2f of that between\n",
              At(around, .99) / At(calm, .99), At(all, .99) / At(calm, .99));
  return 0;
}

}  // namespace usher
