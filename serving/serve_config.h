// The server's configuration file.
#ifndef USHER_SERVING_SERVE_CONFIG_H_
#define USHER_SERVING_SERVE_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "serving/scenarios.h"
#include "serving/worker_pool.h"

namespace usher {

struct ServeConfig {
  WorkerPoolOptions workers;
  std::string ranking_config;  // A RankingConfig as text; empty: none.
  std::string page_token_key;  // Empty: made anew by each server.
  Micros exposure_retention = 90 * kDay;
  double exposure_sample_share = 0.01;
  int redis_timeout_ms = 5;
  int memory_lists_mb = 256;
  Scenarios scenarios;
};

// Reads a usher.config.ServeConfig text proto; what it does not set has its
// default. `path` is for messages. InvalidArgument with file, line or field,
// and what is allowed.
absl::StatusOr<ServeConfig> ParseServeConfig(const std::string& path,
                                             absl::string_view text);

}  // namespace usher

#endif  // USHER_SERVING_SERVE_CONFIG_H_
