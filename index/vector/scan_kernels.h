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
inline constexpr size_t kQueriesAtOnce = 8;

// What bounds the error of estimates in a block: the largest |v - s c| / s and
// |c| of its rows v ~ s c.
struct BlockNorms {
  float error = 0;
  float code = 0;
};

// Blocks that lie one behind the other. Borrowed.
struct CodePanel {
  const uint8_t* codes;     // kBlockRows * groups * kGroupDims bytes a block.
  const float* scales;      // A row: row ~ scale * (codes - kCodeZero).
  const BlockNorms* norms;  // A block.
  size_t groups;            // ceil(dim / kGroupDims).
  size_t blocks;
};

// One quantized query and a panel. All pointers are borrowed for the call.
struct PanelQuery {
  const int32_t* query;  // `groups` times four signed bytes, in memory order.
  int32_t offset;        // -kCodeZero * (sum of query).
  float query_scale;     // query ~ query_scale * values.
  float row_weight;      // Scores of a block are off by no more than
  float code_weight;     //   scale * (row_weight * error + code_weight * code).
  float threshold;       // Rows must be able to score more than this.
  const float* bias;     // A row, or null.
  const uint64_t* live;  // A block: bit r: row r is asked for.

  // Results: the rows that passed, from the panel's first on and ascending, and
  // their integer products. Have room for all rows of the panel and a tile.
  int32_t* rows;
  int32_t* dots;
  size_t passed;
};

// All functions are pure and thread-safe. dot, dot_rows and dot_gather add in
// the same order, so that one row has one score, bit for bit.
struct ScanKernels {
  InstructionSet set;

  // The largest |value| of a quantized query that scan_panel takes.
  int query_limit;

  // Inner product of two vectors.
  float (*dot)(const float* a, const float* b, size_t dim);

  // out[i] = query . (row i of `matrix`, row-major), for i in [0, rows).
  void (*dot_rows)(const float* query, const float* matrix, size_t rows,
                   size_t dim, float* out);

  // out[i] = query . (row rows[i] of `matrix`), for i in [0, count).
  void (*dot_gather)(const float* query, const float* matrix, size_t dim,
                     const int32_t* rows, size_t count, float* out);

  // Bit i: values[i] + factor * others[i] > threshold, for i in [0, count);
  // false for NaN. `count` is at most 64. The product may be rounded or not.
  uint64_t (*above)(const float* values, const float* others, float factor,
                    size_t count, float threshold);

  // Passes the rows of each query that are live and have
  //   scale * (query_scale * dot + slack) + bias > threshold
  // (false for NaN), where slack is the bound above, over the row's scale.
  // `count` is kQueriesAtOnce at most.
  void (*scan_panel)(const CodePanel& panel, PanelQuery* queries, size_t count);
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
