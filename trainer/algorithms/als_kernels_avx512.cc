#include "trainer/algorithms/als_kernels_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsAvx512;
const AlsKernels kAlsKernelsAvx512 = {&ConjugateGradient, &Cholesky,
                                      &SolveSubspaces, &AddGram, &Multiply};

}  // namespace usher
