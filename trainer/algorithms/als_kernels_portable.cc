#include "trainer/algorithms/als_batch_body.h"

namespace usher {

extern const AlsKernels kAlsKernelsPortable;
const AlsKernels kAlsKernelsPortable = {&ConjugateGradient,
                                        &ConjugateGradients,
                                        &Cholesky,
                                        &SolveSubspaces,
                                        &Pack,
                                        &AddGram,
                                        &Multiply};

}  // namespace usher
