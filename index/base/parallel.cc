#include "index/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace usher {

int HardwareThreads() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ParallelForWithWorker(
    int64_t n, int64_t block, int threads,
    absl::FunctionRef<void(int worker, int64_t begin, int64_t end)> body) {
  if (n <= 0) return;
  block = std::max<int64_t>(1, block);
  const int64_t blocks = (n + block - 1) / block;
  if (threads <= 0) threads = HardwareThreads();
  threads = static_cast<int>(std::min<int64_t>(threads, blocks));
  std::atomic<int64_t> next{0};
  const auto work = [&](int worker) {
    for (int64_t b; (b = next.fetch_add(1)) < blocks;) {
      body(worker, b * block, std::min(n, (b + 1) * block));
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(threads - 1);
  for (int worker = 1; worker < threads; ++worker) {
    helpers.emplace_back(work, worker);
  }
  work(0);
  for (std::thread& helper : helpers) helper.join();
}

void ParallelFor(int64_t n, int64_t block, int threads,
                 absl::FunctionRef<void(int64_t begin, int64_t end)> body) {
  ParallelForWithWorker(
      n, block, threads,
      [&body](int, int64_t begin, int64_t end) { body(begin, end); });
}

}  // namespace usher
