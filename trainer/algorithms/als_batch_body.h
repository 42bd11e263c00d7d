// Conjugate gradients for many long rows at once, on factor rows where they
// lie. The end of the text of the ALS kernels: what als_kernels_body.h says
// holds here.
#include "trainer/algorithms/als_kernels_body.h"

namespace usher {
namespace {

// Of a row in a batch, in the scratch block.
struct RowState {
  float* p;
  float* ap;
  float* r;
  float* inverse;
};

USHER_INLINE RowState StateOf(const AlsScratch& scratch, int row, int stride) {
  float* p = scratch.block + int64_t{4} * row * stride;
  return {p, p + stride, p + 2 * stride, p + 3 * stride};
}

USHER_INLINE Vec Diagonal(const AlsRowSystem& s, int d) {
  return Load(s.spectrum + d) * s.unobserved_weight + s.ridge;
}

// out += sum over kRows entries of w f (f . p), or with kMiss w f (1 - f . p).
// Entries beyond `real` weigh nothing.
template <int kRows, bool kMiss>
USHER_INLINE void AddEntries(const AlsRowSystem& s, int64_t begin, int real,
                             const float* p, float* out) {
  const int64_t stride = s.stride;
  const float* f[kRows];
  float weights[kRows], scales[kRows];
  for (int g = 0; g < kRows; ++g) {
    const int64_t at = begin + (g < real ? g : 0);
    f[g] = s.factors + s.columns[at] * stride;
    weights[g] = g < real ? s.roots[at] * s.roots[at] : 0.0f;
  }
  Vec sum[kRows] = {};
  for (int64_t d = 0; d < stride; d += kWidth) {
    const Vec pd = Load(p + d);
    for (int g = 0; g < kRows; ++g) sum[g] += Load(f[g] + d) * pd;
  }
  for (int g = 0; g < kRows; g += 4) {
    *reinterpret_cast<QuadMemory*>(scales + g) = SumFour(sum + g);
  }
  for (int g = 0; g < kRows; ++g) {
    scales[g] = weights[g] * (kMiss ? 1.0f - scales[g] : scales[g]);
  }
  Vec splat[kRows];
  for (int g = 0; g < kRows; ++g) splat[g] = Splat(scales[g]);
  for (int64_t d = 0; d < stride; d += kWidth) {
    Vec even = Load(out + d);
    Vec odd = Vec{};
    for (int g = 0; g < kRows; g += 2) {
      even += Load(f[g] + d) * splat[g];
      odd += Load(f[g + 1] + d) * splat[g + 1];
    }
    Store(out + d, even + odd);
  }
}

// The entries from `begin` on whose columns are below `limit`. Returns where
// they end.
template <bool kMiss>
int64_t AddBelow(const AlsRowSystem& s, int64_t begin, int32_t limit,
                 const float* p, float* out) {
  int64_t at = begin;
  for (; at + kGroup <= s.count && s.columns[at + kGroup - 1] < limit;
       at += kGroup) {
    const int64_t end = at + 2 * kGroup < s.count ? at + 2 * kGroup : s.count;
    for (int64_t g = at + kGroup; g < end; ++g) {
      Prefetch(s.factors + s.columns[g] * int64_t{s.stride}, s.stride);
    }
    AddEntries<kGroup, kMiss>(s, at, kGroup, p, out);
  }
  int real = 0;
  while (at + real < s.count && s.columns[at + real] < limit) ++real;
  if (real > 4) {
    AddEntries<kGroup, kMiss>(s, at, real, p, out);
  } else if (real > 0) {
    AddEntries<4, kMiss>(s, at, real, p, out);
  }
  return at + real;
}

// What a pass over a row's entries reads and adds to.
struct RowPass {
  int64_t at = 0;  // The next entry.
  const float* from = nullptr;
  float* to = nullptr;
};

// All entries of all rows, a block of factors at a time.
template <bool kMiss>
void PassOverBlocks(const AlsRowSystem* systems, int count, RowPass* passes) {
  constexpr int64_t kEnd = 0x7fffffff;
  const int64_t columns = kAlsFactorBlockFloats / systems[0].stride;
  int left = 0;
  for (int i = 0; i < count; ++i) {
    passes[i].at = 0;
    left += systems[i].count > 0;
  }
  for (int64_t limit = columns; left > 0; limit += columns) {
    const int32_t below = static_cast<int32_t>(limit < kEnd ? limit : kEnd);
    for (int i = 0; i < count; ++i) {
      const AlsRowSystem& s = systems[i];
      RowPass& pass = passes[i];
      if (pass.at == s.count || s.columns[pass.at] >= below) continue;
      pass.at = AddBelow<kMiss>(s, pass.at, below, pass.from, pass.to);
      left -= pass.at == s.count;
    }
  }
}

// From the residual to the first direction. Returns their product.
float BeginRow(const AlsRowSystem& s, const RowState& state) {
  const float share = Share(s);
  Vec sum = Vec{};
  for (int d = 0; d < s.stride; d += kWidth) {
    const Vec inverse = 1.0f / (Diagonal(s, d) + Load(s.spectrum + d) * share);
    const Vec rd = Load(state.r + d);
    const Vec pd = inverse * rd;
    Store(state.inverse + d, inverse);
    Store(state.p + d, pd);
    sum += rd * pd;
  }
  return Sum(sum);
}

// One step along p, whose product with the system is ap. Returns the next rho.
float StepRow(const RowState& state, int stride, float rho, float* x) {
  const float alpha = rho / Dot(state.p, state.ap, stride);
  Vec sum = Vec{};
  for (int d = 0; d < stride; d += kWidth) {
    Store(x + d, Load(x + d) + Load(state.p + d) * alpha);
    const Vec rd = Load(state.r + d) - Load(state.ap + d) * alpha;
    Store(state.r + d, rd);
    sum += rd * (rd * Load(state.inverse + d));
  }
  const float next = Sum(sum);
  const float beta = next / rho;
  for (int d = 0; d < stride; d += kWidth) {
    Store(state.p + d, Load(state.r + d) * Load(state.inverse + d) +
                           Load(state.p + d) * beta);
  }
  return next;
}

void ConjugateGradients(const AlsRowSystem* systems, float* const* x, int count,
                        int steps, const AlsScratch& scratch) {
  const int stride = systems[0].stride;
  RowPass passes[kAlsBatchRows];
  float rho[kAlsBatchRows];
  for (int i = 0; i < count; ++i) {
    const RowState state = StateOf(scratch, i, stride);
    passes[i].from = x[i];
    passes[i].to = state.r;
    for (int d = 0; d < stride; d += kWidth) {
      Store(state.r + d, -(Diagonal(systems[i], d) * Load(x[i] + d)));
    }
  }
  PassOverBlocks<true>(systems, count, passes);
  for (int i = 0; i < count; ++i) {
    const RowState state = StateOf(scratch, i, stride);
    rho[i] = BeginRow(systems[i], state);
    passes[i].from = state.p;
    passes[i].to = state.ap;
  }
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < count; ++i) {
      const RowState state = StateOf(scratch, i, stride);
      for (int d = 0; d < stride; d += kWidth) {
        Store(state.ap + d, Diagonal(systems[i], d) * Load(state.p + d));
      }
    }
    PassOverBlocks<false>(systems, count, passes);
    for (int i = 0; i < count; ++i) {
      if (!(rho[i] > 1e-30f)) continue;
      rho[i] = StepRow(StateOf(scratch, i, stride), stride, rho[i], x[i]);
    }
  }
}

}  // namespace
}  // namespace usher

#undef USHER_INLINE
