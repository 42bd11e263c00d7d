// What the server counts while it works.
#ifndef USHER_SERVING_TELEMETRY_TELEMETRY_H_
#define USHER_SERVING_TELEMETRY_TELEMETRY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "index/catalog/eligibility.h"
#include "serving/ranking/candidates.h"
#include "serving/ranking/stage_times.h"
#include "serving/rpc_method.h"
#include "serving/telemetry/counter.h"
#include "serving/telemetry/latency_histogram.h"

namespace usher {

// Nanoseconds since some instant; never goes back.
int64_t SteadyNanoseconds();

// Calls by method. A stream is one call, begun when it was opened.
class CallMetrics {
 public:
  // Those of absl::StatusCode, which are gRPC's.
  static constexpr size_t kNumCodes = 17;

  void CountBegun(RpcMethod method) { begun_.Add(Index(method)); }
  void CountEnded(RpcMethod method, absl::StatusCode code, int64_t nanoseconds);
  // A response of a stream.
  void CountStreamed(RpcMethod method) { streamed_.Add(Index(method)); }

  int64_t begun(RpcMethod method) const { return begun_.Get(Index(method)); }
  int64_t ended(RpcMethod method, absl::StatusCode code) const {
    return ended_.Get(Index(method) * kNumCodes + static_cast<size_t>(code));
  }
  int64_t streamed(RpcMethod method) const {
    return streamed_.Get(Index(method));
  }
  const LatencyHistogram& latency(RpcMethod method) const {
    return latency_[Index(method)].histogram;
  }

 private:
  struct CallLatency {
    LatencyHistogram histogram{kCallBounds};
  };
  static size_t Index(RpcMethod method) { return static_cast<size_t>(method); }

  Counters<kNumRpcMethods> begun_;
  Counters<kNumRpcMethods * kNumCodes> ended_;
  Counters<kNumRpcMethods> streamed_;
  std::array<CallLatency, kNumRpcMethods> latency_;
};

// Lists, what they are made of and what making them takes.
struct ListMetrics {
  struct StageLatency {
    LatencyHistogram histogram{kStageBounds};
  };
  std::array<StageLatency, kNumStages> stages;
  Counters<kNumCandidateSources> candidates;
  Counters<kNumDropReasons> dropped;
  Counter known;     // Lists for users of whom something is known,
  Counter cold;      // and for others.
  Counter empty;     // Of all these.
  Counter degraded;  // Of all these: a part of the ranking was missing.

  void CountStages(const StageTimes& times);
};

// One a server; main owns it. Thread-safe.
struct Telemetry {
  CallMetrics calls;
  ListMetrics lists;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_TELEMETRY_H_
