// From scores to probabilities.
#ifndef USHER_TRAINER_RANKER_CALIBRATE_H_
#define USHER_TRAINER_RANKER_CALIBRATE_H_

#include <optional>

#include "absl/types/span.h"
#include "serving/ranking/policy.h"

namespace usher {

struct ScoredOutcome {
  float score = 0;
  bool attended = false;
};

// The logistic curve of greatest likelihood (Platt 1999, with his smoothed
// targets, by Newton's method). Unset where all outcomes are the same, or where
// a higher score is no better.
std::optional<Calibration> Calibrate(absl::Span<const ScoredOutcome> outcomes);

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_CALIBRATE_H_
