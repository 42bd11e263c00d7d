#include "serving/telemetry/telemetry.h"

#include <chrono>

namespace usher {

int64_t SteadyNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void CallMetrics::CountEnded(RpcMethod method, absl::StatusCode code,
                             int64_t nanoseconds) {
  const size_t number = static_cast<size_t>(code);
  ended_.Add(Index(method) * kNumCodes + (number < kNumCodes ? number : 2));
  latency_[Index(method)].histogram.Observe(nanoseconds);
}

void ListMetrics::CountStages(const StageTimes& times) {
  for (int i = 0; i < kNumStages; ++i) {
    const Stage stage = static_cast<Stage>(i);
    if (times.ended(stage)) {
      stages[i].histogram.Observe(times.nanoseconds(stage));
    }
  }
}

}  // namespace usher
