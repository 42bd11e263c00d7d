#include "trainer/algorithms/als_kernels.h"

#include "index/base/cpu.h"

namespace usher {

extern const AlsKernels kAlsKernelsPortable;
extern const AlsKernels kAlsKernelsAvx2;
extern const AlsKernels kAlsKernelsAvx512;

const AlsKernels& AlsKernelsFor(InstructionSet set) {
  switch (set) {
    case InstructionSet::kPortable:
      return kAlsKernelsPortable;
    case InstructionSet::kAvx2:
      return kAlsKernelsAvx2;
    case InstructionSet::kAvx512:
      return kAlsKernelsAvx512;
  }
  return kAlsKernelsPortable;
}

}  // namespace usher
