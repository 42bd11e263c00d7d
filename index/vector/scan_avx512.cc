// Compiled for AVX-512 with VNNI; see usher_isa_source() for what may stand
// here.
#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)  // GCC bug 105593.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "index/vector/scan_kernels.h"

namespace usher {
namespace {

constexpr size_t kLanes = 16;
constexpr size_t kPrefetchRows = 6;
constexpr size_t kCacheLine = 64;

// The products of one query with kRows rows: two accumulators a row.
template <int kRows>
inline void DotMany(const float* query, const float* const* rows, size_t dim,
                    float* out) {
  __m512 even[kRows], odd[kRows];
  for (int r = 0; r < kRows; ++r) even[r] = odd[r] = _mm512_setzero_ps();
  size_t d = 0;
  for (; d + 2 * kLanes <= dim; d += 2 * kLanes) {
    const __m512 q0 = _mm512_loadu_ps(query + d);
    const __m512 q1 = _mm512_loadu_ps(query + d + kLanes);
    for (int r = 0; r < kRows; ++r) {
      even[r] = _mm512_fmadd_ps(q0, _mm512_loadu_ps(rows[r] + d), even[r]);
      odd[r] =
          _mm512_fmadd_ps(q1, _mm512_loadu_ps(rows[r] + d + kLanes), odd[r]);
    }
  }
  for (; d < dim; d += kLanes) {
    const size_t left = dim - d < kLanes ? dim - d : kLanes;
    const __mmask16 mask = static_cast<__mmask16>((1u << left) - 1);
    const __m512 q = _mm512_maskz_loadu_ps(mask, query + d);
    for (int r = 0; r < kRows; ++r) {
      even[r] =
          _mm512_fmadd_ps(q, _mm512_maskz_loadu_ps(mask, rows[r] + d), even[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    out[r] = _mm512_reduce_add_ps(_mm512_add_ps(even[r], odd[r]));
  }
}

float DotAvx512(const float* a, const float* b, size_t dim) {
  float out;
  DotMany<1>(a, &b, dim, &out);
  return out;
}

void DotRowsAvx512(const float* query, const float* matrix, size_t rows,
                   size_t dim, float* out) {
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* m = matrix + r * dim;
    const float* four[4] = {m, m + dim, m + 2 * dim, m + 3 * dim};
    DotMany<4>(query, four, dim, out + r);
  }
  for (; r < rows; ++r) out[r] = DotAvx512(query, matrix + r * dim, dim);
}

inline void Prefetch(const float* row, size_t dim) {
  const char* p = reinterpret_cast<const char*>(row);
  for (size_t b = 0; b < dim * sizeof(float); b += kCacheLine) {
    _mm_prefetch(p + b, _MM_HINT_T0);
  }
}

void DotGatherAvx512(const float* query, const float* matrix, size_t dim,
                     const int32_t* rows, size_t count, float* out) {
  const auto row = [=](size_t i) {
    return matrix + static_cast<size_t>(rows[i]) * dim;
  };
  for (size_t i = 0; i < count && i < kPrefetchRows; ++i) Prefetch(row(i), dim);
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    for (size_t p = i + kPrefetchRows; p < i + kPrefetchRows + 2; ++p) {
      if (p < count) Prefetch(row(p), dim);
    }
    const float* two[2] = {row(i), row(i + 1)};
    DotMany<2>(query, two, dim, out + i);
  }
  if (i < count) out[i] = DotAvx512(query, row(i), dim);
}

inline uint64_t Above(const ScanBlock& block, size_t first, __m512i dots) {
  const __m512 raised = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots),
                                        _mm512_set1_ps(block.query_scale),
                                        _mm512_set1_ps(block.slack));
  __m512 upper = _mm512_mul_ps(_mm512_loadu_ps(block.scales + first), raised);
  if (block.bias != nullptr) {
    upper = _mm512_add_ps(upper, _mm512_loadu_ps(block.bias + first));
  }
  return _mm512_cmp_ps_mask(upper, _mm512_set1_ps(block.threshold), _CMP_GT_OQ);
}

// Two tiles share each load of the query.
inline void DotTiles(const ScanBlock& block, const uint8_t* codes,
                     size_t tile_bytes, __m512i sums[2]) {
  __m512i first = _mm512_set1_epi32(block.offset);
  __m512i second = first;
  for (size_t g = 0; g < block.groups; ++g) {
    const uint8_t* c = codes + 4 * kTileRows * g;
    const __m512i q = _mm512_set1_epi32(block.query[g]);
    first = _mm512_dpbusd_epi32(first, _mm512_loadu_si512(c), q);
    second = _mm512_dpbusd_epi32(second, _mm512_loadu_si512(c + tile_bytes), q);
  }
  sums[0] = first;
  sums[1] = second;
}

uint64_t ScanBlockAvx512(const ScanBlock& block, int32_t* dots) {
  const size_t tile_bytes = block.groups * kGroupDims * kTileRows;
  const uint8_t* codes = block.codes;
  uint64_t passed = 0;
  for (size_t r = 0; r < kBlockRows; r += 2 * kTileRows) {
    if ((block.live >> r & 0xffffffff) != 0) {
      __m512i sums[2];
      DotTiles(block, codes, tile_bytes, sums);
      const uint64_t bits = Above(block, r, sums[0]) |
                            Above(block, r + kTileRows, sums[1]) << kTileRows;
      if (bits != 0) {
        passed |= bits << r;
        _mm512_storeu_si512(dots + r, sums[0]);
        _mm512_storeu_si512(dots + r + kTileRows, sums[1]);
      }
    }
    codes += 2 * tile_bytes;
  }
  return passed & block.live;
}

void ScanBlockAtOnceAvx512(const ScanBlock* blocks, int32_t* dots,
                           uint64_t* passed) {
  static_assert(kQueriesAtOnce == 4);
  const ScanBlock& first = blocks[0];
  const size_t tile_bytes = first.groups * kGroupDims * kTileRows;
  const uint8_t* codes = first.codes;
  for (size_t i = 0; i < kQueriesAtOnce; ++i) passed[i] = 0;
  const uint64_t live =
      blocks[0].live | blocks[1].live | blocks[2].live | blocks[3].live;
  for (size_t r = 0; r < kBlockRows; r += kTileRows, codes += tile_bytes) {
    if ((live >> r & 0xffff) == 0) continue;
    __m512i sums[kQueriesAtOnce];
    for (size_t i = 0; i < kQueriesAtOnce; ++i) {
      sums[i] = _mm512_set1_epi32(blocks[i].offset);
    }
    for (size_t g = 0; g < first.groups; ++g) {
      const __m512i c = _mm512_loadu_si512(codes + 4 * kTileRows * g);
      for (size_t i = 0; i < kQueriesAtOnce; ++i) {
        sums[i] = _mm512_dpbusd_epi32(sums[i], c,
                                      _mm512_set1_epi32(blocks[i].query[g]));
      }
    }
    for (size_t i = 0; i < kQueriesAtOnce; ++i) {
      const uint64_t bits = Above(blocks[i], r, sums[i]);
      if (bits == 0) continue;
      passed[i] |= bits << r;
      _mm512_storeu_si512(dots + i * kBlockRows + r, sums[i]);
    }
  }
  for (size_t i = 0; i < kQueriesAtOnce; ++i) passed[i] &= blocks[i].live;
}

}  // namespace

const ScanKernels kAvx512Kernels = {
    InstructionSet::kAvx512,
    127,
    &DotAvx512,
    &DotRowsAvx512,
    &DotGatherAvx512,
    &ScanBlockAvx512,
    &ScanBlockAtOnceAvx512,
};

}  // namespace usher

#endif  // defined(__x86_64__)
