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
// past the ends of pages where the machine's own prefetching stops, and into
// the second level: the first has few places to wait in (a Zen 4 then reads a
// third as fast).
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

// The scales and errors of a tile's rows.
struct Terms {
  __m512 scales, errors;
};

inline Terms TermsOf(const CodePanel& panel, size_t first) {
  const __m512i terms = _mm512_loadu_si512(panel.terms + first);
  return {
      _mm512_castsi512_ps(_mm512_and_si512(terms, _mm512_set1_epi32(-0x10000))),
      _mm512_castsi512_ps(_mm512_slli_epi32(terms, 16))};
}

// What one query asks of the scores of a block.
struct Bar {
  Bar(const PanelQuery& query, const CodePanel& panel, size_t block)
      : query_scale(_mm512_set1_ps(query.query_scale)),
        row_weight(_mm512_set1_ps(query.row_weight)),
        code_slack(_mm512_set1_ps(query.code_weight * panel.norms[block])),
        threshold(_mm512_set1_ps(query.threshold)),
        bias(query.bias) {}

  __m512 query_scale, row_weight, code_slack, threshold;
  const float* bias;
};

inline __mmask16 Above(const Bar& bar, const Terms& terms, size_t first,
                       __m512i dots) {
  const __m512 raised = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots),
                                        bar.query_scale, bar.code_slack);
  __m512 upper = _mm512_fmadd_ps(terms.scales, raised,
                                 _mm512_mul_ps(terms.errors, bar.row_weight));
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
  const size_t tile_bytes = panel.groups * kGroupBytes;
  const uint8_t* codes = panel.codes;
  size_t passed[kQueries] = {};
  for (size_t block = 0; block < panel.blocks; ++block) {
    uint64_t live = 0;
    for (size_t i = 0; i < kQueries; ++i) live |= queries[i].live[block];
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
        const __m512i c0 = _mm512_loadu_si512(low + kGroupBytes * g);
        const __m512i c1 = _mm512_loadu_si512(high + kGroupBytes * g);
        if constexpr (kQueries == 1) {
          _mm_prefetch(low + kAhead + kGroupBytes * g, _MM_HINT_T1);
          _mm_prefetch(high + kAhead + kGroupBytes * g, _MM_HINT_T1);
        }
#pragma GCC unroll 8
        for (size_t i = 0; i < kQueries; ++i) {
          const __m512i q = _mm512_set1_epi32(queries[i].query[g]);
          AddProducts(sums[i][0], c0, q);
          AddProducts(sums[i][1], c1, q);
        }
      }
      const size_t first = block * kBlockRows + r;
      const Terms terms0 = TermsOf(panel, first);
      const Terms terms1 = TermsOf(panel, first + kTileRows);
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i) {
        PanelQuery& query = queries[i];
        const Bar bar(query, panel, block);
        const __mmask16 above0 = Above(bar, terms0, first, sums[i][0]);
        const __mmask16 above1 =
            Above(bar, terms1, first + kTileRows, sums[i][1]);
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

// Two tiles at once. What is in the upper halves of bytes counts sixteenfold
// until it is shifted down.
void ScanNibblesAvx512(const CodePanel& panel, PanelQuery& query) {
  const size_t tile_bytes = panel.groups * kGroupBytes;
  const __m512i lower = _mm512_set1_epi8(0x0f);
  const uint8_t* codes = panel.codes;
  size_t passed = 0;
  for (size_t block = 0; block < panel.blocks; ++block) {
    const uint64_t live = query.live[block];
    const Bar bar(query, panel, block);
    for (size_t r = 0; r < kBlockRows; r += 2 * kTileRows) {
      const uint8_t* tile0 = codes;
      const uint8_t* tile1 = codes + tile_bytes;
      codes = tile1 + tile_bytes;
      if ((live >> r & 0xffffffff) == 0) continue;
      __m512i low0 = _mm512_set1_epi32(query.offset), low1 = low0;
      __m512i high0 = _mm512_setzero_si512(), high1 = high0;
      for (size_t g = 0; g < panel.groups; ++g) {
        const __m512i c0 = _mm512_loadu_si512(tile0 + kGroupBytes * g);
        const __m512i c1 = _mm512_loadu_si512(tile1 + kGroupBytes * g);
        _mm_prefetch(tile0 + kAhead + kGroupBytes * g, _MM_HINT_T1);
        _mm_prefetch(tile1 + kAhead + kGroupBytes * g, _MM_HINT_T1);
        const __m512i q0 = _mm512_set1_epi32(query.query[2 * g]);
        const __m512i q1 = _mm512_set1_epi32(query.query[2 * g + 1]);
        AddProducts(low0, _mm512_and_si512(c0, lower), q0);
        AddProducts(low1, _mm512_and_si512(c1, lower), q0);
        AddProducts(high0, _mm512_andnot_si512(lower, c0), q1);
        AddProducts(high1, _mm512_andnot_si512(lower, c1), q1);
      }
      const __m512i dots0 = _mm512_add_epi32(low0, _mm512_srai_epi32(high0, 4));
      const __m512i dots1 = _mm512_add_epi32(low1, _mm512_srai_epi32(high1, 4));
      const size_t first = block * kBlockRows + r;
      const __mmask16 above0 = Above(bar, TermsOf(panel, first), first, dots0);
      const __mmask16 above1 = Above(bar, TermsOf(panel, first + kTileRows),
                                     first + kTileRows, dots1);
      if (_mm512_kortestz(above0, above1)) continue;
      const uint64_t asked = live >> r;
      passed = Append(query, passed, first, above0 & asked, dots0);
      passed = Append(query, passed, first + kTileRows,
                      above1 & asked >> kTileRows, dots1);
    }
  }
  query.passed = passed;
}

}  // namespace

const ScanKernels kAvx512Kernels = {
    InstructionSet::kAvx512, 127,          &DotAvx512,       &DotRowsAvx512,
    &DotGatherAvx512,        &AboveAvx512, &ScanPanelAvx512, &ScanNibblesAvx512,
};

}  // namespace usher

#endif  // defined(__x86_64__)
