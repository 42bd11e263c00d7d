// Vectors of the ALS kernels' instruction set, and products of matrices in
// register tiles. Part of als_kernels_body.h, whose rules hold here.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "trainer/algorithms/als_kernels.h"

namespace usher {
namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 16;     // Floats in a vector.
constexpr int kTileRows = 12;  // Rows of a register tile of 16 columns.
#elif defined(__AVX2__)
constexpr int kWidth = 8;
constexpr int kTileRows = 6;
#else
constexpr int kWidth = 4;
constexpr int kTileRows = 2;
#endif
constexpr int kTileVecs = kAlsLanes / kWidth;
constexpr int kPanelFloats = 5120;  // Gathered factors that stay in L1.

typedef float Vec __attribute__((vector_size(kWidth * 4)));
typedef float Quad __attribute__((vector_size(16)));
typedef float VecMemory
    __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef float QuadMemory
    __attribute__((vector_size(16), aligned(4), may_alias));

#define USHER_INLINE inline __attribute__((always_inline))

USHER_INLINE Vec Load(const float* p) {
  return *reinterpret_cast<const VecMemory*>(p);
}
USHER_INLINE void Store(float* p, Vec v) {
  *reinterpret_cast<VecMemory*>(p) = v;
}
USHER_INLINE Vec Splat(float s) { return s - Vec{}; }

// ---- Half precision ----

#if defined(__AVX512F__)
USHER_INLINE Vec Load(const uint16_t* p) {
  return _mm512_maskz_cvtph_ps(
      0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
USHER_INLINE void Store(uint16_t* p, Vec v) {
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(p),
      _mm512_maskz_cvtps_ph(0xffff, v, _MM_FROUND_TO_NEAREST_INT));
}
#elif defined(__AVX2__)
USHER_INLINE Vec Load(const uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
USHER_INLINE void Store(uint16_t* p, Vec v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
#else
typedef uint32_t QuadBits __attribute__((vector_size(16)));
typedef uint16_t HalfQuad __attribute__((vector_size(8)));
typedef uint16_t HalfQuadMemory
    __attribute__((vector_size(8), aligned(2), may_alias));

USHER_INLINE Vec Load(const uint16_t* p) {
  const QuadBits bits = __builtin_convertvector(
      HalfQuad(*reinterpret_cast<const HalfQuadMemory*>(p)), QuadBits);
  const Vec size = Vec((bits & 0x7fff) << 13) * 0x1p112f;
  return Vec(QuadBits(size) | (bits & 0x8000) << 16);
}
// Halves below 2^-14 are evenly spaced: adding 1/2 rounds a float to them.
USHER_INLINE void Store(uint16_t* p, Vec v) {
  const QuadBits bits = QuadBits(v);
  const QuadBits size = bits & 0x7fffffff;
  const QuadBits small = QuadBits(Vec(size) + 0.5f) - 0x3f000000;
  const QuadBits large = (size + (size >> 13 & 1) + 0xc8000fff) >> 13;
  const QuadBits half = size < 0x38800000 ? small : large;
  *reinterpret_cast<HalfQuadMemory*>(p) =
      __builtin_convertvector(half | (bits >> 16 & 0x8000), HalfQuad);
}
#endif

// ---- Sums across lanes ----

#if defined(__AVX512F__)
USHER_INLINE Vec FoldOnes(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10,
                                 26, 12, 28, 14, 30) +
         __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11,
                                 27, 13, 29, 15, 31);
}
USHER_INLINE Vec FoldTwos(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25,
                                 12, 13, 28, 29) +
         __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26,
                                 27, 14, 15, 30, 31);
}
USHER_INLINE Quad FoldQuads(Vec a) {
  return (__builtin_shufflevector(a, a, 0, 1, 2, 3) +
          __builtin_shufflevector(a, a, 4, 5, 6, 7)) +
         (__builtin_shufflevector(a, a, 8, 9, 10, 11) +
          __builtin_shufflevector(a, a, 12, 13, 14, 15));
}
#elif defined(__AVX2__)
USHER_INLINE Vec FoldOnes(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +
         __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
USHER_INLINE Vec FoldTwos(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
         __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
USHER_INLINE Quad FoldQuads(Vec a) {
  return __builtin_shufflevector(a, a, 0, 1, 2, 3) +
         __builtin_shufflevector(a, a, 4, 5, 6, 7);
}
#else
USHER_INLINE Vec FoldOnes(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 4, 2, 6) +
         __builtin_shufflevector(a, b, 1, 5, 3, 7);
}
USHER_INLINE Vec FoldTwos(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) +
         __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
USHER_INLINE Quad FoldQuads(Vec a) { return a; }
#endif

// The sums of four vectors.
USHER_INLINE Quad SumFour(const Vec* a) {
  return FoldQuads(FoldTwos(FoldOnes(a[0], a[1]), FoldOnes(a[2], a[3])));
}

USHER_INLINE float Sum(Vec a) {
  const Quad quad = FoldQuads(a);
  return (quad[0] + quad[1]) + (quad[2] + quad[3]);
}

USHER_INLINE float Dot(const float* a, const float* b, int stride) {
  Vec sum[2] = {};
  for (int d = 0; d < stride; d += kAlsLanes) {
    for (int v = 0; v < kTileVecs; ++v) {
      const int at = d + v * kWidth;
      sum[v & 1] += Load(a + at) * Load(b + at);
    }
  }
  return Sum(sum[0] + sum[1]);
}

// ---- Register tiles ----

// c[kRows x 16] += sum over `depth` of a(q, i) b(q, .), or -= with kSubtract.
// With kAcross, for a product of matrices, a(q, i) is a[q + i * stride] and
// b(q, .) is b + q * 16; else, for one with a transposed, a[q * stride + i] and
// b + q * stride.
template <int kRows, bool kSubtract, bool kAcross>
USHER_INLINE void Tile(const float* a, const float* b, int64_t stride,
                       int64_t depth, float* c) {
  Vec sum[kRows][kTileVecs];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kTileVecs; ++v) sum[i][v] = Vec{};
  }
  for (int64_t q = 0; q < depth; ++q) {
    Vec right[kTileVecs];
    for (int v = 0; v < kTileVecs; ++v) right[v] = Load(b + v * kWidth);
    for (int i = 0; i < kRows; ++i) {
      const Vec left = Splat(a[kAcross ? i * stride : i]);
      for (int v = 0; v < kTileVecs; ++v) sum[i][v] += left * right[v];
    }
    a += kAcross ? 1 : stride;
    b += kAcross ? kAlsLanes : stride;
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kTileVecs; ++v) {
      float* at = c + i * stride + v * kWidth;
      Store(at, kSubtract ? Load(at) - sum[i][v] : Load(at) + sum[i][v]);
    }
  }
}

