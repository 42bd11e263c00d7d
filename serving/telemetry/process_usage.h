// What this process takes of its machine.
#ifndef USHER_SERVING_TELEMETRY_PROCESS_USAGE_H_
#define USHER_SERVING_TELEMETRY_PROCESS_USAGE_H_

#include <cstdint>

namespace usher {

struct ProcessUsage {
  double cpu_seconds = 0;      // Of all threads, since the start.
  int64_t resident_bytes = 0;  // Mapped model files in memory count.
};

ProcessUsage ReadProcessUsage();

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_PROCESS_USAGE_H_
