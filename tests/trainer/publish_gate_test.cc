#include "trainer/publish_gate.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TrainingRecord Judged(double ndcg, double half_interval,
                      uint64_t fingerprint = 1) {
  TrainingRecord record;
  record.data_fingerprint = fingerprint;
  record.metrics = {{"recall", 1},
                    {kJudgedLists, 500},
                    {kJudgedNdcg, ndcg},
                    {kJudgedNdcgLow, ndcg - half_interval},
                    {kJudgedNdcgHigh, ndcg + half_interval}};
  return record;
}

Manifest Published(TrainingRecord training) {
  Manifest manifest;
  manifest.info.version = 7;
  manifest.training = std::move(training);
  return manifest;
}

TEST(PublishGateTest, OfEqualDataTheLowerFigureIsRefused) {
  const Manifest published = Published(Judged(0.5, 0.1));
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.5, 0.1)).ok());
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.51, 0.1)).ok());
  const absl::Status refused = CheckNotWorse(published, Judged(0.499, 0.1));
  EXPECT_EQ(refused.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("0.4990"), HasSubstr("version 7"),
                    HasSubstr("0.5000"), HasSubstr("--force")));
}

TEST(PublishGateTest, OfOtherDataChanceIsAllowedFor) {
  const Manifest published = Published(Judged(0.5, 0.03));
  // The root of .03^2 + .04^2 is .05.
  EXPECT_TRUE(CheckNotWorse(published, Judged(0.4501, 0.04, 2)).ok());
  EXPECT_TRUE(
      absl::IsAborted(CheckNotWorse(published, Judged(0.4499, 0.04, 2))));
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
