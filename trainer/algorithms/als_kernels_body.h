// The text of the ALS kernels; compiled once per instruction set by the files
// that include als_batch_body.h, its end, each of which names its table.
// Written with the compilers' vector types, so one text serves 4, 8 and 16
// lanes. No include but als_kernels.h and als_tiles_body.h, and no inline
// function with a name that another file could share.
#include "trainer/algorithms/als_tiles_body.h"

namespace usher {
namespace {

constexpr int kGroup = 8;              // Entries that a pass takes at once.
constexpr int kPrefetchFloats = 4096;  // Of the next row, fetched early.

// ---- Passes over gathered entries ----

// Into the second level: the first has few places to wait in.
template <typename Number>
USHER_INLINE void Prefetch(const Number* row, int64_t stride) {
  constexpr int64_t kLine = 64 / sizeof(Number);
  constexpr int kSecondLevel = 2;
  for (int64_t d = 0; d < stride; d += kLine) {
    __builtin_prefetch(row + d, 0, kSecondLevel);
  }
}

// Fetches what the next row begins with, as far as the nearer caches hold it.
template <typename Number>
USHER_INLINE void PrefetchNextRow(const AlsRowSystem& s,
                                  const Number* factors) {
  if (s.next_x == nullptr) return;
  const int64_t stride = s.stride;
  const int64_t most = kPrefetchFloats / stride;
  const int64_t count = s.next_count < most ? s.next_count : most;
  Prefetch(s.next_x, stride);
  for (int64_t i = 0; i < count; ++i) {
    Prefetch(factors + s.next_columns[i] * stride, stride);
  }
}

// Copies `count` rows of `factors`, times `unit` and the roots; prefetches
// those that come after.
template <typename Number>
USHER_INLINE void Gather(const AlsRowSystem& s, const Number* factors,
                         float unit, int64_t begin, int64_t count,
                         float* block) {
  constexpr int64_t kAhead = 16;
  const int64_t stride = s.stride;
  for (int64_t i = begin; i < begin + count; ++i) {
    if (i + kAhead < s.count) {
      Prefetch(factors + s.columns[i + kAhead] * stride, stride);
    }
    const Number* from = factors + s.columns[i] * stride;
    const Vec scale = Splat(s.roots[i] * unit);
    for (int64_t d = 0; d < stride; d += kWidth) {
      Store(block + d, Load(from + d) * scale);
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

// One group of a row's entries, gathered to `z` and filled up with zero rows to
// kGroup, or to 4 when no more are left.
template <typename Number>
USHER_INLINE int GatherGroup(const AlsRowSystem& s, const Number* factors,
                             float unit, int64_t begin, float* z) {
  const int64_t left = s.count - begin;
  const int rows = left > 4 ? kGroup : 4;
  const int real = left < rows ? static_cast<int>(left) : rows;
  Gather(s, factors, unit, begin, real, z);
  for (int64_t d = real * s.stride; d < int64_t{rows} * s.stride; d += kWidth) {
    Store(z + d, Vec{});
  }
  return rows;
}

// misses[g] = root_g - z_g . x, of a group that was gathered to `z`.
USHER_INLINE void Misses(const AlsRowSystem& s, int64_t begin, int rows,
                         const float* z, const float* x, float* misses) {
  if (rows == kGroup) {
    DotRows<kGroup>(z, s.stride, x, misses);
  } else {
    DotRows<4>(z, s.stride, x, misses);
  }
  for (int g = 0; g < rows; ++g) {
    misses[g] = (begin + g < s.count ? s.roots[begin + g] : 0.0f) - misses[g];
  }
}

// out += sum over the group's rows g of scale[g] times row g of `z`.
USHER_INLINE void AddGroup(const float* z, int rows, int64_t stride,
                           const float* scale, float* out) {
  if (rows == kGroup) {
    AddRows<kGroup>(z, stride, scale, out);
  } else {
    AddRows<4>(z, stride, scale, out);
  }
}

// out += sum_i z_i (root_i - z_i . x). Leaves the first entries' z in `block`,
// as many as it holds.
USHER_INLINE void GatherResidual(const AlsRowSystem& s, const float* x,
                                 float* block, float* out) {
  const int64_t held = (kAlsBlockFloats / s.stride) & ~int64_t{kGroup - 1};
  for (int64_t i = 0; i < s.count; i += kGroup) {
    float* z = block + (i < held ? i : held) * s.stride;
    const int rows = GatherGroup(s, s.halves, s.unit, i, z);
    float misses[kGroup];
    Misses(s, i, rows, z, x, misses);
    AddGroup(z, rows, s.stride, misses, out);
  }
}

// The part of the whole Gram matrix that the entries amount to.
USHER_INLINE float Share(const AlsRowSystem& s) {
  float sum = 0.0f;
  for (int64_t i = 0; i < s.count; ++i) {
    sum += s.roots[i] * s.roots[i] * s.norms[s.columns[i]];
  }
  return s.trace > 0.0f ? sum / s.trace : 0.0f;
}

// out += sum_i z_i (z_i . p), after GatherResidual. What `block` does not hold
// is gathered again: cheaper than a copy that leaves the nearer caches.
USHER_INLINE void AddSystem(const AlsRowSystem& s, const float* p, float* block,
                            float* out) {
  const int64_t held = (kAlsBlockFloats / s.stride) & ~int64_t{kGroup - 1};
  const int64_t padded = (s.count + 3) & ~int64_t{3};
  AddProduct(block, padded < held ? padded : held, s.stride, p, out);
  for (int64_t i = held; i < s.count; i += kGroup) {
    float* z = block + held * s.stride;
    AddProduct(z, GatherGroup(s, s.halves, s.unit, i, z), s.stride, p, out);
  }
}

// ---- Conjugate gradients ----

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
  GatherResidual(s, x, scratch.block, r);
  const float share = Share(s);
  PrefetchNextRow(s, s.halves);
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
    AddSystem(s, p, scratch.block, ap);
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
      TileRows<true, false>(kAlsLanes, a + first, a + c, stride, first,
                            a + static_cast<int64_t>(first) * stride + c);
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
    Gather(s, s.factors, 1.0f, i, depth, scratch.block);
    AddGram(scratch.block, depth, s.stride, scratch.matrix);
    int64_t g = 0;
    for (; g + 4 <= depth; g += 4) {
      AddRows<4>(scratch.block + g * stride, stride, s.roots + i + g, x);
    }
    for (; g < depth; ++g) {
      const Vec root = Splat(s.roots[i + g]);
      const float* z = scratch.block + g * stride;
      for (int64_t d = 0; d < stride; d += kWidth) {
        Store(x + d, Load(x + d) + Load(z + d) * root);
      }
    }
  }
  PrefetchNextRow(s, s.factors);
  if (!Factor(scratch.matrix, s.stride)) return false;
  SolveFactored(scratch.matrix, s.stride, x);
  return true;
}

// ---- Subspaces ----

// The system of coordinates [first, first + width) of x, the others as they
// are: matrix and gradient. Entries' z of all coordinates are gathered to
// `block`, as many as it holds, unless they are there already.
struct Subspace {
  int first;
  int width;
  float* matrix;    // width x width.
  float* gradient;  // width.
  float* panel;     // panel_rows x width.
  int64_t panel_rows;
};

USHER_INLINE void CopyColumns(const float* z, int rows, int64_t stride,
                              const Subspace& part, float* out) {
  for (int g = 0; g < rows; ++g) {
    for (int d = 0; d < part.width; d += kWidth) {
      Store(out + g * part.width + d, Load(z + g * stride + part.first + d));
    }
  }
}

void FillSubspace(const AlsRowSystem& s, const float* x, bool gathered,
                  float* block, const Subspace& part) {
  const int64_t held = (kAlsBlockFloats / s.stride) & ~int64_t{kGroup - 1};
  for (int i = 0; i < part.width * part.width; i += kWidth) {
    Store(part.matrix + i, Vec{});
  }
  for (int d = 0; d < part.width; ++d) {
    const float diagonal =
        s.unobserved_weight * s.spectrum[part.first + d] + s.ridge;
    part.matrix[d * part.width + d] = diagonal;
    part.gradient[d] = -diagonal * x[part.first + d];
  }
  int64_t filled = 0;
  for (int64_t i = 0; i < s.count; i += kGroup) {
    float* z = block + (i < held ? i : held) * s.stride;
    const int rows = gathered && i < held
                         ? (s.count - i > 4 ? kGroup : 4)
                         : GatherGroup(s, s.factors, 1.0f, i, z);
    float misses[kGroup];
    Misses(s, i, rows, z, x, misses);
    float* columns = part.panel + filled * part.width;
    CopyColumns(z, rows, s.stride, part, columns);
    AddGroup(columns, rows, part.width, misses, part.gradient);
    filled += rows;
    if (filled + kGroup > part.panel_rows || i + kGroup >= s.count) {
      AddGram(part.panel, filled, part.width, part.matrix);
      filled = 0;
    }
  }
}

// One pass over the subspaces, each solved exactly with the others fixed.
bool SolveSubspaces(const AlsRowSystem& s, int width, const AlsScratch& scratch,
                    float* x) {
  if (2 * width > s.stride) return Cholesky(s, scratch, x);
  for (int first = 0; first < s.stride; first += width) {
    Subspace part;
    part.first = first;
    part.width = s.stride - first < width ? s.stride - first : width;
    part.matrix = scratch.matrix;
    part.gradient = scratch.vectors;
    part.panel = scratch.matrix + part.width * part.width;
    part.panel_rows =
        (s.stride * s.stride - part.width * part.width) / part.width;
    FillSubspace(s, x, first > 0, scratch.block, part);
    if (!Factor(part.matrix, part.width)) return false;
    SolveFactored(part.matrix, part.width, part.gradient);
    for (int d = 0; d < part.width; d += kWidth) {
      Store(x + first + d, Load(x + first + d) + Load(part.gradient + d));
    }
  }
  PrefetchNextRow(s, s.factors);
  return true;
}

}  // namespace
}  // namespace usher
