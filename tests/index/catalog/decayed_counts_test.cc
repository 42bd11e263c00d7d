#include "index/catalog/decayed_counts.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr Micros kStart = 1'700'000'000 * kSecond;

// The definition, summed in double.
double ClosedForm(const std::vector<std::pair<Micros, float>>& occurrences,
                  size_t i, Micros now) {
  double sum = 0;
  for (const auto& [time, weight] : occurrences) {
    sum += weight * std::exp(-static_cast<double>(now - time) /
                             static_cast<double>(kEventHorizons[i]));
  }
  return sum;
}

TEST(DecayedCountsTest, IsTheSumOfFadedOccurrencesInAnyOrder) {
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    DecayedCounts counts;
    std::vector<std::pair<Micros, float>> occurrences;
    Micros latest = 0;
    for (int n = 0; n < 30; ++n) {
      const Micros time =
          kStart + static_cast<Micros>(random.Below(48 * 60)) * kMinute;
      const float weight = n % 7 == 3 ? 2.0f : 1.0f;
      counts.Add(time, weight, kEventHorizons);
      occurrences.emplace_back(time, weight);
      latest = std::max(latest, time);
    }
    for (size_t i = 0; i < 3; ++i) {
      for (const Micros later : {Micros{0}, kHour, 3 * kDay}) {
        const double expected = ClosedForm(occurrences, i, latest + later);
        EXPECT_NEAR(counts.At(i, latest + later, kEventHorizons), expected,
                    1e-4 * expected + 1e-7);
      }
    }
  }
}

TEST(DecayedCountsTest, OneOccurrenceFadesToOneEthOverItsHorizon) {
  DecayedCounts counts;
  counts.Add(kStart, 1, kEventHorizons);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts.At(i, kStart + kEventHorizons[i], kEventHorizons),
                std::exp(-1.0), 1e-6);
  }
}

TEST(DecayedCountsTest, WhatIsTakenBackLeavesWhatWasBefore) {
  DecayedCounts counts;
  counts.Add(kStart, 1, kEventHorizons);
  counts.Add(kStart + kHour, 1, kEventHorizons);
  counts.Add(kStart + kHour, -1, kEventHorizons);
  EXPECT_NEAR(counts.At(1, kStart + kHour, kEventHorizons), std::exp(-1.0 / 24),
              1e-6);
  counts.Add(kStart, -1, kEventHorizons);
  EXPECT_NEAR(counts.At(0, kStart + kHour, kEventHorizons), 0, 1e-6);
}

TEST(DecayedCountsTest, IsNeverNegative) {
  DecayedCounts counts;
  counts.Add(kStart, -1, kEventHorizons);
  EXPECT_EQ(counts.At(0, kStart, kEventHorizons), 0);
}

TEST(DecayedCountsTest, AnUndatedOccurrenceChangesNothing) {
  DecayedCounts counts;
  counts.Add(kNoTime, 1, kEventHorizons);
  EXPECT_EQ(counts.as_of, kNoTime);
  EXPECT_EQ(counts.At(0, kStart, kEventHorizons), 0);
}

TEST(DecayedCountsTest, AnEarlierNowDoesNotRewind) {
  DecayedCounts counts;
  counts.Add(kStart, 1, kEventHorizons);
  EXPECT_EQ(counts.At(0, kStart - kDay, kEventHorizons), 1);
}

TEST(DecayedCountsTest, WhatIsFarInTheFutureIsNotYetPopular) {
  DecayedCounts counts;
  counts.Add(kStart + 3650 * kDay, 1, kEventHorizons);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_LT(counts.At(i, kStart, kEventHorizons), 1e-6f);
  }
  EXPECT_NEAR(counts.At(1, kStart + 3648 * kDay, kEventHorizons),
              std::exp(-1.0), 1e-5);
}

}  // namespace
}  // namespace usher
