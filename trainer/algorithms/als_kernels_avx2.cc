#include "trainer/algorithms/als_kernels_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsAvx2;
const AlsKernels kAlsKernelsAvx2 = {&ConjugateGradient, &Cholesky,
                                    &SolveSubspaces, &AddGram, &Multiply};

}  // namespace usher
