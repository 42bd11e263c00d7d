#include "serving/ranking/place_kernels_body.h"

namespace usher {

const PlaceKernels kPortablePlaceKernels = {&DensityOf, &LogDistancesOf};

}  // namespace usher
