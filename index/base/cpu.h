// Which instruction set the kernels use. Chosen once per process.
#ifndef USHER_INDEX_BASE_CPU_H_
#define USHER_INDEX_BASE_CPU_H_

#include "absl/strings/string_view.h"

namespace usher {

// Ordered: each level can run the kernels of the ones before it. kAvx512 means
// F, BW, VL, DQ and VNNI together (Ice Lake, Zen 4 and newer).
enum class InstructionSet { kPortable = 0, kAvx2 = 1, kAvx512 = 2 };

// The best set that this machine runs, or the lower one that the environment
// variable USHER_ISA (portable | avx2 | avx512) names, read at first use. An
// unknown or unsupported name is ignored with a line on stderr. Thread-safe.
InstructionSet ActiveInstructionSet();

// "portable", "avx2" or "avx512".
absl::string_view InstructionSetName(InstructionSet set);

}  // namespace usher

#endif  // USHER_INDEX_BASE_CPU_H_
