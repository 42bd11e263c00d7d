#include "trainer/algorithms/als_batch_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsAvx2;
const AlsKernels kAlsKernelsAvx2 = {&ConjugateGradient,
                                    &ConjugateGradients,
                                    &Cholesky,
                                    &SolveSubspaces,
                                    &Pack,
                                    &AddGram,
                                    &Multiply};

}  // namespace usher
