#include "serving/ranking/tree_kernels.h"

namespace usher {

const TreeKernels& TreeKernelsFor(InstructionSet set) {
#if defined(__x86_64__)
  if (set >= InstructionSet::kAvx512) return kAvx512TreeKernels;
  if (set >= InstructionSet::kAvx2) return kAvx2TreeKernels;
#endif
  (void)set;
  return kPortableTreeKernels;
}

}  // namespace usher
