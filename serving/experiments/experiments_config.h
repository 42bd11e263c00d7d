// The file of experiments.
#ifndef USHER_SERVING_EXPERIMENTS_EXPERIMENTS_CONFIG_H_
#define USHER_SERVING_EXPERIMENTS_EXPERIMENTS_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/experiments/experiments.h"

namespace usher {

// Reads a usher.config.ExperimentsConfig text proto. `path` is for messages.
// InvalidArgument with file, line or field, and what is allowed; also for what
// a variant overrides.
absl::StatusOr<Experiments> ParseExperiments(const std::string& path,
                                             absl::string_view text);

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_EXPERIMENTS_CONFIG_H_
