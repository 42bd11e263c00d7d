// The inner loops of implicit ALS, once per instruction set.
//
// Row layout: every matrix here has rows of `stride` floats, a multiple of
// kAlsLanes, whose coordinates beyond the true dimension are zero; the kernels
// keep them zero.
//
// Basis: the factors F of the fixed side have been turned so that F^T F is
// diagonal (its eigenvalues are `spectrum`). The objective does not notice a
// rotation of both sides, and then the part of a row's system that all rows
// share is a vector instead of a matrix.
//
// All functions are pure: they touch only what their arguments point to, so
// any number of threads may call them with scratch of their own.
#ifndef USHER_TRAINER_ALGORITHMS_ALS_KERNELS_H_
#define USHER_TRAINER_ALGORITHMS_ALS_KERNELS_H_

#include <cstdint>

namespace usher {

enum class InstructionSet;  // index/base/cpu.h

inline constexpr int kAlsLanes = 16;
// Gathered factors that the second-level cache of one core holds.
inline constexpr int kAlsBlockFloats = 131072;
// Factors of the fixed side that a batch of rows passes over together.
inline constexpr int kAlsFactorBlockFloats = 131072;
// Rows of a batch, at most.
inline constexpr int kAlsBatchRows = 512;
// kAlsBlockFloats and one group of 8 rows more, or four vectors for each row of
// a batch, at least.
inline constexpr int64_t AlsScratchFloats(int stride) {
  const int64_t gathered = kAlsBlockFloats + int64_t{48} * stride;
  const int64_t batch = int64_t{4} * kAlsBatchRows * stride;
  return gathered > batch ? gathered : batch;
}

// The system of one row:
//   (diag(unobserved_weight * spectrum + ridge) + sum_i w_i f_i f_i^T) x
//       = sum_i w_i f_i
// over the row's `count` entries i, with f_i = factors row columns[i] and
// w_i = roots[i]^2.
struct AlsRowSystem {
  const float* factors;
  // What conjugate gradients gather: `factors` as AlsKernels::pack() has them.
  // Null for the other solvers.
  const uint16_t* halves;
  const float* norms;
  float unit;
  const float* spectrum;  // `stride` numbers, not negative.
  const int32_t* columns;
  const float* roots;
  int64_t count;
  int stride;
  float unobserved_weight;
  float ridge;  // > 0
  float trace;  // Sum of `spectrum`.
  // Hint: the row that this thread solves next (its memory is fetched early).
  const int32_t* next_columns;
  int64_t next_count;
  const float* next_x;  // Null: no hint.
};

// Memory of one thread. Contents do not matter before or after a call.
struct AlsScratch {
  float* block;    // AlsScratchFloats(stride) floats.
  float* vectors;  // 8 * stride floats.
  float* matrix;   // stride * stride floats; not for conjugate gradients.
};

struct AlsKernels {
  // `steps` steps of conjugate gradients from the given `x`, preconditioned by
  // what the system would be if the row's entries were a fair sample of all.
  void (*conjugate_gradient)(const AlsRowSystem& system, int steps,
                             const AlsScratch& scratch, float* x);
  // The same for `count` rows together, at most kAlsBatchRows, from x[i] each:
  // systems of the same factors and spectrum, columns ascending. They take
  // turns on blocks of the factors, which stay in the nearer caches meanwhile:
  // for rows that touch more factors than those hold. A row's result does not
  // depend on the others. Takes no hint.
  void (*conjugate_gradients)(const AlsRowSystem* systems, float* const* x,
                              int count, int steps, const AlsScratch& scratch);
  // The exact solution. False when a pivot is not positive.
  bool (*cholesky)(const AlsRowSystem& system, const AlsScratch& scratch,
                   float* x);
  // One pass over blocks of `width` coordinates (a multiple of kAlsLanes): each
  // is solved exactly with the others as they are. With fewer than two blocks,
  // `cholesky`. False when a pivot is not positive.
  bool (*subspaces)(const AlsRowSystem& system, int width,
                    const AlsScratch& scratch, float* x);
  // halves = rows / unit, each to the nearest number of half precision, 65504
  // at most; unit is a power of 2. norms = squared lengths of the rows.
  void (*pack)(const float* rows, int64_t count, int stride, float unit,
               uint16_t* halves, float* norms);
  // gram += rows^T rows; only the 16 x 16 tiles on and above the diagonal are
  // written.
  void (*gram)(const float* rows, int64_t count, int stride, float* gram);
  // out = rows * square, for a stride x stride matrix given in panels:
  // kAlsLanes columns of all its rows, row by row, then those after them.
  // `out` is not `rows`.
  void (*multiply)(const float* rows, int64_t count, int stride,
                   const float* panels, float* out);
};

// The kernels of one instruction set, which the machine must support.
const AlsKernels& AlsKernelsFor(InstructionSet set);

}  // namespace usher

#endif  // USHER_TRAINER_ALGORITHMS_ALS_KERNELS_H_