// As Tile, for any number of rows.
template <bool kSubtract, bool kAcross>
void TileRows(int64_t rows, const float* a, const float* b, int64_t stride,
              int64_t depth, float* c) {
  const int64_t a_row = kAcross ? stride : 1;
  for (; rows >= kTileRows; rows -= kTileRows) {
    Tile<kTileRows, kSubtract, kAcross>(a, b, stride, depth, c);
    a += kTileRows * a_row;
    c += kTileRows * stride;
  }
  while (rows >= 4) {
    Tile<4, kSubtract, kAcross>(a, b, stride, depth, c);
    rows -= 4;
    a += 4 * a_row;
    c += 4 * stride;
  }
  while (rows >= 2) {
    Tile<2, kSubtract, kAcross>(a, b, stride, depth, c);
    rows -= 2;
    a += 2 * a_row;
    c += 2 * stride;
  }
  if (rows == 1) Tile<1, kSubtract, kAcross>(a, b, stride, depth, c);
}

void AddGram(const float* rows, int64_t count, int stride, float* gram) {
  const int64_t panel = kPanelFloats / stride + 1;
  for (int64_t i = 0; i < count; i += panel) {
    const int64_t depth = count - i < panel ? count - i : panel;
    const float* z = rows + i * stride;
    for (int c = 0; c < stride; c += kAlsLanes) {
      TileRows<false, false>(c + kAlsLanes, z, z + c, stride, depth, gram + c);
    }
  }
}

void Pack(const float* rows, int64_t count, int stride, float unit,
          uint16_t* halves, float* norms) {
  const float scale = 1.0f / unit;
  for (int64_t i = 0; i < count; ++i) {
    for (int d = 0; d < stride; d += kWidth) {
      Store(halves + d, Load(rows + d) * scale);
    }
    norms[i] = Dot(rows, rows, stride);
    rows += stride;
    halves += stride;
  }
}

void Multiply(const float* rows, int64_t count, int stride, const float* panels,
              float* out) {
  constexpr int64_t kRows = 48;
  for (int64_t i = 0; i < count * stride; i += kWidth) Store(out + i, Vec{});
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t n = count - i < kRows ? count - i : kRows;
    for (int c = 0; c < stride; c += kAlsLanes) {
      TileRows<false, true>(n, rows + i * stride, panels + c * stride, stride,
                            stride, out + i * stride + c);
    }
  }
}

}  // namespace
}  // namespace usher
