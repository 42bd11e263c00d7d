// Compiled for AVX2 and FMA; see usher_isa_source() for what may stand here.
#if defined(__x86_64__)

#include <immintrin.h>

#include "index/vector/scan_kernels.h"

namespace usher {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kPrefetchRows = 6;
constexpr size_t kCacheLine = 64;
// As in scan_avx512.cc.
constexpr size_t kAhead = 8192;

const int32_t kTailMasks[2 * kLanes] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                        0,  0,  0,  0,  0,  0,  0,  0};

inline __m256i TailMask(size_t count) {
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(kTailMasks + kLanes - count));
}

inline float Sum(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// The products of one query with kRows rows: two accumulators a row.
template <int kRows>
inline void DotMany(const float* query, const float* const* rows, size_t dim,
                    float* out) {
  __m256 even[kRows], odd[kRows];
  for (int r = 0; r < kRows; ++r) even[r] = odd[r] = _mm256_setzero_ps();
  size_t d = 0;
  for (; d + 2 * kLanes <= dim; d += 2 * kLanes) {
    const __m256 q0 = _mm256_loadu_ps(query + d);
    const __m256 q1 = _mm256_loadu_ps(query + d + kLanes);
    for (int r = 0; r < kRows; ++r) {
      even[r] = _mm256_fmadd_ps(q0, _mm256_loadu_ps(rows[r] + d), even[r]);
      odd[r] =
          _mm256_fmadd_ps(q1, _mm256_loadu_ps(rows[r] + d + kLanes), odd[r]);
    }
  }
  for (; d < dim; d += kLanes) {
    const __m256i mask = TailMask(dim - d < kLanes ? dim - d : kLanes);
    const __m256 q = _mm256_maskload_ps(query + d, mask);
    for (int r = 0; r < kRows; ++r) {
      even[r] =
          _mm256_fmadd_ps(q, _mm256_maskload_ps(rows[r] + d, mask), even[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) out[r] = Sum(_mm256_add_ps(even[r], odd[r]));
}

float DotAvx2(const float* a, const float* b, size_t dim) {
  float out;
  DotMany<1>(a, &b, dim, &out);
  return out;
}

void DotRowsAvx2(const float* query, const float* matrix, size_t rows,
                 size_t dim, float* out) {
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* m = matrix + r * dim;
    const float* four[4] = {m, m + dim, m + 2 * dim, m + 3 * dim};
    DotMany<4>(query, four, dim, out + r);
  }
  for (; r < rows; ++r) out[r] = DotAvx2(query, matrix + r * dim, dim);
}

inline void Prefetch(const float* row, size_t dim) {
  const char* p = reinterpret_cast<const char*>(row);
  for (size_t b = 0; b < dim * sizeof(float); b += kCacheLine) {
    _mm_prefetch(p + b, _MM_HINT_T0);
  }
}

void DotGatherAvx2(const float* query, const float* matrix, size_t dim,
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
  if (i < count) out[i] = DotAvx2(query, row(i), dim);
}

uint64_t AboveAvx2(const float* values, const float* others, float factor,
                   size_t count, float threshold) {
  const __m256 factors = _mm256_set1_ps(factor);
  const __m256 least = _mm256_set1_ps(threshold);
  uint64_t above = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 products = _mm256_mul_ps(factors, _mm256_loadu_ps(others + i));
    const __m256 sums = _mm256_add_ps(_mm256_loadu_ps(values + i), products);
    const int bits = _mm256_movemask_ps(_mm256_cmp_ps(sums, least, _CMP_GT_OQ));
    above |= static_cast<uint64_t>(static_cast<unsigned>(bits)) << i;
  }
  for (; i < count; ++i) {
    const float sum = values[i] + factor * others[i];
    above |= static_cast<uint64_t>(sum > threshold) << i;
  }
  return above;
}

inline uint32_t Above(const CodePanel& panel, const PanelQuery& query,
                      size_t first, __m256i dots) {
  const float code_slack = query.code_weight * panel.norms[first / kBlockRows];
  const __m256i terms =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel.terms + first));
  const __m256 scales =
      _mm256_castsi256_ps(_mm256_and_si256(terms, _mm256_set1_epi32(-0x10000)));
  const __m256 errors = _mm256_castsi256_ps(_mm256_slli_epi32(terms, 16));
  const __m256 raised = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots),
                                        _mm256_set1_ps(query.query_scale),
                                        _mm256_set1_ps(code_slack));
  __m256 upper = _mm256_fmadd_ps(
      scales, raised, _mm256_mul_ps(errors, _mm256_set1_ps(query.row_weight)));
  if (query.bias != nullptr) {
    upper = _mm256_add_ps(upper, _mm256_loadu_ps(query.bias + first));
  }
  return static_cast<uint32_t>(_mm256_movemask_ps(
      _mm256_cmp_ps(upper, _mm256_set1_ps(query.threshold), _CMP_GT_OQ)));
}

inline void Append(PanelQuery& query, size_t first, uint32_t bits, __m256i low,
                   __m256i high) {
  int32_t dots[kTileRows];
  __m256i* out = reinterpret_cast<__m256i*>(dots);
  _mm256_storeu_si256(out, low);
  _mm256_storeu_si256(out + 1, high);
  for (; bits != 0; bits &= bits - 1) {
    const uint32_t r = static_cast<uint32_t>(__builtin_ctz(bits));
    query.rows[query.passed] = static_cast<int32_t>(first + r);
    query.dots[query.passed] = dots[r];
    ++query.passed;
  }
}

