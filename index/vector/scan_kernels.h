// The inner loops of vector search, once per instruction set.
#ifndef USHER_INDEX_VECTOR_SCAN_KERNELS_H_
#define USHER_INDEX_VECTOR_SCAN_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "index/base/cpu.h"

namespace usher {

// Rows of the quantized matrix come in blocks of kBlockRows, each of four
// tiles. A tile holds kTileRows rows, interleaved by groups of four
// dimensions: byte 64 * g + 4 * r + i is dimension 4 * g + i of row r, stored
// as value + 128. So one load has the same four dimensions of many rows, and
// no sum across a register is ever needed.
inline constexpr size_t kTileRows = 16;
inline constexpr size_t kBlockRows = 64;
inline constexpr size_t kGroupDims = 4;
inline constexpr int kCodeZero = 128;
// Queries that share each load of the codes.
inline constexpr size_t kQueriesAtOnce = 4;

// One block and one quantized query. All pointers are borrowed for the call.
struct ScanBlock {
  const int32_t* query;  // `groups` times four signed bytes, in memory order.
  size_t groups;         // ceil(dim / kGroupDims).
  int32_t offset;        // -kCodeZero * (sum of query).
  float query_scale;     // query ~ query_scale * values.
  float slack;           // How far a score may be off, over the row's scale.
  float threshold;       // Rows must be able to score more than this.
  const uint8_t* codes;  // kBlockRows * groups * kGroupDims bytes.
  const float* scales;   // kBlockRows: row ~ scale * (codes - kCodeZero).
  const float* bias;     // kBlockRows, or null.
  uint64_t live;         // Bit r: row r is asked for.
};

// All functions are pure and thread-safe. dot, dot_rows and dot_gather add in
// the same order, so that one row has one score, bit for bit.
struct ScanKernels {
  InstructionSet set;

  // The largest |value| of a quantized query that scan_block takes.
  int query_limit;

  // Inner product of two vectors.
  float (*dot)(const float* a, const float* b, size_t dim);

  // out[i] = query . (row i of `matrix`, row-major), for i in [0, rows).
  void (*dot_rows)(const float* query, const float* matrix, size_t rows,
                   size_t dim, float* out);

  // out[i] = query . (row rows[i] of `matrix`), for i in [0, count).
  void (*dot_gather)(const float* query, const float* matrix, size_t dim,
                     const int32_t* rows, size_t count, float* out);

  // Bit r of the result: row r is live and
  //   scale * (query_scale * dot + slack) + bias > threshold,
  // false for NaN. `dots` (kBlockRows) gets the integer products of every tile
  // that has such a row; the others are left as they are.
  uint64_t (*scan_block)(const ScanBlock& block, int32_t* dots);

  // scan_block of kQueriesAtOnce queries that differ in all but codes, groups
  // and scales, which are those of the first: `passed` and `dots` get the
  // results one behind the other.
  void (*scan_block_at_once)(const ScanBlock* blocks, int32_t* dots,
                             uint64_t* passed);
};

// The kernels of one set. The caller makes sure that the machine has it; a set
// that this build lacks gives the portable ones.
const ScanKernels& KernelsFor(InstructionSet set);

// The kernels of ActiveInstructionSet().
const ScanKernels& ActiveKernels();

// One per file; KernelsFor chooses.
extern const ScanKernels kPortableKernels;
#if defined(__x86_64__)
extern const ScanKernels kAvx2Kernels;
extern const ScanKernels kAvx512Kernels;
#endif

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_SCAN_KERNELS_H_
