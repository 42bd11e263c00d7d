// The kernels of the machine, for whoever needs a few.
#ifndef USHER_INDEX_VECTOR_DOT_H_
#define USHER_INDEX_VECTOR_DOT_H_

#include <cstddef>
#include <cstdint>

#include "index/vector/scan_kernels.h"

namespace usher {

// The inner product of two vectors of `dim` floats. The order of the additions,
// and so the last bits, belong to the instruction set in use.
inline float Dot(const float* a, const float* b, size_t dim) {
  return ActiveKernels().dot(a, b, dim);
}

// out[i] = query . row i of the row-major `matrix` of n x dim floats. Equal to
// Dot() bit for bit.
inline void DotRows(const float* query, const float* matrix, size_t n,
                    size_t dim, float* out) {
  ActiveKernels().dot_rows(query, matrix, n, dim, out);
}

// out[i] = query . row rows[i] of `matrix`, for `n` rows that lie anywhere.
// Equal to Dot() bit for bit.
inline void DotGather(const float* query, const float* matrix, size_t dim,
                      const int32_t* rows, size_t n, float* out) {
  ActiveKernels().dot_gather(query, matrix, dim, rows, n, out);
}

// ScanKernels::above.
inline uint64_t AboveThreshold(const float* values, const float* others,
                               float factor, size_t count, float threshold) {
  return ActiveKernels().above(values, others, factor, count, threshold);
}

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_DOT_H_
