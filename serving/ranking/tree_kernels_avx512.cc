// Compiled for AVX-512; see usher_isa_source() for what may stand here.
#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)  // GCC bug 105593.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "serving/ranking/tree_kernels.h"

namespace usher {
namespace {

constexpr size_t kWide = 16;  // Floats of a register.
constexpr size_t kQuarters = kTreeLanes / kWide;
static_assert(kCodeHeap == 16 * kWide && kTreeLanes == 64);

// What sixteen values are compared with at nodes `h` of a heap, all on level
// kLevel.
template <int kLevel>
inline __m512 AtNodes(const float* heap, __m512i h) {
  constexpr size_t kFirst = kLevel < 4 ? 0 : size_t{1} << kLevel;
  const auto part = [&](size_t i) {
    return _mm512_loadu_ps(heap + kFirst + i * kWide);
  };
  if constexpr (kLevel <= 4) {
    return _mm512_permutexvar_ps(h, part(0));
  } else if constexpr (kLevel == 5) {
    return _mm512_permutex2var_ps(part(0), h, part(1));
  } else {
    const __mmask16 odd = _mm512_test_epi32_mask(h, _mm512_set1_epi32(32));
    const auto pair = [&](size_t i) {
      return _mm512_mask_blend_ps(
          odd, _mm512_permutex2var_ps(part(i), h, part(i + 1)),
          _mm512_permutex2var_ps(part(i + 2), h, part(i + 3)));
    };
    if constexpr (kLevel == 6) return pair(0);
    const __mmask16 far = _mm512_test_epi32_mask(h, _mm512_set1_epi32(64));
    return _mm512_mask_blend_ps(far, pair(0), pair(4));
  }
}

// From node `h` on level kLevel down to the bottom of a heap of so many levels.
template <int kLevel, int kLevels>
inline __m512i GoDownHeap(const float* heap, __m512 values, __m512i h) {
  const __mmask16 reached =
      _mm512_cmp_ps_mask(values, AtNodes<kLevel>(heap, h), _CMP_NLT_UQ);
  h = _mm512_add_epi32(h, h);
  h = _mm512_mask_add_epi32(h, reached, h, _mm512_set1_epi32(1));
  if constexpr (kLevel + 1 == kLevels) {
    return _mm512_sub_epi32(h, _mm512_set1_epi32(1 << kLevels));
  } else {
    return GoDownHeap<kLevel + 1, kLevels>(heap, values, h);
  }
}

struct WideColumn {
  const float* values;
  size_t rows;
  const float* heap;
  int codes;
  int8_t* out;
};

template <int kLevels>
void EncodeWideColumn(const WideColumn& column) {
  for (size_t r = 0; r < column.rows; r += kWide) {
    const size_t left = column.rows - r;
    const auto mask =
        static_cast<__mmask16>(left < kWide ? (1u << left) - 1 : 0xffffu);
    const __m512 values = _mm512_maskz_loadu_ps(mask, column.values + r);
    const __m512i reached =
        GoDownHeap<0, kLevels>(column.heap, values, _mm512_set1_epi32(1));
    const __m512i code = _mm512_sub_epi32(
        _mm512_min_epi32(reached, _mm512_set1_epi32(column.codes)),
        _mm512_set1_epi32(kCodeOffset));
    _mm512_mask_cvtepi32_storeu_epi8(column.out + r, mask, code);
  }
}

void EncodeAvx512(const TreeColumns& columns, const float* features,
                  size_t stride, size_t rows, int8_t* codes) {
  using Encode = void (*)(const WideColumn&);
  static const Encode kEncode[] = {&EncodeWideColumn<1>, &EncodeWideColumn<2>,
                                   &EncodeWideColumn<3>, &EncodeWideColumn<4>,
                                   &EncodeWideColumn<5>, &EncodeWideColumn<6>,
                                   &EncodeWideColumn<7>, &EncodeWideColumn<8>};
  for (size_t c = 0; c < columns.count; ++c) {
    kEncode[columns.levels[c] - 1]({features + columns.features[c] * stride,
                                    rows, columns.heaps + c * kCodeHeap,
                                    columns.codes[c], codes + c * kTreeLanes});
  }
}

// One tree and the rows that go down it.
struct WideWalk {
  const uint32_t* columns;
  const int8_t* limits;
  const int8_t* codes;

  // The rows that go right at the node.
  __mmask64 Right(size_t node) const {
    return _mm512_cmpgt_epi8_mask(_mm512_loadu_si512(codes + columns[node]),
                                  _mm512_set1_epi8(limits[node]));
  }

