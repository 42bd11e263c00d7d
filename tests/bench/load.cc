// How long training takes to have its data in memory, indexed.
//
//   usher-bench load make FILE.csv ROWS    writes interactions of 138,000 users
//       with 27,000 events, both drawn from a power law, a second apart
//   usher-bench load FILE.csv              reads them as usher-train does,
//       builds the catalogue and the matrix of users and events
//
// Prints wall and processor seconds of each step and of all, and of reading the
// file's bytes and counting its lines.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "index/base/clock.h"
#include "index/base/hash.h"
#include "tests/bench/workloads.h"
#include "trainer/build_catalog.h"
#include "trainer/data/dataset.h"
#include "trainer/taste_matrix.h"

namespace usher {
namespace {

constexpr int kUsers = 138'000;
constexpr int kEvents = 27'000;
constexpr int64_t kFirstSecond = 1'700'000'000;

int MakeCsv(const char* path, int64_t rows) {
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) {
    std::fprintf(stderr, "usher-bench load: cannot write %s\n", path);
    return 1;
  }
  std::fputs("user_id,event_id,kind,value,timestamp\n", file);
  Random random(7);
  for (int64_t i = 0; i < rows; ++i) {
    const double u = random.Uniform(), v = random.Uniform();
    std::fprintf(file, "u%06d,e%06d,rsvp_yes,,%lld\n",
                 static_cast<int>(kUsers * u * std::sqrt(u)),
                 static_cast<int>(kEvents * v * v * v),
                 static_cast<long long>(kFirstSecond + i));
  }
  return std::fclose(file) == 0 ? 0 : 1;
}

int64_t CountLines(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(size_t{1} << 20);
  int64_t lines = 0;
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         file.gcount() > 0) {
    lines += std::count(block.begin(), block.begin() + file.gcount(), '\n');
  }
  return lines;
}

struct Seconds {
  double wall = 0;
  double cpu = 0;
};

// Since it was asked the last time.
class Stopwatch {
 public:
  Seconds Lap() {
    const Seconds now = Now();
    const Seconds lap = {now.wall - last_.wall, now.cpu - last_.cpu};
    last_ = now;
    return lap;
  }

 private:
  static Seconds Now() {
    return {static_cast<double>(Clock::System().Now()) / kSecond,
            static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
  }

  Seconds last_ = Now();
};

void Print(const char* what, Seconds seconds) {
  std::printf("%s wall %.3f s cpu %.3f s\n", what, seconds.wall, seconds.cpu);
  std::fflush(stdout);
}

template <class T>
T OrExit(absl::StatusOr<T> made) {
  if (made.ok()) return *std::move(made);
  std::fprintf(stderr, "usher-bench load: %s\n",
               std::string(made.status().message()).c_str());
  std::exit(1);
}

int Load(const std::string& path) {
  Stopwatch watch;
  const int64_t lines = CountLines(path);
  Print("lines", watch.Lap());
  const Dataset dataset =
      OrExit(LoadDataset({"", "", path}, ReadOptions(), std::nullopt));
  const Seconds read = watch.Lap();
  const Catalog catalog = BuildCatalog(dataset);
  const Seconds built = watch.Lap();
  const SparseMatrix matrix = OrExit(UserEventMatrix(catalog));
  const Seconds indexed = watch.Lap();
  Print("read", read);
  Print("catalogue", built);
  Print("matrix", indexed);
  Print("all", {read.wall + built.wall + indexed.wall,
                read.cpu + built.cpu + indexed.cpu});
  std::printf("%lld lines, %lld entries\n", static_cast<long long>(lines),
              static_cast<long long>(matrix.entries()));
  return 0;
}

}  // namespace

int LoadWorkload(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "make") {
    return MakeCsv(argv[2], std::atoll(argv[3]));
  }
  if (argc == 2) return Load(argv[1]);
  std::fprintf(stderr,
               "usage: usher-bench load make FILE.csv ROWS | FILE.csv\n");
  return 2;
}

}  // namespace usher
