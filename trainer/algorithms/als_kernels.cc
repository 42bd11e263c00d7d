#include "trainer/algorithms/als_kernels.h"

#include <algorithm>

#include "index/base/cpu.h"

namespace usher {

extern const AlsKernels kAlsKernelsPortable;
extern const AlsKernels kAlsKernelsAvx2;
extern const AlsKernels kAlsKernelsAvx512;

int64_t AlsBlockFloats(int64_t longest, int stride) {
  constexpr int64_t kPanel = 5120;
  return std::max((longest + 7) * stride, kPanel + stride);
}

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
