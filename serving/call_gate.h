// What every call passes on its way in and out.
#ifndef USHER_SERVING_CALL_GATE_H_
#define USHER_SERVING_CALL_GATE_H_

#include "serving/rpc_method.h"
#include "serving/security/token_file.h"
#include "serving/telemetry/telemetry.h"
#include "serving/worker_pool.h"

namespace usher {

// Borrowed.
struct CallGate {
  WorkerPool& pool;
  CallMetrics& metrics;
  const TokenFile* tokens;  // Null: everybody may call everything.
};

}  // namespace usher

#endif  // USHER_SERVING_CALL_GATE_H_
