#include "tests/bench/ceilings.h"

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "index/base/cpu.h"

namespace usher {
namespace {

#if defined(__x86_64__)
#define USHER_BENCH_TARGET(set) [[gnu::target(set)]]
#else
#define USHER_BENCH_TARGET(set)
#endif

constexpr size_t kHugePage = size_t{2} << 20;
// In flight together. Of loads further apart some machines do not see that they
// are one stream, and read a third as fast.
constexpr int kLoads = 4;
constexpr int kChains = 12;  // Hide the latency of a multiplication.

template <int kBytes>
[[gnu::always_inline]] inline uint64_t Read(const char* data, size_t bytes) {
  typedef uint64_t Vector __attribute__((vector_size(kBytes)));
  Vector sums[kLoads] = {};
#pragma GCC unroll 1
  for (const char* const end = data + bytes; data < end;) {
#pragma GCC unroll 8
    for (int i = 0; i < kLoads; ++i, data += kBytes) {
      Vector loaded;
      std::memcpy(&loaded, data, kBytes);
      sums[i] ^= loaded;
    }
  }
  uint64_t sum;
  for (int i = 1; i < kLoads; ++i) sums[0] ^= sums[i];
  std::memcpy(&sum, sums, sizeof(sum));
  return sum;
}

template <int kBytes>
[[gnu::always_inline]] inline float Multiply(int64_t rounds) {
  typedef float Vector __attribute__((vector_size(kBytes)));
  Vector chains[kChains] = {};
  for (int i = 0; i < kChains; ++i) chains[i] += static_cast<float>(i);
  const Vector factor = Vector{} + 0.5f, addend = Vector{} + 1.0f;
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) {
      chains[i] = chains[i] * factor + addend;
    }
  }
  float sum;
  for (int i = 1; i < kChains; ++i) chains[0] += chains[i];
  std::memcpy(&sum, chains, sizeof(sum));
  return sum;
}

struct Kernels {
  uint64_t (*read)(const char* data, size_t bytes);
  float (*multiply)(int64_t rounds);
  int lanes;  // Floats that `multiply` has in a vector.
};

USHER_BENCH_TARGET("avx512f")
uint64_t ReadAvx512(const char* data, size_t bytes) {
  return Read<64>(data, bytes);
}

USHER_BENCH_TARGET("avx512f")
float MultiplyAvx512(int64_t rounds) { return Multiply<64>(rounds); }

USHER_BENCH_TARGET("avx2,fma")
uint64_t ReadAvx2(const char* data, size_t bytes) {
  return Read<32>(data, bytes);
}

USHER_BENCH_TARGET("avx2,fma")
float MultiplyAvx2(int64_t rounds) { return Multiply<32>(rounds); }

Kernels ActiveKernels() {
  switch (ActiveInstructionSet()) {
    case InstructionSet::kAvx512:
      return {&ReadAvx512, &MultiplyAvx512, 16};
    case InstructionSet::kAvx2:
      return {&ReadAvx2, &MultiplyAvx2, 8};
    case InstructionSet::kPortable:
      break;
  }
  return {&Read<16>, &Multiply<16>, 4};
}

}  // namespace

double ThreadMilliseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) +
         1e-6 * static_cast<double>(now.tv_nsec);
}

ReadBuffer::ReadBuffer(size_t bytes)
    : bytes_((bytes + 511) / 512 * 512),
      data_(static_cast<char*>(std::aligned_alloc(
          kHugePage, (bytes_ + kHugePage - 1) / kHugePage * kHugePage))) {
  if (data_ == nullptr) throw std::bad_alloc();
  madvise(data_.get(), bytes_, MADV_HUGEPAGE);
  std::memset(data_.get(), 1, bytes_);
}

void ReadBuffer::Free::operator()(char* bytes) const { std::free(bytes); }

uint64_t ReadBuffer::ReadAll() const {
  return ActiveKernels().read(data_.get(), bytes_);
}

double PeakFlops() {
  constexpr int64_t kRounds = 2'000'000;
  const Kernels kernels = ActiveKernels();
  double best_ms = 1e9;
  volatile float sum = 0;
  for (int i = 0; i < 9; ++i) {
    const double begin = ThreadMilliseconds();
    sum = kernels.multiply(kRounds);
    best_ms = std::min(best_ms, ThreadMilliseconds() - begin);
  }
  (void)sum;
  return 2.0 * kRounds * kChains * kernels.lanes / (best_ms * 1e-3);
}

}  // namespace usher
