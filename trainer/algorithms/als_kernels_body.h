// The text of the ALS kernels; compiled once per instruction set by the files
// that include it, each of which names its table. Written with the compilers'
// vector types, so one text serves 4, 8 and 16 lanes. No include but
// als_kernels.h, and no inline function with a name that another file could
// share.
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
constexpr int kGroup = 8;           // Entries that a pass takes at once.
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

// ---- Passes over gathered entries ----

// Copies `count` scaled factor rows; prefetches those that come after.
USHER_INLINE void Gather(const AlsRowSystem& s, int64_t begin, int64_t count,
                         float* block) {
  constexpr int64_t kAhead = 16;
  for (int64_t i = begin; i < begin + count; ++i) {
    const int64_t stride = s.stride;
    if (i + kAhead < s.count) {
      const float* soon = s.factors + s.columns[i + kAhead] * stride;
      for (int64_t d = 0; d < stride; d += 16) __builtin_prefetch(soon + d);
    }
    const float* from = s.factors + s.columns[i] * stride;
    const Vec root = Splat(s.roots[i]);
    for (int64_t d = 0; d < stride; d += kWidth) {
      Store(block + d, Load(from + d) * root);
    }
    block += stride;
  }
}

// dots[g] = row g of `z` times p.
template <int kRows>
USHER_INLINE void DotRows(const float* z, int64_t stride, const float* p,
                          float* dots) {
  Vec sum[kRows] = {};
  for (int64_t d = 0; d < stride; d += kWidth) {
    const Vec pd = Load(p + d);
    for (int g = 0; g < kRows; ++g) sum[g] += Load(z + g * stride + d) * pd;
  }
  for (int g = 0; g < kRows; g += 4) {
    *reinterpret_cast<QuadMemory*>(dots + g) = SumFour(sum + g);
  }
}

// out += sum over rows g of scale[g] times row g of `z`.
template <int kRows>
USHER_INLINE void AddRows(const float* z, int64_t stride, const float* scale,
                          float* out) {
  Vec splat[kRows];
  for (int g = 0; g < kRows; ++g) splat[g] = Splat(scale[g]);
  for (int64_t d = 0; d < stride; d += kWidth) {
    Vec even = Load(out + d);
    Vec odd = Vec{};
    for (int g = 0; g < kRows; g += 2) {
      even += Load(z + g * stride + d) * splat[g];
      odd += Load(z + (g + 1) * stride + d) * splat[g + 1];
    }
    Store(out + d, even + odd);
  }
}

// out += sum_i z_i (z_i . p) over `count` rows, a multiple of 4.
USHER_INLINE void AddProduct(const float* z, int64_t count, int64_t stride,
                             const float* p, float* out) {
  float dots[kGroup];
  for (; count >= kGroup; count -= kGroup, z += kGroup * stride) {
    DotRows<kGroup>(z, stride, p, dots);
    AddRows<kGroup>(z, stride, dots, out);
  }
  if (count > 0) {
    DotRows<4>(z, stride, p, dots);
    AddRows<4>(z, stride, dots, out);
  }
}

// Gathers every entry into `block` (padded with zero rows to a multiple of 4),
// and out += sum_i z_i (root_i - z_i . x). Returns the padded count.
USHER_INLINE int64_t GatherResidual(const AlsRowSystem& s, const float* x,
                                    float* block, float* out) {
  float dots[kGroup];
  float roots[kGroup];
  const int64_t stride = s.stride;
  const int64_t padded = (s.count + 3) & ~int64_t{3};
  for (int64_t i = 0; i < padded; i += kGroup) {
    const int rows = padded - i < kGroup ? 4 : kGroup;
    const int real = s.count - i < rows ? static_cast<int>(s.count - i) : rows;
    float* z = block + i * stride;
    Gather(s, i, real, z);
    for (int64_t d = real * stride; d < rows * stride; d += kWidth) {
      Store(z + d, Vec{});
    }
    for (int g = 0; g < rows; ++g) roots[g] = g < real ? s.roots[i + g] : 0.0f;
    if (rows == kGroup) {
      DotRows<kGroup>(z, stride, x, dots);
      for (int g = 0; g < kGroup; ++g) roots[g] -= dots[g];
      AddRows<kGroup>(z, stride, roots, out);
    } else {
      DotRows<4>(z, stride, x, dots);
      for (int g = 0; g < 4; ++g) roots[g] -= dots[g];
      AddRows<4>(z, stride, roots, out);
    }
  }
  return padded;
}

// ---- Conjugate gradients ----

