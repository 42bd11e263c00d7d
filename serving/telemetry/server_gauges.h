// What is true of a server at the moment.
#ifndef USHER_SERVING_TELEMETRY_SERVER_GAUGES_H_
#define USHER_SERVING_TELEMETRY_SERVER_GAUGES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "serving/telemetry/process_usage.h"

namespace usher {

struct ServerGauges {
  bool serving = false;  // As health says.
  int64_t model_version = 0;
  double model_age_seconds = 0;  // Since it was trained.
  int64_t users = 0;
  int64_t events = 0;
  int64_t live_events = 0;
  int64_t state_position = 0;
  int64_t state_damaged_rows = 0;  // Passed over when the model was loaded.
  int64_t state_rows_waiting = 0;  // Also those that are being written.
  // How long the longest waiting of them has waited.
  double state_lag_seconds = 0;
  double state_commit_age_seconds = 0;  // 0 before the first commit.
  int64_t calls_waiting = 0;            // For a worker.
  int64_t calls_waiting_limit = 0;
  int64_t ineligible_served = 0;
  double tls_certificate_end = 0;  // Unix seconds; 0: connections are plain.
  ProcessUsage process;

  // Counts by a label's value.
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  Counts list_origins;   // Answers by where their candidates came from.
  Counts list_refusals;  // Lists that were not used, by reason.
  int64_t lists_topped_up = 0;
  Counts redis_questions;  // By what became of them.
  Counts memory_lists;     // kept, evicted.
  int64_t memory_lists_bytes = 0;
  int64_t exposures_dropped = 0;
  struct DroppedVariant {
    std::string experiment;
    std::string variant;
    int64_t lists = 0;
  };
  std::vector<DroppedVariant> dropped_variants;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_SERVER_GAUGES_H_
