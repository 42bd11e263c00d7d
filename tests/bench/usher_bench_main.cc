// usher-bench WORKLOAD ARGUMENTS: see README.md.
#include <cstdio>
#include <cstring>

#include "tests/bench/workloads.h"

namespace usher {
namespace {

struct Workload {
  const char* name;
  const char* arguments;
  const char* what;
  int (*run)(int argc, char** argv);
};

constexpr Workload kWorkloads[] = {
    {"scan", "[SHAPE] [ROWS DIM K]... | hnsw | dump ROWS DIM FOLDER",
     "search for the nearest vectors", &ScanWorkload},
    {"als", "[--FLAG=VALUE]...", "sweeps of alternating least squares",
     &AlsWorkload},
    {"precompute", "raw DUMP_DIR | all MODEL_DIR NOW [USERS]",
     "lists for many users at once", &PrecomputeWorkload},
    {"list", "MODEL_DIR NOW [LISTS] [POLICY]",
     "one list after the other, without gRPC", &ListWorkload},
    {"load", "make FILE.csv ROWS | FILE.csv",
     "reading and indexing interactions", &LoadWorkload},
    {"state", "FILE.db [events] ROWS GROUP", "durable writes", &StateWorkload},
    {"swap", "MODEL_DIR NOW SECONDS RATE",
     "latencies around swaps of the model", &SwapWorkload},
    {"recommend-load",
     "ADDRESS USERS_FILE SECONDS CONNECTIONS [RATE] [NOW] [KM]",
     "asks a running server", &RecommendLoad},
    {"write-load",
     "ADDRESS interactions|events SECONDS CONNECTIONS BATCH [RATE]",
     "writes to a running server", &WriteLoad},
    {"constant-server", "ADDRESS BYTES [THREADS]",
     "answers every call with the same bytes", &ConstantServer},
};

void PrintUsage(std::FILE* out) {
  std::fputs("usage: usher-bench WORKLOAD ARGUMENTS\n\n", out);
  for (const Workload& workload : kWorkloads) {
    std::fprintf(out, "  %s %s\n      %s\n", workload.name, workload.arguments,
                 workload.what);
  }
}

int Main(int argc, char** argv) {
  const char* const name = argc < 2 ? "" : argv[1];
  for (const Workload& workload : kWorkloads) {
    if (std::strcmp(name, workload.name) == 0) {
      return workload.run(argc - 1, argv + 1);
    }
  }
  const bool asked = std::strcmp(name, "--help") == 0;
  PrintUsage(asked ? stdout : stderr);
  return asked ? 0 : 2;
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) { return usher::Main(argc, argv); }
