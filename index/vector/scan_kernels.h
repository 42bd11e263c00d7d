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
// no sum across a register is ever needed. In four bits a number, that byte is
// dimension 8 * g + i in its lower half and 8 * g + 4 + i in its upper one,
// each stored as value + 7.5.
inline constexpr size_t kTileRows = 16;
inline constexpr size_t kBlockRows = 64;
inline constexpr size_t kGroupDims = 4;
inline constexpr size_t kGroupBytes = kGroupDims * kTileRows;
inline constexpr int kCodeZero = 128;
inline constexpr float kNibbleZero = 7.5f;
// Queries that share each load of the codes.
inline constexpr size_t kQueriesAtOnce = 8;

// Blocks that lie one behind the other. Borrowed.
struct CodePanel {
  const uint8_t* codes;   // kGroupBytes * groups a tile.
  const uint32_t* terms;  // A row: the bits of a float that is its scale
                          // (row ~ scale * values) above those of one that
                          // |row - scale * values| is not above; of each the
                          // upper half, the lower one being zero (bfloat16).
  const float* norms;     // A block: the largest |values| of its rows.
  size_t groups;          // ceil(dim / 4), or ceil(dim / 8) of four bits.
  size_t blocks;
};

// One quantized query and a panel. All pointers are borrowed for the call.
struct PanelQuery {
  const int32_t* query;  // Four signed bytes each, in the dimensions' order,
                         // for every dimension of the panel's groups.
  int32_t offset;        // -(zero of the codes) * (sum of query), rounded down.
  float query_scale;     // query ~ query_scale * values.
  float row_weight;      // Scores are off by no more than
  float code_weight;     //   row_weight * error + scale * code_weight * norm.
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
  //   scale * query_scale * dot + slack + bias > threshold
  // (false for NaN), where slack is the bound above.
  // `count` is kQueriesAtOnce at most.
  void (*scan_panel)(const CodePanel& panel, PanelQuery* queries, size_t count);

  // The same of one query and codes of four bits.
  void (*scan_nibbles)(const CodePanel& panel, PanelQuery& query);
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
