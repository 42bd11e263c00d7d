// Compiled for AVX2; see usher_isa_source() for what may stand here.
#if defined(__x86_64__)

#include <immintrin.h>

#include "serving/ranking/tree_kernels.h"

namespace usher {
namespace {

constexpr size_t kFloats = 8;  // Of a register.
constexpr size_t kBytes = 32;  // Rows that go down together.
constexpr size_t kParts = kBytes / kFloats;

inline unsigned ReachedOf(const float* thresholds, __m256 value) {
  const __m256 low =
      _mm256_cmp_ps(value, _mm256_loadu_ps(thresholds), _CMP_NLT_UQ);
  const __m256 high =
      _mm256_cmp_ps(value, _mm256_loadu_ps(thresholds + kFloats), _CMP_NLT_UQ);
  return static_cast<unsigned>(
      __builtin_popcount(static_cast<unsigned>(_mm256_movemask_ps(low)) |
                         static_cast<unsigned>(_mm256_movemask_ps(high)) << 8));
}

// Where all thresholds are in one group, it need not be looked for.
template <bool kOneGroup>
inline int8_t CodeOf(const float* thresholds, unsigned codes, float value) {
  const __m256 all = _mm256_set1_ps(value);
  unsigned below = 0;
  if constexpr (!kOneGroup) {
    const unsigned groups = ReachedOf(thresholds, all);
    below = groups > 0 ? (groups - 1) * kCodeGroup : 0;
  }
  const unsigned reached =
      below + ReachedOf(thresholds + kCodeGroup + below, all);
  return static_cast<int8_t>(
      static_cast<int>(reached < codes ? reached : codes) - kCodeOffset);
}

template <bool kOneGroup>
inline void EncodeColumn(const TreeColumns& columns, size_t column,
                         const float* features, size_t stride, size_t rows,
                         int8_t* codes) {
  const float* thresholds =
      columns.thresholds + column * kCodeGroup * (kCodeGroup + 1);
  const unsigned count = columns.codes[column];
  const int8_t of_zero = columns.of_zero[column];
  const float* values = features + columns.features[column] * stride;
  int8_t* out = codes + column * kTreeLanes;
  for (size_t r = 0; r < rows; ++r) {
    const float value = values[r];
    out[r] = value == 0 ? of_zero : CodeOf<kOneGroup>(thresholds, count, value);
  }
}

void EncodeAvx2(const TreeColumns& columns, const float* features,
                size_t stride, size_t rows, int8_t* codes) {
  for (size_t c = 0; c < columns.count; ++c) {
    if (columns.codes[c] <= kCodeGroup) {
      EncodeColumn<true>(columns, c, features, stride, rows, codes);
    } else {
      EncodeColumn<false>(columns, c, features, stride, rows, codes);
    }
  }
}

// One tree and the rows that go down it.
struct Walk {
  const uint32_t* columns;
  const int8_t* limits;
  const int8_t* codes;

  // All ones in the bytes of rows that go right at the node.
  __m256i Right(size_t node) const {
    const __m256i row = _mm256_loadu_si256(
        reinterpret_cast<const __m256i*>(codes + columns[node]));
    return _mm256_cmpgt_epi8(row, _mm256_set1_epi8(limits[node]));
  }

  // The leaf that each row would come to from `node`, `kLevels` above the
  // leaves, of which the first is kFirst: from the bottom to the top, what is
  // asked above chooses between what was found below.
  template <int kLevels, int kFirst>
  __m256i Leaf(size_t node) const {
    if constexpr (kLevels == 1) {
      return _mm256_sub_epi8(_mm256_set1_epi8(static_cast<char>(kFirst)),
                             Right(node));
    } else {
      constexpr int kHalf = 1 << (kLevels - 1);
      return _mm256_blendv_epi8(Leaf<kLevels - 1, kFirst>(2 * node + 1),
                                Leaf<kLevels - 1, kFirst + kHalf>(2 * node + 2),
                                Right(node));
    }
  }
};

Walk WalkOf(const CodedTrees& trees, size_t tree, const int8_t* codes) {
  const size_t splits = (size_t{1} << trees.depth) - 1;
  return {trees.columns + tree * splits, trees.codes + tree * splits, codes};
}

// Eight values by their places in a table of 2^kDepth.
template <int kDepth>
inline __m256 Look(const float* table, __m256i places) {
  if constexpr (kDepth <= 3) {
    constexpr int kMask = (1 << kDepth) - 1;
    // A small table is read as far as it goes.
    const __m256 values = _mm256_maskload_ps(
        table, _mm256_cmpgt_epi32(_mm256_set1_epi32(kMask + 1),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
    return _mm256_permutevar8x32_ps(values, places);
  } else if constexpr (kDepth == 4) {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), places);
    const __m256 high =
        _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + kFloats), places);
    return _mm256_blendv_ps(low, high,
                            _mm256_castsi256_ps(_mm256_slli_epi32(places, 28)));
  } else {
    return _mm256_i32gather_ps(table, places, sizeof(float));
  }
}

