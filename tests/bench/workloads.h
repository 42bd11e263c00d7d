// What usher-bench can do. Each gets the arguments behind its name, which is
// argv[0], prints what it measured and returns the process's exit code.
#ifndef USHER_TESTS_BENCH_WORKLOADS_H_
#define USHER_TESTS_BENCH_WORKLOADS_H_

namespace usher {

// Measure what runs in this process.
int AlsWorkload(int argc, char** argv);
int ListWorkload(int argc, char** argv);
int LoadWorkload(int argc, char** argv);
int PrecomputeWorkload(int argc, char** argv);
int ScanWorkload(int argc, char** argv);
int StateWorkload(int argc, char** argv);
int SwapWorkload(int argc, char** argv);

// Measure a server that runs.
int RecommendLoad(int argc, char** argv);
int WriteLoad(int argc, char** argv);

// Is one, as fast as one can be.
int ConstantServer(int argc, char** argv);

}  // namespace usher

#endif  // USHER_TESTS_BENCH_WORKLOADS_H_
