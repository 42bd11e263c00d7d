#include "serving/experiments/experiment_report.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Experiment TwoVariants() {
  Experiment experiment;
  experiment.name = std::string("a");
  experiment.variants = {{"control", 1, {}}, {"treatment", 1, {}}};
  return experiment;
}

// `users` with 10 exposures each, of which the first `clicking` clicked one.
VariantTally TallyOf(int users, int clicking) {
  VariantTally tally;
  for (int i = 0; i < users; ++i) {
    UserTally user;
    user.exposures = 10;
    user.outcomes = {i < clicking ? 1 : 0, 0, 0};
    tally.AddUser(user);
  }
  return tally;
}

TEST(ExperimentReportTest, CountsRatesAndDifferencesAreThoseOfTheTallies) {
  const ExperimentReport report = ReportOf(
      TwoVariants(), {TallyOf(1000, 100), TallyOf(1000, 150)}, LeftOut());
  EXPECT_EQ(report.experiment, "a");
  ASSERT_EQ(report.variants.size(), 2u);
  const VariantReport& control = report.variants[0];
  const VariantReport& treatment = report.variants[1];
  EXPECT_EQ(control.variant, "control");
  EXPECT_EQ(control.users, 1000);
  EXPECT_EQ(control.exposures, 10'000);
  EXPECT_THAT(control.counts, testing::ElementsAre(100, 0, 0));
  EXPECT_EQ(control.rates[0].value, 0.01);
  EXPECT_FALSE(control.differences.has_value());
  ASSERT_TRUE(treatment.differences.has_value());
  const Estimate& lift = (*treatment.differences)[0];
  EXPECT_NEAR(lift.value, 0.005, 1e-12);
  EXPECT_GT(lift.lower, 0);
  EXPECT_EQ((*treatment.differences)[1].value, 0);
  EXPECT_EQ(report.sample_ratio_p_value, 1);
  EXPECT_THAT(report.warnings, IsEmpty());
}

// Whoever was given lists that nobody has shown them is assigned, and no user.
TEST(ExperimentReportTest, TheSampleRatioIsThatOfAssignedUsers) {
  VariantTally control = TallyOf(1000, 10);
  VariantTally treatment = TallyOf(900, 10);
  for (int i = 0; i < 100; ++i) treatment.AddUser(UserTally());
  ExperimentReport report =
      ReportOf(TwoVariants(), {control, treatment}, LeftOut());
  EXPECT_EQ(report.variants[1].assigned, 1000);
  EXPECT_EQ(report.variants[1].users, 900);
  EXPECT_EQ(report.sample_ratio_p_value, 1);

  report =
      ReportOf(TwoVariants(), {TallyOf(1000, 10), TallyOf(800, 10)}, LeftOut());
  EXPECT_LT(report.sample_ratio_p_value, 1e-5);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("SAMPLE RATIO MISMATCH")));
}

TEST(ExperimentReportTest, WhatIsMissingIsSaid) {
  VariantTally control = TallyOf(1000, 10);
  control.AddDropped(7);
  const ExperimentReport report =
      ReportOf(TwoVariants(), {control, TallyOf(1000, 10)}, {3, 4, 5});
  EXPECT_EQ(report.variants[0].dropped, 7);
  EXPECT_THAT(report.warnings,
              Contains(HasSubstr("control: 7 lists could not be recorded")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("3 users have been in")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("4 users were in")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("5 interactions")));
}

TEST(ExperimentReportTest, NothingYetIsAReport) {
  const ExperimentReport report =
      ReportOf(TwoVariants(), {VariantTally(), VariantTally()}, LeftOut());
  EXPECT_EQ(report.sample_ratio_p_value, 1);
  EXPECT_EQ(report.variants[0].users, 0);
  EXPECT_EQ(report.variants[0].rates[0].value, 0);
  EXPECT_EQ(report.variants[0].rates[0].upper, 1);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("only 0 users")));
}

}  // namespace
}  // namespace usher
