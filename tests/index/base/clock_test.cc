#include "index/base/clock.h"

#include <limits>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(ClockTest, UnitsAreMultiplesOfAMicrosecond) {
  EXPECT_EQ(kSecond, absl::ToInt64Microseconds(absl::Seconds(1)));
  EXPECT_EQ(kMinute, absl::ToInt64Microseconds(absl::Minutes(1)));
  EXPECT_EQ(kHour, absl::ToInt64Microseconds(absl::Hours(1)));
  EXPECT_EQ(kDay, absl::ToInt64Microseconds(absl::Hours(24)));
}

TEST(ClockTest, NoTimeSortsBeforeEveryInstant) {
  EXPECT_LT(kNoTime, absl::ToUnixMicros(absl::UnixEpoch()));
  EXPECT_EQ(kNoTime, std::numeric_limits<Micros>::min());
}

TEST(ClockTest, SystemClockLiesBetweenTwoReadingsOfTheMachine) {
  const Micros before = absl::ToUnixMicros(absl::Now());
  const Micros now = Clock::System().Now();
  const Micros after = absl::ToUnixMicros(absl::Now());
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

TEST(ClockTest, SystemClockIsOneObject) {
  EXPECT_EQ(&Clock::System(), &Clock::System());
}

TEST(FakeClockTest, StandsStillUntilItIsMoved) {
  FakeClock clock(5 * kSecond);
  EXPECT_EQ(clock.Now(), 5 * kSecond);
  EXPECT_EQ(clock.Now(), 5 * kSecond);
  clock.Advance(kMinute);
  EXPECT_EQ(clock.Now(), 65 * kSecond);
  clock.Advance(-kSecond);
  EXPECT_EQ(clock.Now(), 64 * kSecond);
  clock.Set(kDay);
  EXPECT_EQ(clock.Now(), kDay);
}

}  // namespace
}  // namespace usher