// Products of bytes are summed by pairs in 16 bits: with |query| <= 64 a pair
// stays within 2 * 255 * 64 < 2^15, so nothing saturates.
template <size_t kQueries>
void ScanTile(const CodePanel& panel, size_t first, PanelQuery* queries) {
  const __m256i ones = _mm256_set1_epi16(1);
  const size_t block = first / kBlockRows;
  const uint8_t* codes = panel.codes + first * panel.groups * kGroupDims;
  __m256i low[kQueries], high[kQueries];
  for (size_t i = 0; i < kQueries; ++i) {
    low[i] = high[i] = _mm256_set1_epi32(queries[i].offset);
  }
  for (size_t g = 0; g < panel.groups; ++g) {
    const __m256i* c =
        reinterpret_cast<const __m256i*>(codes + kGroupBytes * g);
    const __m256i c0 = _mm256_loadu_si256(c);
    const __m256i c1 = _mm256_loadu_si256(c + 1);
    for (size_t i = 0; i < kQueries; ++i) {
      const __m256i q = _mm256_set1_epi32(queries[i].query[g]);
      const __m256i l = _mm256_maddubs_epi16(c0, q);
      const __m256i h = _mm256_maddubs_epi16(c1, q);
      low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(l, ones));
      high[i] = _mm256_add_epi32(high[i], _mm256_madd_epi16(h, ones));
    }
  }
  for (size_t i = 0; i < kQueries; ++i) {
    PanelQuery& query = queries[i];
    const uint32_t live =
        static_cast<uint32_t>(query.live[block] >> first % kBlockRows) & 0xffff;
    const uint32_t bits =
        live & (Above(panel, query, first, low[i]) |
                Above(panel, query, first + kLanes, high[i]) << kLanes);
    if (bits != 0) Append(query, first, bits, low[i], high[i]);
  }
}

// The sums of sixteen pairs of products of a nibble and a value are within
// 16 * 2 * 15 * 64 < 2^15, so they stay in 16 bits as long.
void ScanNibblesOfTile(const CodePanel& panel, size_t first,
                       PanelQuery& query) {
  constexpr size_t kGroupsIn16Bits = 8;
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i lower = _mm256_set1_epi8(0x0f);
  const uint8_t* codes =
      panel.codes + first / kTileRows * panel.groups * kGroupBytes;
  __m256i low = _mm256_set1_epi32(query.offset), high = low;
  for (size_t g = 0; g < panel.groups;) {
    const size_t end =
        g + kGroupsIn16Bits < panel.groups ? g + kGroupsIn16Bits : panel.groups;
    __m256i low16 = _mm256_setzero_si256(), high16 = low16;
    for (; g < end; ++g) {
      const __m256i* c =
          reinterpret_cast<const __m256i*>(codes + kGroupBytes * g);
      const __m256i c0 = _mm256_loadu_si256(c);
      const __m256i c1 = _mm256_loadu_si256(c + 1);
      _mm_prefetch(codes + kAhead + kGroupBytes * g, _MM_HINT_T1);
      const __m256i q0 = _mm256_set1_epi32(query.query[2 * g]);
      const __m256i q1 = _mm256_set1_epi32(query.query[2 * g + 1]);
      const auto add = [&](__m256i& sums, __m256i bytes, __m256i q) {
        sums = _mm256_add_epi16(
            sums, _mm256_maddubs_epi16(_mm256_and_si256(bytes, lower), q));
      };
      add(low16, c0, q0);
      add(high16, c1, q0);
      add(low16, _mm256_srli_epi16(c0, 4), q1);
      add(high16, _mm256_srli_epi16(c1, 4), q1);
    }
    low = _mm256_add_epi32(low, _mm256_madd_epi16(low16, ones));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(high16, ones));
  }
  const uint32_t live = static_cast<uint32_t>(query.live[first / kBlockRows] >>
                                              first % kBlockRows) &
                        0xffff;
  const uint32_t bits =
      live & (Above(panel, query, first, low) |
              Above(panel, query, first + kLanes, high) << kLanes);
  if (bits != 0) Append(query, first, bits, low, high);
}

void ScanNibblesAvx2(const CodePanel& panel, PanelQuery& query) {
  query.passed = 0;
  for (size_t block = 0; block < panel.blocks; ++block) {
    for (size_t r = 0; r < kBlockRows; r += kTileRows) {
      if ((query.live[block] >> r & 0xffff) == 0) continue;
      ScanNibblesOfTile(panel, block * kBlockRows + r, query);
    }
  }
}

template <size_t kQueries>
void ScanPanelOf(const CodePanel& panel, PanelQuery* queries) {
  for (size_t i = 0; i < kQueries; ++i) queries[i].passed = 0;
  for (size_t block = 0; block < panel.blocks; ++block) {
    uint64_t live = 0;
    for (size_t i = 0; i < kQueries; ++i) live |= queries[i].live[block];
    for (size_t r = 0; r < kBlockRows; r += kTileRows) {
      if ((live >> r & 0xffff) == 0) continue;
      ScanTile<kQueries>(panel, block * kBlockRows + r, queries);
    }
  }
}

void ScanPanelAvx2(const CodePanel& panel, PanelQuery* queries, size_t count) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) ScanPanelOf<4>(panel, queries + i);
  for (; i < count; ++i) ScanPanelOf<1>(panel, queries + i);
}

}  // namespace

const ScanKernels kAvx2Kernels = {
    InstructionSet::kAvx2, 64,         &DotAvx2,       &DotRowsAvx2,
    &DotGatherAvx2,        &AboveAvx2, &ScanPanelAvx2, &ScanNibblesAvx2,
};

}  // namespace usher

#endif  // defined(__x86_64__)
