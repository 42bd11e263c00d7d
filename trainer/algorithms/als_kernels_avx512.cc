#include "trainer/algorithms/als_kernels_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsAvx512;
const AlsKernels kAlsKernelsAvx512 = {&ConjugateGradient, &Cholesky, &AddGram,
                                      &Multiply};

}  // namespace usher