// The share of the whole Gram matrix that the row's entries amount to.
float SampleShare(const AlsRowSystem& s, const float* block, int64_t padded) {
  Vec sum = Vec{};
  for (int64_t d = 0; d < padded * s.stride; d += kWidth) {
    const Vec z = Load(block + d);
    sum += z * z;
  }
  return s.trace > 0.0f ? Sum(sum) / s.trace : 0.0f;
}

void ConjugateGradient(const AlsRowSystem& s, int steps,
                       const AlsScratch& scratch, float* x) {
  const int stride = s.stride;
  float* diagonal = scratch.vectors;
  float* inverse = diagonal + stride;
  float* r = inverse + stride;
  float* p = r + stride;
  float* ap = p + stride;
  const Vec ridge = Splat(s.ridge);
  for (int d = 0; d < stride; d += kWidth) {
    const Vec diag = Load(s.spectrum + d) * s.unobserved_weight + ridge;
    Store(diagonal + d, diag);
    Store(r + d, -(diag * Load(x + d)));
  }
  const int64_t padded = GatherResidual(s, x, scratch.block, r);
  const float share = SampleShare(s, scratch.block, padded);
  for (int d = 0; d < stride; d += kWidth) {
    const Vec inv = 1.0f / (Load(diagonal + d) + Load(s.spectrum + d) * share);
    Store(inverse + d, inv);
    Store(p + d, inv * Load(r + d));
  }
  float rho = Dot(r, p, stride);
  for (int step = 0; step < steps && rho > 1e-30f; ++step) {
    for (int d = 0; d < stride; d += kWidth) {
      Store(ap + d, Load(diagonal + d) * Load(p + d));
    }
    AddProduct(scratch.block, padded, stride, p, ap);
    const float alpha = rho / Dot(p, ap, stride);
    Vec sum = Vec{};
    for (int d = 0; d < stride; d += kWidth) {
      Store(x + d, Load(x + d) + Load(p + d) * alpha);
      const Vec rd = Load(r + d) - Load(ap + d) * alpha;
      Store(r + d, rd);
      const Vec yd = rd * Load(inverse + d);
      Store(ap + d, yd);
      sum += rd * yd;
    }
    const float next = Sum(sum);
    const float beta = next / rho;
    rho = next;
    for (int d = 0; d < stride; d += kWidth) {
      Store(p + d, Load(ap + d) + Load(p + d) * beta);
    }
  }
}

// ---- Register tiles ----

// c[kRows x 16] += sign * sum over `depth` of a(q, i) b(q, .), where a(q, i) is
// a[q * a_depth + i * a_row] and b(q, .) is b + q * b_depth.
template <int kRows, bool kSubtract>
USHER_INLINE void Tile(const float* a, int64_t a_depth, int64_t a_row,
                       const float* b, int64_t b_depth, int64_t depth, float* c,
                       int64_t c_row) {
  Vec sum[kRows][kTileVecs];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kTileVecs; ++v) sum[i][v] = Vec{};
  }
  for (int64_t q = 0; q < depth; ++q) {
    Vec right[kTileVecs];
    for (int v = 0; v < kTileVecs; ++v) right[v] = Load(b + v * kWidth);
    for (int i = 0; i < kRows; ++i) {
      const Vec left = Splat(a[i * a_row]);
      for (int v = 0; v < kTileVecs; ++v) sum[i][v] += left * right[v];
    }
    a += a_depth;
    b += b_depth;
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kTileVecs; ++v) {
      float* at = c + i * c_row + v * kWidth;
      Store(at, kSubtract ? Load(at) - sum[i][v] : Load(at) + sum[i][v]);
    }
  }
}

// As Tile, for any even number of rows.
template <bool kSubtract>
void TileRows(int64_t rows, const float* a, int64_t a_depth, int64_t a_row,
              const float* b, int64_t b_depth, int64_t depth, float* c,
              int64_t c_row) {
  while (rows >= kTileRows) {
    Tile<kTileRows, kSubtract>(a, a_depth, a_row, b, b_depth, depth, c, c_row);
    rows -= kTileRows;
    a += kTileRows * a_row;
    c += kTileRows * c_row;
  }
  for (; rows >= 4; rows -= 4, a += 4 * a_row, c += 4 * c_row) {
    Tile<4, kSubtract>(a, a_depth, a_row, b, b_depth, depth, c, c_row);
  }
  for (; rows >= 2; rows -= 2, a += 2 * a_row, c += 2 * c_row) {
    Tile<2, kSubtract>(a, a_depth, a_row, b, b_depth, depth, c, c_row);
  }
  if (rows == 1) {
    Tile<1, kSubtract>(a, a_depth, a_row, b, b_depth, depth, c, c_row);
  }
}

