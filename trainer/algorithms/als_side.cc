#include "trainer/algorithms/als_side.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "index/base/cpu.h"
#include "index/base/hash.h"
#include "index/base/parallel.h"

namespace usher {
namespace {

// Rows that a thread multiplies at once; AlsScratch::block holds them.
constexpr int64_t kRowBlock = 48;
constexpr int64_t kSolveBlock = 32;  // Rows that a thread solves at once.
// Factors of the other side that a row passes over by itself at less cost than
// in a batch.
constexpr int64_t kCachedFloats = 8 * kAlsBlockFloats;
// Of a batch: how often, about, it meets each factor of the other side, unless
// threads would be left without work.
constexpr int64_t kVisits = 8;
constexpr int64_t kLeastBatch = 16;
constexpr int64_t kJobsPerThread = 8;

}  // namespace

template <typename Number>
AlsBuffer<Number>::AlsBuffer(int64_t count) {
  constexpr size_t kPage = size_t{2} << 20;
  const size_t bytes = std::max<size_t>(count, 1) * sizeof(Number);
  const size_t alignment = bytes >= kPage ? kPage : 64;
  const size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  if (alignment == kPage) ::madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 0, size);
  data_.reset(static_cast<Number*>(memory));
}

template <typename Number>
void AlsBuffer<Number>::Free::operator()(Number* data) const {
  std::free(data);
}

template class AlsBuffer<float>;
template class AlsBuffer<uint16_t>;

AlsRun::AlsRun(const AlsOptions& options)
    : options(options),
      kernels(AlsKernelsFor(ActiveInstructionSet())),
      threads(options.threads > 0 ? options.threads : HardwareThreads()),
      stride((options.dim + kAlsLanes - 1) / kAlsLanes * kAlsLanes) {
  for (int worker = 0; worker < threads; ++worker) {
    blocks.emplace_back(AlsScratchFloats(stride));
    vectors.emplace_back(int64_t{8} * stride);
    matrices.emplace_back(int64_t{stride} * stride);
  }
}

AlsSide::AlsSide(const SparseMatrix& entries, const AlsRun& run)
    : entries_(entries),
      rows_(entries.rows()),
      roots_(entries.values().begin(), entries.values().end()),
      factors_(int64_t{entries.rows()} * run.stride) {
  if (run.options.solver == AlsSolver::kConjugateGradient) {
    halves_ = AlsBuffer<uint16_t>(int64_t{rows_} * run.stride);
    norms_ = AlsBuffer<float>(rows_);
  }
  for (float& root : roots_) root = std::sqrt(root);
  for (int32_t row = 0; row < rows_; ++row) {
    if (entries_.RowSize(row) > 0) order_.push_back(row);
  }
  std::stable_sort(order_.begin(), order_.end(), [this](int32_t a, int32_t b) {
    return entries_.RowSize(a) > entries_.RowSize(b);
  });
  jobs_ = Jobs(run);
}

void AlsSide::Randomize(const AlsRun& run) {
  const double scale =
      run.options.init_stddev / std::sqrt(static_cast<double>(run.options.dim));
  ParallelFor(rows_, 256, run.threads, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      if (entries_.RowSize(row) == 0) continue;
      Random random(Mix64(run.options.seed) ^ Mix64(row));
      float* out = factors_.data() + row * run.stride;
      for (int d = 0; d < run.options.dim; ++d) {
        out[d] = static_cast<float>(scale * random.Normal());
      }
    }
  });
}

std::vector<double> AlsSide::Gram(const AlsRun& run) const {
  const int dim = run.options.dim;
  const int64_t stride = run.stride;
  const int64_t block = std::max<int64_t>(4096, (rows_ + 63) / 64);
  const int64_t blocks = (rows_ + block - 1) / block;
  const AlsBuffer<float> partial(blocks * stride * stride);
  ParallelFor(rows_, block, run.threads, [&](int64_t begin, int64_t end) {
    run.kernels.gram(factors_.data() + begin * stride, end - begin, run.stride,
                     partial.data() + begin / block * stride * stride);
  });
  std::vector<double> gram(static_cast<size_t>(dim) * dim, 0.0);
  for (int64_t b = 0; b < blocks; ++b) {
    const float* part = partial.data() + b * stride * stride;
    for (int i = 0; i < dim; ++i) {
      for (int j = i; j < dim; ++j) gram[i * dim + j] += part[i * stride + j];
    }
  }
  for (int i = 0; i < dim; ++i) {
    for (int j = 0; j < i; ++j) gram[i * dim + j] = gram[j * dim + i];
  }
  return gram;
}

void AlsSide::Multiply(const AlsRun& run, const float* panels) {
  const int64_t stride = run.stride;
  ParallelForWithWorker(
      rows_, kRowBlock, run.threads,
      [&](int worker, int64_t begin, int64_t end) {
        float* rows = factors_.data() + begin * stride;
        float* out = run.blocks[worker].data();
        run.kernels.multiply(rows, end - begin, run.stride, panels, out);
        std::memcpy(rows, out, (end - begin) * stride * sizeof(float));
      });
}

void AlsSide::Pack(const AlsRun& run, float longest) {
  constexpr float kMostHalf = 65504.0f;
  int exponent = 0;
  std::frexp(longest / kMostHalf, &exponent);
  unit_ = std::ldexp(1.0f, exponent);
  const int64_t stride = run.stride;
  ParallelFor(rows_, kRowBlock, run.threads, [&](int64_t begin, int64_t end) {
    run.kernels.pack(factors_.data() + begin * stride, end - begin, run.stride,
                     unit_, halves_.data() + begin * stride,
                     norms_.data() + begin);
  });
}

