#include "trainer/publish_gate.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TrainingRecord Judged(double ndcg, double half_interval,
                      uint64_t fingerprint = 1, double own_organizers = 0.3) {
  TrainingRecord record;
  record.data_fingerprint = fingerprint;
  record.metrics = {{"recall", 1},
                    {kJudgedLists, 500},
                    {kJudgedNdcg, ndcg},
                    {kJudgedNdcgLow, ndcg - half_interval},
                    {kJudgedNdcgHigh, ndcg + half_interval},
                    {kOwnOrganizersNdcg, own_organizers}};
  return record;
}

Manifest Published(TrainingRecord training) {
  Manifest manifest;
  manifest.info.version = 7;
  manifest.training = std::move(training);
  return manifest;
}

TEST(PublishGateTest, OfEqualDataLittleIsChance) {
  // A quarter of the root of .03^2 + .04^2 is .0125.
  const Manifest published = Published(Judged(0.5, 0.03));
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.5, 0.04)).ok());
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.4876, 0.04)).ok());
  const absl::Status refused = CheckNotWorse(published, Judged(0.4874, 0.04));
  EXPECT_EQ(refused.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("0.4874"), HasSubstr("version 7"),
                    HasSubstr("0.5000"), HasSubstr("--force")));
}

TEST(PublishGateTest, OfOtherDataChanceIsAllowedFor) {
  const Manifest published = Published(Judged(0.5, 0.03));
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.4501, 0.04, 2)).ok());
  EXPECT_TRUE(
      absl::IsAborted(CheckNotWorse(published, Judged(0.4499, 0.04, 2))));
}

TEST(PublishGateTest, WhatIsEasyToRankIsNotBetter) {
  // Most events are gone: any rule finds the rest, and the model less of it.
  EXPECT_TRUE(absl::IsAborted(CheckNotWorse(
      Published(Judged(0.4, 0.04, 1, 0.33)), Judged(0.69, 0.04, 2, 0.72))));
  // And back: what was published learned from too little.
  EXPECT_TRUE(CheckNotWorse(Published(Judged(0.69, 0.04, 2, 0.72)),
                            Judged(0.4, 0.04, 1, 0.33))
                  .ok());
}

TEST(PublishGateTest, ALiftOverNothingIsNoExcuse) {
  // Users who are shuffled: nobody goes to an organizer again.
  EXPECT_TRUE(absl::IsAborted(CheckNotWorse(
      Published(Judged(0.4, 0.04, 1, 0.33)), Judged(0.05, 0.02, 2, 0.01))));
}

TEST(PublishGateTest, OtherListsOfTheSameFilesAreOtherData) {
  TrainingRecord made = Judged(0.46, 0.04);
  made.metrics[1].second = 400;
  EXPECT_TRUE(CheckNotWorse(Published(Judged(0.5, 0.03)), made).ok());
}

TEST(PublishGateTest, WhatWasNotJudgedDoesNotReplaceWhatWas) {
  EXPECT_TRUE(absl::IsAborted(CheckNotWorse(Published(Judged(0.5, 0.1)), {})));
  TrainingRecord no_number = Judged(NAN, 0.1);
  EXPECT_TRUE(
      absl::IsAborted(CheckNotWorse(Published(Judged(0.5, 0.1)), no_number)));
}

TEST(PublishGateTest, ThereIsNothingToBeWorseThan) {
  EXPECT_TRUE(CheckNotWorse(Published({}), Judged(0.1, 0.1)).ok());
  EXPECT_TRUE(CheckNotWorse(Published({}), {}).ok());
}

}  // namespace
}  // namespace usher
