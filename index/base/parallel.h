// Loops over many threads whose result does not depend on how many.
#ifndef USHER_INDEX_BASE_PARALLEL_H_
#define USHER_INDEX_BASE_PARALLEL_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace usher {

// The machine's threads, at least 1.
int HardwareThreads();

// Calls `body(begin, end)` for consecutive blocks that cover [0, n) once, on
// `threads` threads (0 means HardwareThreads()), and returns when all are done.
// Blocks have `block` elements, but for the last; their bounds depend on n and
// block alone, so a body that writes only what belongs to its own block, or
// into a slot numbered begin / block that is then merged in order, gives the
// same result at any thread count. Blocks are handed out first come, first
// served. `body` is called from several threads at once and must not throw.
void ParallelFor(int64_t n, int64_t block, int threads,
                 absl::FunctionRef<void(int64_t begin, int64_t end)> body);

// As above; `worker` in [0, threads) names the calling thread, for scratch
// memory that must not influence the result.
void ParallelForWithWorker(
    int64_t n, int64_t block, int threads,
    absl::FunctionRef<void(int worker, int64_t begin, int64_t end)> body);

}  // namespace usher

#endif  // USHER_INDEX_BASE_PARALLEL_H_