void AlsSide::HintNext(const AlsRun& run, int32_t row,
                       AlsRowSystem& system) const {
  system.next_x = nullptr;
  if (row < 0) return;
  system.next_columns = entries_.RowColumns(row).data();
  system.next_count = entries_.RowSize(row);
  system.next_x = factors_.data() + int64_t{row} * run.stride;
}

void AlsSide::PointTo(const AlsRun& run, int32_t row,
                      AlsRowSystem& system) const {
  system.columns = entries_.RowColumns(row).data();
  system.roots = roots_.data() + entries_.offsets()[row];
  system.count = entries_.RowSize(row);
  system.ridge = AlsRidge(run.options, system.count, entries_.columns());
}

bool AlsSide::SolveRow(const AlsRun& run, int worker, int32_t row,
                       AlsRowSystem& system) {
  PointTo(run, row, system);
  float* x = factors_.data() + int64_t{row} * run.stride;
  const AlsScratch scratch = run.Scratch(worker);
  switch (run.options.solver) {
    case AlsSolver::kCholesky:
      return run.kernels.cholesky(system, scratch, x);
    case AlsSolver::kSubspaces:
      return run.kernels.subspaces(system, run.options.subspace_dim, scratch,
                                   x);
    case AlsSolver::kConjugateGradient:
      run.kernels.conjugate_gradient(system, run.options.cg_steps, scratch, x);
  }
  return true;
}

// Long rows in batches that visit each factor of the other side several times;
// the rest in small blocks.
std::vector<AlsSide::Job> AlsSide::Jobs(const AlsRun& run) const {
  const int64_t rows = static_cast<int64_t>(order_.size());
  const int64_t longest = kCachedFloats / run.stride;
  const int64_t enough =
      std::min(kVisits * int64_t{entries_.columns()},
               entries_.entries() / (kJobsPerThread * run.threads));
  std::vector<Job> jobs;
  int64_t row = 0;
  const auto is_long = [&](int64_t i) {
    return run.options.solver == AlsSolver::kConjugateGradient && i < rows &&
           entries_.RowSize(order_[i]) > longest;
  };
  while (is_long(row)) {
    Job job = {row, row, true};
    for (int64_t entries = 0;
         is_long(row) && row - job.begin < kAlsBatchRows &&
         (entries < enough || row - job.begin < kLeastBatch);
         ++row) {
      entries += entries_.RowSize(order_[row]);
    }
    job.end = row;
    jobs.push_back(job);
  }
  for (; row < rows; row += kSolveBlock) {
    jobs.push_back({row, std::min(row + kSolveBlock, rows), false});
  }
  return jobs;
}

void AlsSide::SolveTogether(const AlsRun& run, int worker, const Job& job,
                            const AlsRowSystem& shared) {
  AlsRowSystem systems[kAlsBatchRows];
  float* x[kAlsBatchRows];
  const int count = static_cast<int>(job.end - job.begin);
  for (int i = 0; i < count; ++i) {
    const int32_t row = order_[job.begin + i];
    systems[i] = shared;
    PointTo(run, row, systems[i]);
    x[i] = factors_.data() + int64_t{row} * run.stride;
  }
  run.kernels.conjugate_gradients(systems, x, count, run.options.cg_steps,
                                  run.Scratch(worker));
}

absl::Status AlsSide::Solve(const AlsRun& run, const AlsSide& other,
                            const float* spectrum) {
  AlsRowSystem shared = {};
  shared.factors = other.factors_.data();
  shared.halves = other.halves_.data();
  shared.norms = other.norms_.data();
  shared.unit = other.unit_;
  shared.spectrum = spectrum;
  shared.stride = run.stride;
  shared.unobserved_weight = run.options.unobserved_weight;
  for (int d = 0; d < run.stride; ++d) shared.trace += spectrum[d];
  std::atomic<int32_t> singular{-1};
  const auto solve = [&](int worker, int64_t first, int64_t last) {
    for (; first < last; ++first) {
      const Job& job = jobs_[first];
      if (job.together) {
        SolveTogether(run, worker, job, shared);
        continue;
      }
      AlsRowSystem system = shared;
      for (int64_t i = job.begin; i < job.end; ++i) {
        HintNext(run, i + 1 < job.end ? order_[i + 1] : -1, system);
        if (!SolveRow(run, worker, order_[i], system)) singular = order_[i];
      }
    }
  };
  ParallelForWithWorker(static_cast<int64_t>(jobs_.size()), 1, run.threads,
                        solve);
  if (singular < 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "als: row ", singular.load(), " has a singular system; raise ",
      "regularization (now ", run.options.regularization, ")"));
}

Factors AlsSide::Export(const AlsRun& run, const float* panels) const {
  Factors result(rows_, run.options.dim);
  const int64_t stride = run.stride;
  ParallelForWithWorker(
      rows_, kRowBlock, run.threads,
      [&](int worker, int64_t begin, int64_t end) {
        float* out = run.blocks[worker].data();
        run.kernels.multiply(factors_.data() + begin * stride, end - begin,
                             run.stride, panels, out);
        for (int64_t row = begin; row < end; ++row, out += stride) {
          std::copy_n(out, run.options.dim,
                      result.mutable_data() + row * run.options.dim);
        }
      });
  return result;
}

}  // namespace usher
