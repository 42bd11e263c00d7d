// trials.csv: every trial of a search, written as it ends, so that a search
// that was interrupted goes on.
#ifndef USHER_TRAINER_TUNING_TRIAL_LOG_H_
#define USHER_TRAINER_TUNING_TRIAL_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/tuning/parameter_space.h"

namespace usher {

struct Trial {
  // Empty: the configuration that the search began with.
  UnitPoint point;
  double ndcg = 0;  // At 10, of the judged lists.
  double low = 0;   // 95 % of it.
  double high = 0;
  double seconds = 0;
};

// What trials must have in common to be compared.
struct SearchKey {
  uint64_t data_fingerprint = 0;
  std::string base_config;  // Text of the TrainConfig.
};

// The first two lines: a comment with the key, and the names of the columns.
std::string TrialHeader(const SearchKey& key);
// One line; the parameters' columns hold values, and are empty for the first
// configuration.
std::string TrialLine(const Trial& trial);

// A trial as it is read back: what is written is rounded.
Trial Rounded(const Trial& trial);

// The trials of a file's text. A last line without an end is one that was being
// written: it is left out. FailedPrecondition when the header is of another
// search, InvalidArgument with path and line number when a line is no trial.
absl::StatusOr<std::vector<Trial>> ParseTrials(absl::string_view path,
                                               absl::string_view text,
                                               const SearchKey& key);

}  // namespace usher

#endif  // USHER_TRAINER_TUNING_TRIAL_LOG_H_
