// One side (users or items) of an ALS run: its entries, its factors, its part
// of a sweep.
#ifndef USHER_TRAINER_ALGORITHMS_ALS_SIDE_H_
#define USHER_TRAINER_ALGORITHMS_ALS_SIDE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "index/model/factors.h"
#include "trainer/algorithms/als.h"
#include "trainer/algorithms/als_kernels.h"
#include "trainer/algorithms/sparse_matrix.h"

namespace usher {

// `count` zeros on their own large pages where the system has them.
template <typename Number>
class AlsBuffer {
 public:
  AlsBuffer() = default;
  explicit AlsBuffer(int64_t count);
  Number* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(Number* data) const;
  };
  std::unique_ptr<Number[], Free> data_;
};

// What the rows of a sweep have in common. Thread-compatible.
struct AlsRun {
  explicit AlsRun(const AlsOptions& options);

  const AlsOptions options;
  const AlsKernels& kernels;
  const int threads;
  const int stride;  // dim rounded up to kAlsLanes.
  // One per thread.
  std::vector<AlsBuffer<float>> blocks;
  std::vector<AlsBuffer<float>> vectors;
  std::vector<AlsBuffer<float>> matrices;

  AlsScratch Scratch(int worker) const {
    return {blocks[worker].data(), vectors[worker].data(),
            matrices[worker].data()};
  }
};

// Single-threaded from outside; its methods use the run's threads inside and
// give the same result with any number of them.
class AlsSide {
 public:
  // Borrows `entries`. Factors begin at zero.
  AlsSide(const SparseMatrix& entries, const AlsRun& run);

  // Random factors for the rows that have entries.
  void Randomize(const AlsRun& run);

  // rows^T rows, dim x dim, row-major.
  std::vector<double> Gram(const AlsRun& run) const;

  // factors = factors * square, given as AlsKernels::multiply() takes it.
  void Multiply(const AlsRun& run, const float* panels);

  // Makes the factors, each at most `longest`, ready to be solved against by
  // conjugate gradients.
  void Pack(const AlsRun& run, float longest);

  // Solves every row against the fixed `other`, whose Gram matrix is diagonal
  // with `spectrum` (stride numbers).
  absl::Status Solve(const AlsRun& run, const AlsSide& other,
                     const float* spectrum);

  // factors * square, cut to dim.
  Factors Export(const AlsRun& run, const float* panels) const;

 private:
  // Tells the kernels of the row after this one; none when negative.
  void HintNext(const AlsRun& run, int32_t row, AlsRowSystem& system) const;
  // Points a system to the entries of a row.
  void PointTo(const AlsRun& run, int32_t row, AlsRowSystem& system) const;
  bool SolveRow(const AlsRun& run, int worker, int32_t row,
                AlsRowSystem& system);
  // Rows of order_ that a thread solves at once.
  struct Job {
    int64_t begin;
    int64_t end;
    bool together;  // As one batch.
  };
  std::vector<Job> Jobs(const AlsRun& run) const;
  void SolveTogether(const AlsRun& run, int worker, const Job& job,
                     const AlsRowSystem& shared);

  const SparseMatrix& entries_;
  int32_t rows_;
  std::vector<float> roots_;    // Square roots of the weights.
  std::vector<int32_t> order_;  // Rows that have entries, longest first.
  std::vector<Job> jobs_;       // All of order_.
  AlsBuffer<float> factors_;    // rows_ x stride
  // Of Pack().
  AlsBuffer<uint16_t> halves_;  // rows_ x stride
  AlsBuffer<float> norms_;      // rows_
  float unit_ = 0;
};

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_ALS_SIDE_H_
