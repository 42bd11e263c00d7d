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
// One query alone waits for memory: codes are asked for this many bytes early,
// past the ends of pages where the machine's own prefetching stops.
constexpr size_t kAhead = 8192;

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

uint64_t AboveAvx512(const float* values, const float* others, float factor,
                     size_t count, float threshold) {
  const __m512 factors = _mm512_set1_ps(factor);
  const __m512 least = _mm512_set1_ps(threshold);
  uint64_t above = 0;
  for (size_t i = 0; i < count; i += 16) {
    const size_t left = count - i;
    const auto here =
        static_cast<__mmask16>(left >= 16 ? 0xffffu : (1u << left) - 1);
    const __m512 products =
        _mm512_mul_ps(factors, _mm512_maskz_loadu_ps(here, others + i));
    const __m512 sums =
        _mm512_add_ps(_mm512_maskz_loadu_ps(here, values + i), products);
    const __mmask16 bits =
        _mm512_mask_cmp_ps_mask(here, sums, least, _CMP_GT_OQ);
    above |= static_cast<uint64_t>(bits) << i;
  }
  return above;
}

// What one query asks of the scores of a block.
struct Bar {
  __m512 query_scale, slack, threshold;
  const float* bias;
};

inline __mmask16 Above(const Bar& bar, __m512 scales, size_t first,
                       __m512i dots) {
  const __m512 raised =
      _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), bar.query_scale, bar.slack);
  __m512 upper = _mm512_mul_ps(scales, raised);
  if (bar.bias != nullptr) {
    upper = _mm512_add_ps(upper, _mm512_loadu_ps(bar.bias + first));
  }
  return _mm512_cmp_ps_mask(upper, bar.threshold, _CMP_GT_OQ);
}

inline size_t Append(PanelQuery& query, size_t passed, size_t first,
                     uint64_t bits, __m512i dots) {
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i rows =
      _mm512_add_epi32(_mm512_set1_epi32(static_cast<int32_t>(first)), lanes);
  const __mmask16 mask = static_cast<__mmask16>(bits);
  _mm512_storeu_si512(query.rows + passed,
                      _mm512_maskz_compress_epi32(mask, rows));
  _mm512_storeu_si512(query.dots + passed,
                      _mm512_maskz_compress_epi32(mask, dots));
  return passed + static_cast<size_t>(__builtin_popcount(mask));
}

// GCC 12 copies every sum of the intrinsic.
inline void AddProducts(__m512i& sums, __m512i codes, __m512i query) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(codes), "v"(query));
}

// kQueries share each load of two tiles of codes.
template <size_t kQueries>
void ScanPanelOf(const CodePanel& panel, PanelQuery* queries) {
  const size_t tile_bytes = panel.groups * kGroupDims * kTileRows;
  const uint8_t* codes = panel.codes;
  size_t passed[kQueries] = {};
  for (size_t block = 0; block < panel.blocks; ++block) {
    uint64_t live = 0;
    float slack[kQueries];
    for (size_t i = 0; i < kQueries; ++i) {
      live |= queries[i].live[block];
      slack[i] = queries[i].row_weight * panel.norms[block].error +
                 queries[i].code_weight * panel.norms[block].code;
    }
    for (size_t r = 0; r < kBlockRows; r += 2 * kTileRows) {
      const uint8_t* low = codes;
      const uint8_t* high = codes + tile_bytes;
      codes = high + tile_bytes;
      if ((live >> r & 0xffffffff) == 0) continue;
      __m512i sums[kQueries][2];
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i) {
        sums[i][0] = sums[i][1] = _mm512_set1_epi32(queries[i].offset);
      }
      for (size_t g = 0; g < panel.groups; ++g) {
        const __m512i c0 = _mm512_loadu_si512(low + 4 * kTileRows * g);
        const __m512i c1 = _mm512_loadu_si512(high + 4 * kTileRows * g);
        if constexpr (kQueries == 1) {
          _mm_prefetch(low + kAhead + 4 * kTileRows * g, _MM_HINT_T0);
          _mm_prefetch(high + kAhead + 4 * kTileRows * g, _MM_HINT_T0);
        }
#pragma GCC unroll 8
        for (size_t i = 0; i < kQueries; ++i) {
          const __m512i q = _mm512_set1_epi32(queries[i].query[g]);
          AddProducts(sums[i][0], c0, q);
          AddProducts(sums[i][1], c1, q);
        }
      }
      const size_t first = block * kBlockRows + r;
      const __m512 scales0 = _mm512_loadu_ps(panel.scales + first);
      const __m512 scales1 = _mm512_loadu_ps(panel.scales + first + kTileRows);
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i) {
        PanelQuery& query = queries[i];
        const Bar bar = {_mm512_set1_ps(query.query_scale),
                         _mm512_set1_ps(slack[i]),
                         _mm512_set1_ps(query.threshold), query.bias};
        const __mmask16 above0 = Above(bar, scales0, first, sums[i][0]);
        const __mmask16 above1 =
            Above(bar, scales1, first + kTileRows, sums[i][1]);
        if (_mm512_kortestz(above0, above1)) continue;
        const uint64_t asked = query.live[block] >> r;
        passed[i] = Append(query, passed[i], first, above0 & asked, sums[i][0]);
        passed[i] = Append(query, passed[i], first + kTileRows,
                           above1 & asked >> kTileRows, sums[i][1]);
      }
    }
  }
  for (size_t i = 0; i < kQueries; ++i) queries[i].passed = passed[i];
}

void ScanPanelAvx512(const CodePanel& panel, PanelQuery* queries,
                     size_t count) {
  static_assert(kQueriesAtOnce == 8);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) ScanPanelOf<8>(panel, queries + i);
  for (; i + 4 <= count; i += 4) ScanPanelOf<4>(panel, queries + i);
  for (; i < count; ++i) ScanPanelOf<1>(panel, queries + i);
}

}  // namespace

const ScanKernels kAvx512Kernels = {
    InstructionSet::kAvx512, 127,          &DotAvx512,       &DotRowsAvx512,
    &DotGatherAvx512,        &AboveAvx512, &ScanPanelAvx512,
};

}  // namespace usher

#endif  // defined(__x86_64__)
