#include "index/vector/scan_kernels.h"

namespace usher {

const ScanKernels& KernelsFor(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return kAvx512Kernels;
  if (set == InstructionSet::kAvx2) return kAvx2Kernels;
#endif
  (void)set;
  return kPortableKernels;
}

const ScanKernels& ActiveKernels() {
  return KernelsFor(ActiveInstructionSet());
}

}  // namespace usher
