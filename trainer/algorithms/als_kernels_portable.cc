#include "trainer/algorithms/als_kernels_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsPortable;
const AlsKernels kAlsKernelsPortable = {&ConjugateGradient, &Cholesky,
                                        &SolveSubspaces, &AddGram, &Multiply};

}  // namespace usher