  // The leaf that each row would come to from `node`, `kLevels` above the
  // leaves, of which the first is kFirst: from the bottom to the top, what is
  // asked above chooses between what was found below.
  template <int kLevels, int kFirst>
  __m512i Leaf(size_t node) const {
    if constexpr (kLevels == 1) {
      return _mm512_mask_blend_epi8(
          Right(node), _mm512_set1_epi8(static_cast<char>(kFirst)),
          _mm512_set1_epi8(static_cast<char>(kFirst + 1)));
    } else {
      constexpr int kHalf = 1 << (kLevels - 1);
      const __m512i left = Leaf<kLevels - 1, kFirst>(2 * node + 1);
      const __m512i right = Leaf<kLevels - 1, kFirst + kHalf>(2 * node + 2);
      return _mm512_mask_blend_epi8(Right(node), left, right);
    }
  }
};

WideWalk WideWalkOf(const CodedTrees& trees, size_t tree, const int8_t* codes) {
  const size_t splits = (size_t{1} << trees.depth) - 1;
  return {trees.columns + tree * splits, trees.codes + tree * splits, codes};
}

// Sixteen values by their places in a table of 2^kDepth.
template <int kDepth>
inline __m512 LookWide(const float* table, __m512i places) {
  if constexpr (kDepth <= 4) {
    constexpr __mmask16 kAll =
        static_cast<__mmask16>((1u << (1 << kDepth)) - 1);
    return _mm512_permutexvar_ps(places, _mm512_maskz_loadu_ps(kAll, table));
  } else if constexpr (kDepth == 5) {
    return _mm512_permutex2var_ps(_mm512_loadu_ps(table), places,
                                  _mm512_loadu_ps(table + kWide));
  } else {
    return _mm512_i32gather_ps(places, table, sizeof(float));
  }
}

template <int kDepth>
void AddWideLeaves(const CodedTrees& trees, const int8_t* codes,
                   float* scores) {
  __m512 sums[kQuarters];
  for (size_t q = 0; q < kQuarters; ++q) {
    sums[q] = _mm512_loadu_ps(scores + q * kWide);
  }
  for (size_t tree = 0; tree < trees.count; ++tree) {
    const __m512i leaf = WideWalkOf(trees, tree, codes).Leaf<kDepth, 0>(0);
    const float* table = trees.leaves + (tree << kDepth);
    const __m512i places[kQuarters] = {
        _mm512_cvtepu8_epi32(_mm512_castsi512_si128(leaf)),
        _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 1)),
        _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 2)),
        _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 3))};
    for (size_t q = 0; q < kQuarters; ++q) {
      sums[q] = _mm512_add_ps(sums[q], LookWide<kDepth>(table, places[q]));
    }
  }
  for (size_t q = 0; q < kQuarters; ++q) {
    _mm512_storeu_ps(scores + q * kWide, sums[q]);
  }
}

template <int kDepth>
void FindWideLeaves(const CodedTrees& trees, const int8_t* codes,
                    uint8_t* leaves) {
  for (size_t tree = 0; tree < trees.count; ++tree) {
    _mm512_storeu_si512(leaves + tree * kTreeLanes,
                        WideWalkOf(trees, tree, codes).Leaf<kDepth, 0>(0));
  }
}

void AddLeavesAvx512(const CodedTrees& trees, const int8_t* codes,
                     float* scores) {
  using Add = void (*)(const CodedTrees&, const int8_t*, float*);
  static const Add kAdd[] = {&AddWideLeaves<1>, &AddWideLeaves<2>,
                             &AddWideLeaves<3>, &AddWideLeaves<4>,
                             &AddWideLeaves<5>, &AddWideLeaves<6>,
                             &AddWideLeaves<7>, &AddWideLeaves<8>};
  kAdd[trees.depth - 1](trees, codes, scores);
}

void FindLeavesAvx512(const CodedTrees& trees, const int8_t* codes,
                      uint8_t* leaves) {
  using Find = void (*)(const CodedTrees&, const int8_t*, uint8_t*);
  static const Find kFind[] = {&FindWideLeaves<1>, &FindWideLeaves<2>,
                               &FindWideLeaves<3>, &FindWideLeaves<4>,
                               &FindWideLeaves<5>, &FindWideLeaves<6>,
                               &FindWideLeaves<7>, &FindWideLeaves<8>};
  kFind[trees.depth - 1](trees, codes, leaves);
}

}  // namespace

const TreeKernels kAvx512TreeKernels = {&EncodeAvx512, &AddLeavesAvx512,
                                        &FindLeavesAvx512};

}  // namespace usher

#endif  // defined(__x86_64__)
