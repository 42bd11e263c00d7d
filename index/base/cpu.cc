#include "index/base/cpu.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace usher {
namespace {

InstructionSet BestSupported() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return InstructionSet::kPortable;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni")) {
    return InstructionSet::kAvx512;
  }
  return InstructionSet::kAvx2;
#else
  return InstructionSet::kPortable;
#endif
}

InstructionSet Choose() {
  const InstructionSet best = BestSupported();
  const char* wanted = std::getenv("USHER_ISA");
  if (wanted == nullptr || *wanted == '\0') return best;
  for (const InstructionSet set :
       {InstructionSet::kPortable, InstructionSet::kAvx2,
        InstructionSet::kAvx512}) {
    if (InstructionSetName(set) == wanted && set <= best) return set;
  }
  std::fprintf(stderr,
               "usher: USHER_ISA=%s is unknown or not supported by this "
               "machine; using %s\n",
               wanted, std::string(InstructionSetName(best)).c_str());
  return best;
}

}  // namespace

InstructionSet ActiveInstructionSet() {
  static const InstructionSet chosen = Choose();
  return chosen;
}

absl::string_view InstructionSetName(InstructionSet set) {
  switch (set) {
    case InstructionSet::kPortable:
      return "portable";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
  }
  return "unknown";
}

}  // namespace usher
