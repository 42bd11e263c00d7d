// Lists for many users at once.
//   usher-bench precompute raw DUMP_DIR     100 best of 10,000 events by 64
//   factors,
//                                     for 20,000 users of random factors, which
//                                     DUMP_DIR gets for other programs
//   usher-bench precompute all MODEL_DIR NOW [USERS]
//                                     the whole ranking, for that many users of
//                                     a published version at NOW (unix seconds)
// Prints users, users a second and processor microseconds a user, on one thread
// and on all; for `raw` also what the products alone would take a core that
// multiplies floats and waits for nothing.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/clock.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"
#include "index/vector/scan.h"
#include "serving/precompute/block_ranker.h"
#include "tests/bench/ceilings.h"
#include "tests/bench/workloads.h"

namespace usher {
namespace {

constexpr size_t kUsers = 20'000;
constexpr size_t kEvents = 10'000;
constexpr size_t kDim = 64;
constexpr int kTop = 100;

double ProcessorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Block>
void Measure(const char* what, size_t users, int threads, Block block) {
  const Micros begin = Clock::System().Now();
  const double processor = ProcessorSeconds();
  ParallelFor(static_cast<int64_t>(users), BlockRanker::kBlock, threads, block);
  const double wall =
      static_cast<double>(Clock::System().Now() - begin) / kSecond;
  std::printf(
      "%s threads %d users %zu rate %.0f/s cpu %.1f us/user\n", what,
      threads == 0 ? HardwareThreads() : threads, users,
      static_cast<double>(users) / wall,
      (ProcessorSeconds() - processor) * 1e6 / static_cast<double>(users));
  std::fflush(stdout);
}

Factors RandomFactors(size_t rows, uint64_t seed) {
  Random random(seed);
  Factors factors(rows, kDim);
  for (size_t i = 0; i < rows * kDim; ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return factors;
}

void Dump(const Factors& factors, const std::string& path) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(factors.data()),
             static_cast<std::streamsize>(factors.rows() * factors.dim() *
                                          sizeof(float)));
}

int Raw(const std::string& folder) {
  const Factors users = RandomFactors(kUsers, 1);
  const Factors events = RandomFactors(kEvents, 2);
  Dump(users, absl::StrCat(folder, "/users.f32"));
  Dump(events, absl::StrCat(folder, "/events.f32"));
  const ExactScan scan(&events);
  for (const int threads : {1, 0}) {
    Measure("raw", kUsers, threads, [&](int64_t begin, int64_t end) {
      std::vector<ScanQuery> queries;
      for (int64_t user = begin; user < end; ++user) {
        queries.push_back(
            {users.Row(static_cast<size_t>(user)), kTop, nullptr, {}});
      }
      scan.SearchBatch(queries);
    });
  }
  std::printf("multiply-adds of one core: %.1f us/user\n",
              2e6 * kEvents * kDim / PeakFlops());
  return 0;
}

int All(const std::string& model_dir, Micros now, size_t users) {
  const auto version = CurrentVersion(model_dir);
  if (!version.ok()) {
    std::fprintf(stderr, "%s\n", version.status().ToString().c_str());
    return 1;
  }
  const auto snapshot = OpenVersion(model_dir, *version);
  if (!snapshot.ok()) {
    std::fprintf(stderr, "%s\n", snapshot.status().ToString().c_str());
    return 1;
  }
  const auto policy =
      ApplyRankingConfig(RankingPolicy(), snapshot->info.ranking_config);
  const BlockRanker ranker(&*snapshot, *policy, now, 0);
  const Catalog& catalog = snapshot->catalog;
  users = std::min(users, catalog.num_users());
  std::vector<std::string> ids;
  for (size_t i = 0; i < users; ++i) {
    const size_t row = i * catalog.num_users() / users;
    ids.emplace_back(catalog.UserId(UserRow{static_cast<int32_t>(row)}));
  }
  std::printf("%d live events, %zu dimensions\n",
              ranker.view().columns->num_upcoming(), snapshot->model->dim());
  for (const int threads : {1, 0}) {
    Measure("all", users, threads, [&](int64_t begin, int64_t end) {
      ranker.Rank(absl::MakeConstSpan(ids).subspan(begin, end - begin), kTop);
    });
  }
  return 0;
}

}  // namespace

int PrecomputeWorkload(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "raw" && argc == 3) return Raw(argv[2]);
  if (what == "all" && (argc == 4 || argc == 5)) {
    return All(argv[2], std::atoll(argv[3]) * kSecond,
               argc == 5 ? static_cast<size_t>(std::atoll(argv[4])) : 20'000);
  }
  std::fprintf(stderr,
               "usage: usher-bench precompute raw DUMP_DIR | all MODEL_DIR NOW "
               "[USERS]\n");
  return 2;
}

}  // namespace usher
