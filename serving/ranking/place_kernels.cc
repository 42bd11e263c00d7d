#include "serving/ranking/place_kernels.h"

namespace usher {

const PlaceKernels& PlaceKernelsFor(InstructionSet set) {
#if defined(__x86_64__)
  if (set >= InstructionSet::kAvx512) return kAvx512PlaceKernels;
  if (set >= InstructionSet::kAvx2) return kAvx2PlaceKernels;
#endif
  (void)set;
  return kPortablePlaceKernels;
}

}  // namespace usher
