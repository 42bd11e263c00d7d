#include "serving/telemetry/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace usher {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessUsage ReadProcessUsage() {
  ProcessUsage usage;
  rusage times{};
  if (getrusage(RUSAGE_SELF, &times) == 0) {
    usage.cpu_seconds = Seconds(times.ru_utime) + Seconds(times.ru_stime);
  }
  int64_t size = 0;
  int64_t resident = 0;
  if (std::ifstream("/proc/self/statm") >> size >> resident) {
    usage.resident_bytes = resident * sysconf(_SC_PAGESIZE);
  }
  return usage;
}

}  // namespace usher
