// The inner loops of boosted trees, once per instruction set.
#ifndef USHER_SERVING_RANKING_TREE_KERNELS_H_
#define USHER_SERVING_RANKING_TREE_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "index/base/cpu.h"

namespace usher {

// Trees ask a feature for nothing but which of their thresholds it has reached.
// So each feature becomes one byte, its code: how many of the trees' distinct
// thresholds for it are not above it, less kCodeOffset. Bytes of kTreeLanes
// rows side by side fill a register or two, and go down a tree together.
//
// A column is a feature and up to kMaxCodes of its thresholds, ascending; a
// feature that is asked for more has several columns.
inline constexpr size_t kTreeLanes = 64;
inline constexpr size_t kMaxCodes = 255;
inline constexpr int kCodeOffset = 128;
// Thresholds of a column are looked at by so many: first the first of each
// group, then those of one group.
inline constexpr size_t kCodeGroup = 16;
inline constexpr size_t kCodeHeap = kMaxCodes + 1;

struct TreeColumns {
  size_t count;
  const uint8_t* features;  // Of each column.
  const uint8_t* codes;     // How many thresholds it has.
  const int8_t* of_zero;    // The code of 0, which most values are.
  // kCodeGroup * (kCodeGroup + 1) numbers a column: the first threshold of each
  // group, then all of them, both filled up with infinity.
  const float* thresholds;
  // The same as a binary tree, for many values at once: kCodeHeap numbers a
  // column, of which node h has its children at 2 h and 2 h + 1, from 1 on,
  // filled up with infinity; and how many levels it has, 1 to 8.
  const float* heaps;
  const uint8_t* levels;
};

struct CodedTrees {
  size_t count;
  int depth;
  // Of each split in heap order, tree behind tree: where the codes of its
  // column begin (kTreeLanes times the column), and the code above which a row
  // goes right.
  const uint32_t* columns;
  const int8_t* codes;
  const float* leaves;  // 2^depth a tree.
};

// All functions are pure and thread-safe, and all sets give the same bits.
struct TreeKernels {
  // The codes of `rows` rows (kTreeLanes at most), of which feature f of row r
  // is at features[f * stride + r]: that of row r in column c at
  // codes[c * kTreeLanes + r]. A NaN has reached all.
  void (*encode)(const TreeColumns& columns, const float* features,
                 size_t stride, size_t rows, int8_t* codes);

  // scores[r] += the leaf that row r falls into, tree after tree, for all
  // kTreeLanes rows.
  void (*add_leaves)(const CodedTrees& trees, const int8_t* codes,
                     float* scores);

  // leaves[t * kTreeLanes + r]: which leaf of tree t row r falls into.
  void (*find_leaves)(const CodedTrees& trees, const int8_t* codes,
                      uint8_t* leaves);
};

// The kernels of one set. The caller makes sure that the machine has it; a set
// that this build lacks gives the best of the lower ones.
const TreeKernels& TreeKernelsFor(InstructionSet set);

// One per file; TreeKernelsFor chooses.
extern const TreeKernels kPortableTreeKernels;
#if defined(__x86_64__)
extern const TreeKernels kAvx2TreeKernels;
extern const TreeKernels kAvx512TreeKernels;
#endif

}  // namespace usher

#endif  // USHER_SERVING_RANKING_TREE_KERNELS_H_
