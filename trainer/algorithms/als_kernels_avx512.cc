#include "trainer/algorithms/als_batch_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsAvx512;
const AlsKernels kAlsKernelsAvx512 = {&ConjugateGradient,
                                      &ConjugateGradients,
                                      &Cholesky,
                                      &SolveSubspaces,
                                      &Pack,
                                      &AddGram,
                                      &Multiply};

}  // namespace usher