// Of kBytes rows, whose codes are that far into those of the group.
template <int kDepth>
inline void AddLeavesFrom(const CodedTrees& trees, const int8_t* codes,
                          float* scores) {
  __m256 sums[kParts];
  for (size_t p = 0; p < kParts; ++p) {
    sums[p] = _mm256_loadu_ps(scores + p * kFloats);
  }
  for (size_t tree = 0; tree < trees.count; ++tree) {
    const __m256i leaf = WalkOf(trees, tree, codes).Leaf<kDepth, 0>(0);
    const float* table = trees.leaves + (tree << kDepth);
    const __m128i low = _mm256_castsi256_si128(leaf);
    const __m128i high = _mm256_extracti128_si256(leaf, 1);
    const __m256i places[kParts] = {
        _mm256_cvtepu8_epi32(low), _mm256_cvtepu8_epi32(_mm_srli_si128(low, 8)),
        _mm256_cvtepu8_epi32(high),
        _mm256_cvtepu8_epi32(_mm_srli_si128(high, 8))};
    for (size_t p = 0; p < kParts; ++p) {
      sums[p] = _mm256_add_ps(sums[p], Look<kDepth>(table, places[p]));
    }
  }
  for (size_t p = 0; p < kParts; ++p) {
    _mm256_storeu_ps(scores + p * kFloats, sums[p]);
  }
}

template <int kDepth>
void AddLeavesOf(const CodedTrees& trees, const int8_t* codes, float* scores) {
  for (size_t row = 0; row < kTreeLanes; row += kBytes) {
    AddLeavesFrom<kDepth>(trees, codes + row, scores + row);
  }
}

template <int kDepth>
void FindLeavesOf(const CodedTrees& trees, const int8_t* codes,
                  uint8_t* leaves) {
  for (size_t tree = 0; tree < trees.count; ++tree) {
    for (size_t row = 0; row < kTreeLanes; row += kBytes) {
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(leaves + tree * kTreeLanes + row),
          WalkOf(trees, tree, codes + row).Leaf<kDepth, 0>(0));
    }
  }
}

void AddLeavesAvx2(const CodedTrees& trees, const int8_t* codes,
                   float* scores) {
  using Add = void (*)(const CodedTrees&, const int8_t*, float*);
  static const Add kAdd[] = {&AddLeavesOf<1>, &AddLeavesOf<2>, &AddLeavesOf<3>,
                             &AddLeavesOf<4>, &AddLeavesOf<5>, &AddLeavesOf<6>,
                             &AddLeavesOf<7>, &AddLeavesOf<8>};
  kAdd[trees.depth - 1](trees, codes, scores);
}

void FindLeavesAvx2(const CodedTrees& trees, const int8_t* codes,
                    uint8_t* leaves) {
  using Find = void (*)(const CodedTrees&, const int8_t*, uint8_t*);
  static const Find kFind[] = {
      &FindLeavesOf<1>, &FindLeavesOf<2>, &FindLeavesOf<3>, &FindLeavesOf<4>,
      &FindLeavesOf<5>, &FindLeavesOf<6>, &FindLeavesOf<7>, &FindLeavesOf<8>};
  kFind[trees.depth - 1](trees, codes, leaves);
}

}  // namespace

const TreeKernels kAvx2TreeKernels = {&EncodeAvx2, &AddLeavesAvx2,
                                      &FindLeavesAvx2};

}  // namespace usher

#endif  // defined(__x86_64__)
