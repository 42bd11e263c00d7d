// What came of an experiment, from what was seen of its users.
#ifndef USHER_SERVING_EXPERIMENTS_EXPERIMENT_REPORT_H_
#define USHER_SERVING_EXPERIMENTS_EXPERIMENT_REPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "serving/experiments/experiment.h"
#include "serving/experiments/outcome.h"
#include "serving/experiments/ratio_metric.h"

namespace usher {

// One user's part: events shown to them, and how many of these led to what.
struct UserTally {
  int64_t exposures = 0;
  std::array<int64_t, kNumOutcomes> outcomes{};
};

// The users of one variant. A value.
class VariantTally {
 public:
  // A user who was given a list of this variant, shown to them or not.
  void AddUser(const UserTally& user);
  void AddDropped(int64_t lists) { dropped_ += lists; }

  int64_t assigned() const { return assigned_; }
  // Assigned users who have been shown something.
  int64_t users() const { return sums_[0].users(); }
  int64_t dropped() const { return dropped_; }
  const RatioSums& sums(Outcome outcome) const {
    return sums_[static_cast<size_t>(outcome)];
  }

 private:
  int64_t assigned_ = 0;
  int64_t dropped_ = 0;
  std::array<RatioSums, kNumOutcomes> sums_;
};

struct VariantReport {
  std::string variant;
  int64_t assigned = 0;
  int64_t users = 0;
  int64_t exposures = 0;
  int64_t dropped = 0;  // Lists that could not be recorded.
  std::array<int64_t, kNumOutcomes> counts{};
  std::array<Estimate, kNumOutcomes> rates;
  // To the first variant; unset for it.
  std::optional<std::array<Estimate, kNumOutcomes>> differences;
};

struct ExperimentReport {
  std::string experiment;
  std::vector<VariantReport> variants;  // In the experiment's order.
  double sample_ratio_p_value = 1;
  std::vector<std::string> warnings;
};

// What does not count, and is said.
struct LeftOut {
  int64_t in_several_variants = 0;  // Users.
  int64_t in_unknown_variants = 0;  // Users, of variants no longer configured.
  int64_t not_shown = 0;  // Interactions with events not known to be shown.
};

// `tallies`: of each variant, in the experiment's order. Pure.
ExperimentReport ReportOf(const Experiment& experiment,
                          absl::Span<const VariantTally> tallies,
                          const LeftOut& left_out);

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_EXPERIMENT_REPORT_H_
