// See usher_isa_source() for what may stand here.
#if defined(__x86_64__)

#include "serving/ranking/place_kernels_body.h"

namespace usher {

const PlaceKernels kAvx512PlaceKernels = {&DensityOf, &LogDistancesOf};

}  // namespace usher

#endif  // defined(__x86_64__)
