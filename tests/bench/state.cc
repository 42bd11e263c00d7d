// How fast writes become durable.
//
//   usher-bench state FILE.db ROWS GROUP     fills the file with ROWS
//   interactions of
//       a million users and 100,000 events, GROUP to a transaction, and prints
//       the rate of every tenth part and what one raw append and fsync of the
//       same bytes costs on this disk
//   usher-bench state FILE.db events ROWS GROUP     the same with event upserts
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/state/state_store.h"
#include "tests/bench/workloads.h"

namespace usher {
namespace {

double Seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "usher-bench state: %s\n",
               std::string(status.message()).c_str());
  std::exit(1);
}

Interaction MadeInteraction(int64_t number) {
  const uint64_t random = Mix64(static_cast<uint64_t>(number));
  Interaction made;
  made.user_id = absl::StrCat("user", random % 1'000'000);
  made.event_id = absl::StrCat("event", (random >> 32) % 100'000);
  made.occurred_at = 1'700'000'000 * kSecond + number * 1000;
  return made;
}

Event MadeEvent(int64_t number) {
  Event made;
  made.id =
      absl::StrCat("event", Mix64(static_cast<uint64_t>(number)) % 100'000);
  made.title = absl::StrCat("Concert number ", number);
  made.description = std::string(500, 'd');
  made.organizer = absl::StrCat("organizer", number % 5'000);
  made.start_time = 1'800'000'000 * kSecond;
  return made;
}

// Seconds to append and sync `bytes` in one go, the median of five.
void PrintRawSync(const std::string& path, size_t bytes) {
  const std::string name = path + ".raw";
  const int file = open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const std::string block(bytes, 'x');
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double begin = Seconds();
    if (write(file, block.data(), bytes) < 0) break;
    fdatasync(file);
    best = std::min(best, Seconds() - begin);
  }
  close(file);
  unlink(name.c_str());
  std::printf("raw append and sync of %zu bytes: %.2f ms at best\n", bytes,
              best * 1e3);
}

template <class Put>
void Fill(StateStore& store, int64_t rows, int64_t group, const Put& put) {
  const int64_t first = store.position();
  const int64_t part = std::max<int64_t>(1, rows / 10);
  double begin = Seconds();
  for (int64_t done = 0; done < rows;) {
    Check(store.Begin());
    for (int64_t i = 0; i < group && done < rows; ++i, ++done) {
      put(first + done);
    }
    Check(store.Commit());
    if (done % part < group) {
      const double now = Seconds();
      std::printf("%10lld rows: %8.0f rows/s\n", static_cast<long long>(done),
                  static_cast<double>(part) / (now - begin));
      std::fflush(stdout);
      begin = now;
    }
  }
}

}  // namespace

int StateWorkload(int argc, char** argv) {
  const bool events = argc == 5 && std::string(argv[2]) == "events";
  if (argc != 4 && !events) {
    std::fprintf(stderr,
                 "usage: usher-bench state FILE.db [events] ROWS GROUP\n");
    return 2;
  }
  const int64_t rows = std::atoll(argv[argc - 2]);
  const int64_t group = std::max<int64_t>(1, std::atoll(argv[argc - 1]));
  PrintRawSync(argv[1], static_cast<size_t>(group) * 4096);
  auto store = StateStore::Open(argv[1]);
  Check(store.status());
  if (events) {
    Fill(**store, rows, group,
         [&](int64_t number) { Check((*store)->PutEvent(MadeEvent(number))); });
  } else {
    Fill(**store, rows, group, [&](int64_t number) {
      Check((*store)->PutInteraction(MadeInteraction(number)).status());
    });
  }
  return 0;
}

}  // namespace usher
