// The inner loops over places, once per instruction set.
#ifndef USHER_SERVING_RANKING_PLACE_KERNELS_H_
#define USHER_SERVING_RANKING_PLACE_KERNELS_H_

#include <cstddef>

#include "index/base/cpu.h"

namespace usher {

// So many places are worked on side by side.
inline constexpr size_t kPlaceLanes = 16;

// Points of the unit sphere by coordinate; `count` is a multiple of
// kPlaceLanes. What only fills up is far outside of the sphere.
struct PlaceColumns {
  const double* x;
  const double* y;
  const double* z;
  size_t count;
};

// A point of the unit sphere.
struct PlaceOfOne {
  double x, y, z;
};

// All functions are pure and thread-safe, and all sets give the same bits.
struct PlaceKernels {
  // The sum over `places` of exp(-scale * c), where c is the squared straight
  // line to `from` in squares of the earth's radius.
  float (*density)(const PlaceColumns& places, const PlaceOfOne& from,
                   double scale);

  // logs[i] = ln(1 + radius * straight line from place i to `from`); NaN where
  // the place is.
  void (*log_distances)(const PlaceColumns& places, const PlaceOfOne& from,
                        double radius, float* logs);
};

// The kernels of one set. The caller makes sure that the machine has it; a set
// that this build lacks gives the best of the lower ones.
const PlaceKernels& PlaceKernelsFor(InstructionSet set);

// One per file; PlaceKernelsFor chooses.
extern const PlaceKernels kPortablePlaceKernels;
#if defined(__x86_64__)
extern const PlaceKernels kAvx2PlaceKernels;
extern const PlaceKernels kAvx512PlaceKernels;
#endif

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PLACE_KERNELS_H_