void AddGram(const float* rows, int64_t count, int stride, float* gram) {
  const int64_t panel = kPanelFloats / stride + 1;
  for (int64_t i = 0; i < count; i += panel) {
    const int64_t depth = count - i < panel ? count - i : panel;
    const float* z = rows + i * stride;
    for (int c = 0; c < stride; c += kAlsLanes) {
      TileRows<false>(c + kAlsLanes, z, stride, 1, z + c, stride, depth,
                      gram + c, stride);
    }
  }
}

void Multiply(const float* rows, int64_t count, int stride, const float* square,
              float* out) {
  constexpr int64_t kRows = 48;
  for (int64_t i = 0; i < count * stride; i += kWidth) Store(out + i, Vec{});
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t n = count - i < kRows ? count - i : kRows;
    for (int c = 0; c < stride; c += kAlsLanes) {
      TileRows<false>(n, rows + i * stride, 1, stride, square + c, stride,
                      stride, out + i * stride + c, stride);
    }
  }
}

// ---- Cholesky ----

// Turns the strip of 16 rows at `first`, whose updates by earlier rows are
// done, into rows of U. False at a pivot that is not positive.
bool FactorStrip(float* a, int stride, int first) {
  for (int i = first; i < first + kAlsLanes; ++i) {
    float* row = a + static_cast<int64_t>(i) * stride;
    for (int q = first; q < i; ++q) {
      const float* above = a + static_cast<int64_t>(q) * stride;
      const Vec factor = Splat(above[i]);
      for (int d = first; d < stride; d += kWidth) {
        Store(row + d, Load(row + d) - Load(above + d) * factor);
      }
    }
    if (!(row[i] > 0.0f)) return false;
    const Vec scale = Splat(1.0f / __builtin_sqrtf(row[i]));
    for (int d = first; d < stride; d += kWidth) {
      Store(row + d, Load(row + d) * scale);
    }
  }
  return true;
}

// a = U^T U, in place, for a symmetric matrix given by its upper tiles.
bool Factor(float* a, int stride) {
  for (int first = 0; first < stride; first += kAlsLanes) {
    for (int c = first; c < stride; c += kAlsLanes) {
      TileRows<true>(kAlsLanes, a + first, stride, 1, a + c, stride, first,
                     a + static_cast<int64_t>(first) * stride + c, stride);
    }
    if (!FactorStrip(a, stride, first)) return false;
  }
  return true;
}

// Solves U^T U x = x in place; clobbers what lies below U's diagonal.
void SolveFactored(float* u, int stride, float* x) {
  for (int i = 0; i < stride; ++i) {
    float* row = u + static_cast<int64_t>(i) * stride;
    const int from = i & ~(kAlsLanes - 1);
    const float value = x[i] / row[i];
    for (int d = from; d < i; ++d) row[d] = 0.0f;
    for (int d = from; d < stride; d += kWidth) {
      Store(x + d, Load(x + d) - Load(row + d) * value);
    }
    x[i] = value;
  }
  for (int i = stride - 1; i >= 0; --i) {
    const float* row = u + static_cast<int64_t>(i) * stride;
    const int from = i & ~(kAlsLanes - 1);
    const float value = x[i];
    x[i] = 0.0f;
    x[i] = (value - Dot(row + from, x + from, stride - from)) / row[i];
  }
}

bool Cholesky(const AlsRowSystem& s, const AlsScratch& scratch, float* x) {
  const int64_t stride = s.stride;
  for (int64_t i = 0; i < stride * stride; i += kWidth) {
    Store(scratch.matrix + i, Vec{});
  }
  for (int64_t d = 0; d < stride; ++d) {
    scratch.matrix[d * stride + d] =
        s.unobserved_weight * s.spectrum[d] + s.ridge;
    x[d] = 0.0f;
  }
  const int64_t panel = kPanelFloats / stride + 1;
  for (int64_t i = 0; i < s.count; i += panel) {
    const int64_t depth = s.count - i < panel ? s.count - i : panel;
    Gather(s, i, depth, scratch.block);
    AddGram(scratch.block, depth, s.stride, scratch.matrix);
    for (int64_t g = 0; g < depth; ++g) {
      const Vec root = Splat(s.roots[i + g]);
      const float* z = scratch.block + g * stride;
      for (int64_t d = 0; d < stride; d += kWidth) {
        Store(x + d, Load(x + d) + Load(z + d) * root);
      }
    }
  }
  if (!Factor(scratch.matrix, s.stride)) return false;
  SolveFactored(scratch.matrix, s.stride, x);
  return true;
}

}  // namespace
}  // namespace usher

#undef USHER_INLINE
