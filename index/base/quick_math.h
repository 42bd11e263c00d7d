// A logarithm and an exponential without branches or tables: a loop over them
// becomes vector instructions.
#ifndef USHER_INDEX_BASE_QUICK_MATH_H_
#define USHER_INDEX_BASE_QUICK_MATH_H_

#include <cstdint>

namespace usher {

// Both are good to one unit in the last place, and give the same bits in a
// loop and alone. Always inline, and without the standard library, so that
// files which are compiled for one instruction set may use them.

// ln(1 + x) for finite x >= 0; 0 for 0. FreeBSD's log1pf.
[[gnu::always_inline]] inline float QuickLog1p(float x) {
  constexpr uint32_t kRootOfHalf = 0x3f3504f3;
  constexpr float kLn2High = 6.9313812256e-01f;
  constexpr float kLn2Low = 9.0580006145e-06f;
  const float sum = 1.0f + x;
  const float lost = (x - (sum - 1.0f)) / sum;
  const uint32_t bits = __builtin_bit_cast(uint32_t, sum);
  const int32_t power = static_cast<int32_t>(bits - kRootOfHalf) >> 23;
  // Between the roots of 1/2 and 2, less 1.
  const float f =
      __builtin_bit_cast(float, bits - (static_cast<uint32_t>(power) << 23)) -
      1.0f;
  const float s = f / (2.0f + f);
  const float z = s * s;
  const float w = z * z;
  const float r = w * (0.40000972152f + w * 0.24279078841f) +
                  z * (0.66666662693f + w * 0.28498786688f);
  const float half = 0.5f * f * f;
  const float k = static_cast<float>(power);
  return s * (half + r) + (k * kLn2Low + lost) - half + f + k * kLn2High;
}

// exp(-x) for x >= 0; 1 for 0, and 0 beyond 87. Cephes's expf.
[[gnu::always_inline]] inline float QuickExpOfMinus(float x) {
  constexpr float kLargest = 87.0f;
  constexpr float kOneOverLn2 = 1.44269504f;
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr float kToNearest = 12582912.0f;  // 1.5 * 2^23: no fraction is left.
  const float y = x < kLargest ? -x : -kLargest;
  const float shifted = y * kOneOverLn2 + kToNearest;
  const float n = shifted - kToNearest;
  const float r = y - n * kLn2High - n * kLn2Low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const uint32_t power = __builtin_bit_cast(uint32_t, shifted) -
                         __builtin_bit_cast(uint32_t, kToNearest);
  const float scaled = p * __builtin_bit_cast(float, (power + 127) << 23);
  return x <= kLargest ? scaled : 0.0f;
}

}  // namespace usher

#endif  // USHER_INDEX_BASE_QUICK_MATH_H_
