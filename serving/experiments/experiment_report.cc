#include "serving/experiments/experiment_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "serving/experiments/chi_square.h"

namespace usher {
namespace {

// Of fewer users the mean is not yet normal, and intervals are too narrow.
constexpr int64_t kEnoughUsers = 100;

VariantReport ReportOf(const Variant& variant, const VariantTally& tally,
                       const VariantTally* control) {
  VariantReport report;
  report.variant = variant.name;
  report.assigned = tally.assigned();
  report.users = tally.users();
  report.exposures = static_cast<int64_t>(tally.sums(Outcome::kClick).y());
  report.dropped = tally.dropped();
  if (control != nullptr) report.differences.emplace();
  for (int i = 0; i < kNumOutcomes; ++i) {
    const RatioSums& sums = tally.sums(static_cast<Outcome>(i));
    report.counts[i] = static_cast<int64_t>(sums.x());
    report.rates[i] = RateOf(sums);
    if (control == nullptr) continue;
    (*report.differences)[i] =
        DifferenceOf(sums, control->sums(static_cast<Outcome>(i)));
  }
  return report;
}

double PValueOf(const Experiment& experiment,
                absl::Span<const VariantTally> tallies) {
  std::vector<int64_t> users;
  std::vector<double> weights;
  for (size_t i = 0; i < tallies.size(); ++i) {
    users.push_back(tallies[i].assigned());
    weights.push_back(experiment.variants[i].weight);
  }
  return SampleRatioPValue(users, weights);
}

void Warn(const LeftOut& left_out, ExperimentReport& report) {
  std::vector<std::string>& warnings = report.warnings;
  if (report.sample_ratio_p_value < kSampleRatioAlarm) {
    warnings.push_back(absl::StrFormat(
        "SAMPLE RATIO MISMATCH: users are not split as configured (p = %.2g). "
        "The experiment is broken; believe no other figure",
        report.sample_ratio_p_value));
  }
  for (const VariantReport& variant : report.variants) {
    if (variant.users < kEnoughUsers) {
      warnings.push_back(absl::StrCat(
          "variant ", variant.variant, ": only ", variant.users,
          " users; below ", kEnoughUsers, " the intervals are too narrow"));
    }
    if (variant.dropped > 0) {
      warnings.push_back(absl::StrCat(
          "variant ", variant.variant, ": ", variant.dropped,
          " lists could not be recorded under overload and are missing"));
    }
  }
  if (left_out.in_several_variants > 0) {
    warnings.push_back(absl::StrCat(
        left_out.in_several_variants,
        " users have been in several variants and are left out: weights or "
        "salt were changed while the experiment ran"));
  }
  if (left_out.in_unknown_variants > 0) {
    warnings.push_back(absl::StrCat(
        left_out.in_unknown_variants,
        " users were in variants that are no longer configured and are left "
        "out"));
  }
  if (left_out.not_shown > 0) {
    warnings.push_back(absl::StrCat(
        left_out.not_shown,
        " interactions are with events whose exposure was never reported and "
        "are left out: RecordExposures is missing"));
  }
}

}  // namespace

void VariantTally::AddUser(const UserTally& user) {
  ++assigned_;
  if (user.exposures <= 0) return;
  for (int i = 0; i < kNumOutcomes; ++i) {
    sums_[i].AddUser(static_cast<double>(user.outcomes[i]),
                     static_cast<double>(user.exposures));
  }
}

ExperimentReport ReportOf(const Experiment& experiment,
                          absl::Span<const VariantTally> tallies,
                          const LeftOut& left_out) {
  ExperimentReport report;
  report.experiment = experiment.name;
  for (size_t i = 0; i < tallies.size(); ++i) {
    report.variants.push_back(ReportOf(experiment.variants[i], tallies[i],
                                       i == 0 ? nullptr : &tallies[0]));
  }
  report.sample_ratio_p_value = PValueOf(experiment, tallies);
  Warn(left_out, report);
  return report;
}

}  // namespace usher
