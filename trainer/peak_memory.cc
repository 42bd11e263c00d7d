#include "trainer/peak_memory.h"

#include <malloc.h>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace usher {

bool ResetPeakMemory() {
  malloc_trim(0);  // What is free already is no part of it.
  std::ofstream file("/proc/self/clear_refs");
  file << "5";  // proc(5): resets VmHWM.
  file.close();
  return file.good();
}

double PeakMemoryMb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!absl::StartsWith(line, "VmHWM:")) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    double kilobytes = 0;
    if (words.size() >= 2 && absl::SimpleAtod(words[1], &kilobytes)) {
      return kilobytes / 1024;
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace usher
