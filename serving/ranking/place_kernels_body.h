// What the files of PlaceKernels have in common: plain loops that the compiler
// turns into the vectors of the set that the including file is compiled for.
// In the order of the lanes everywhere, so that all give the same bits.
#include "index/base/quick_math.h"
#include "serving/ranking/place_kernels.h"

namespace usher {
namespace {

constexpr size_t kAtOnce = 64;  // Their figures stay in the nearest cache.
static_assert(kAtOnce % kPlaceLanes == 0);

// The squared straight lines from `from` to `count` places from `first` on.
inline void Chords(const PlaceColumns& places, size_t first, size_t count,
                   const PlaceOfOne& from, double* chords) {
  const double* const x = places.x + first;
  const double* const y = places.y + first;
  const double* const z = places.z + first;
  for (size_t i = 0; i < count; ++i) {
    const double dx = x[i] - from.x;
    const double dy = y[i] - from.y;
    const double dz = z[i] - from.z;
    chords[i] = dx * dx + dy * dy + dz * dz;
  }
}

inline size_t CountAt(const PlaceColumns& places, size_t first) {
  const size_t left = places.count - first;
  return left < kAtOnce ? left : kAtOnce;
}

float DensityOf(const PlaceColumns& places, const PlaceOfOne& from,
                double scale) {
  float sums[kPlaceLanes] = {};
  for (size_t first = 0; first < places.count; first += kAtOnce) {
    const size_t count = CountAt(places, first);
    double chords[kAtOnce];
    float parts[kAtOnce];
    Chords(places, first, count, from, chords);
    for (size_t i = 0; i < count; ++i) {
      parts[i] = QuickExpOfMinus(static_cast<float>(scale * chords[i]));
    }
    for (size_t i = 0; i < count; i += kPlaceLanes) {
      for (size_t lane = 0; lane < kPlaceLanes; ++lane) {
        sums[lane] += parts[i + lane];
      }
    }
  }
  for (size_t half = kPlaceLanes / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

void LogDistancesOf(const PlaceColumns& places, const PlaceOfOne& from,
                    double radius, float* logs) {
  for (size_t first = 0; first < places.count; first += kAtOnce) {
    const size_t count = CountAt(places, first);
    double chords[kAtOnce];
    Chords(places, first, count, from, chords);
    for (size_t i = 0; i < count; ++i) {
      logs[first + i] =
          QuickLog1p(static_cast<float>(radius * __builtin_sqrt(chords[i])));
    }
  }
}

}  // namespace
}  // namespace usher
