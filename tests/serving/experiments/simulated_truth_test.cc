// Experiments whose truth is known: made-up users, drawn by the real hash,
// counted and compared by the real report.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "serving/experiments/chi_square.h"
#include "serving/experiments/experiment_report.h"
#include "serving/experiments/experiments.h"

namespace usher {
namespace {

constexpr double kBaseRate = 0.1;

Experiment AgainstControl(const std::string& salt, double weight = 1) {
  Experiment experiment;
  experiment.name = std::string("a");
  experiment.salt = salt;
  experiment.variants = {{"control", weight, {}}, {"treatment", 1, {}}};
  return experiment;
}

// A visitor of few events or of very many: exposures by Pareto's law with
// exponent 1.8 (infinite variance), up to 2,000. Some click often, most rarely:
// rates by an exponential law with the mean `rate`.
UserTally MadeUpUser(Random& random, double rate) {
  const double heavy = std::pow(1 - random.Uniform(), -1 / 1.8);
  const double own = std::min(1.0, -rate * std::log(1 - random.Uniform()));
  UserTally user;
  user.exposures = static_cast<int64_t>(std::min(2000.0, std::floor(heavy)));
  for (int64_t i = 0; i < user.exposures; ++i) {
    user.outcomes[0] += random.Uniform() < own ? 1 : 0;
  }
  return user;
}

ExperimentReport Simulate(const Experiment& experiment, int users, double lift,
                          Random& random) {
  const Experiments all = *Experiments::Create({experiment});
  std::vector<VariantTally> tallies(2);
  for (int i = 0; i < users; ++i) {
    const Assignment assignment = all.Assign(absl::StrCat("u", i)).front();
    const bool treated = assignment.variant->name == "treatment";
    tallies[treated].AddUser(
        MadeUpUser(random, kBaseRate * (treated ? 1 + lift : 1)));
  }
  return ReportOf(*all.Find("a"), tallies, LeftOut());
}

const Estimate& ClickDifference(const ExperimentReport& report) {
  return (*report.variants[1].differences)[0];
}

bool Excludes0(const Estimate& e) { return e.lower > 0 || e.upper < 0; }

// As if each exposure were a person.
bool ExposuresSayDifferent(const ExperimentReport& report) {
  double variance = 0;
  for (const VariantReport& v : report.variants) {
    const double rate = v.rates[0].value;
    variance += rate * (1 - rate) / static_cast<double>(v.exposures);
  }
  return std::abs(ClickDifference(report).value) > 1.96 * std::sqrt(variance);
}

TEST(SimulatedTruthTest, AThousandAATestsGiveFivePercentFalseAlarms) {
  Random random(2026);
  int alarms = 0, naive_alarms = 0, mismatches = 0;
  constexpr int kRuns = 1000;
  for (int run = 0; run < kRuns; ++run) {
    const ExperimentReport report =
        Simulate(AgainstControl(absl::StrCat("run ", run)), 4000, 0, random);
    alarms += Excludes0(ClickDifference(report)) ? 1 : 0;
    naive_alarms += ExposuresSayDifferent(report) ? 1 : 0;
    mismatches += report.sample_ratio_p_value < kSampleRatioAlarm ? 1 : 0;
  }
  std::printf(
      "false alarms in %d A/A runs: %d with the user as the unit, %d "
      "with the exposure; sample ratio alarms: %d\n",
      kRuns, alarms, naive_alarms, mismatches);
  EXPECT_GE(alarms, 35);
  EXPECT_LE(alarms, 65);
  EXPECT_GT(naive_alarms, 100) << "the data are too tame to show anything";
  EXPECT_LE(mismatches, 5);
}

TEST(SimulatedTruthTest, APlantedLiftOfTenPercentIsFound) {
  Random random(11);
  int covered = 0;
  constexpr int kRuns = 20;
  for (int run = 0; run < kRuns; ++run) {
    const ExperimentReport report = Simulate(
        AgainstControl(absl::StrCat("lift ", run)), 100'000, 0.1, random);
    const Estimate& lift = ClickDifference(report);
    if (run == 0) {
      std::printf("planted +10 %% of %.2f: found %+.4f [%+.4f, %+.4f]\n",
                  kBaseRate, lift.value, lift.lower, lift.upper);
    }
    EXPECT_GT(lift.lower, 0) << run;
    // A rate above 1 is cut to 1, which an exponential law hardly knows.
    covered += lift.lower <= 0.01 && 0.01 <= lift.upper ? 1 : 0;
  }
  EXPECT_GE(covered, 17);
}

TEST(SimulatedTruthTest, ASplitOf51To49TripsTheRatioTestAndAFairOneDoesNot) {
  // Users are drawn 51 to 49; the report believes that it is 50 to 50.
  const Experiments drawn =
      *Experiments::Create({AgainstControl("split", 51.0 / 49)});
  const Experiments fair = *Experiments::Create({AgainstControl("split")});
  std::vector<VariantTally> uneven(2), even(2);
  UserTally user;
  user.exposures = 1;
  for (int i = 0; i < 100'000; ++i) {
    const std::string id = absl::StrCat("u", i);
    uneven[drawn.Assign(id)[0].variant->name == "treatment"].AddUser(user);
    even[fair.Assign(id)[0].variant->name == "treatment"].AddUser(user);
  }
  const Experiment& configured = *fair.Find("a");
  const double p = ReportOf(configured, uneven, LeftOut()).sample_ratio_p_value;
  const double fair_p =
      ReportOf(configured, even, LeftOut()).sample_ratio_p_value;
  std::printf("100,000 users: 51/49 has p = %.2g, 50/50 has p = %.2g\n", p,
              fair_p);
  EXPECT_LT(p, kSampleRatioAlarm);
  EXPECT_GT(fair_p, kSampleRatioAlarm);
}

}  // namespace
}  // namespace usher
