#include "trainer/data/time_text.h"

#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr Micros kJune = 1496275200 * kSecond;  // 2017-06-01T00:00:00Z.

TEST(ParseTimeTest, ReadsUnixSeconds) {
  EXPECT_EQ(ParseTime("0"), 0);
  EXPECT_EQ(ParseTime("1496275200"), kJune);
  EXPECT_EQ(ParseTime("-3"), -3 * kSecond);
  EXPECT_EQ(ParseTime("1496275200.25"), kJune + 250000);
  EXPECT_EQ(ParseTime("-3.5"), -3500000);
  EXPECT_EQ(ParseTime("1496275200.0000019"), kJune + 1);
}

TEST(ParseTimeTest, ReadsRfc3339) {
  EXPECT_EQ(ParseTime("2017-06-01T00:00:00Z"), kJune);
  EXPECT_EQ(ParseTime("2017-06-01t00:00:00z"), kJune);
  EXPECT_EQ(ParseTime("2017-06-01 02:30:00+02:30"), kJune);
  EXPECT_EQ(ParseTime("2017-05-31T17:00:00.125-07:00"), kJune + 125000);
  EXPECT_EQ(ParseTime("2016-12-31T23:59:60Z"),
            ParseTime("2017-01-01T00:00:00Z"));
}

TEST(ParseTimeTest, AgreesWithAbseilOnEveryDayOfFourCenturies) {
  for (int64_t day = -140000; day < 10000; ++day) {
    const absl::Time time = absl::FromUnixSeconds(day * 86400 + day % 86400);
    const std::string text =
        absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
    ASSERT_EQ(ParseTime(text), absl::ToUnixMicros(time)) << text;
  }
}

TEST(ParseTimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           " ",
                           "-",
                           "now",
                           "12x",
                           "1.",
                           ".5",
                           "1e9",
                           "+5",
                           "2017-06-01",
                           "2017-06-01T00:00:00",
                           "2017-06-01T00:00Z",
                           "2017-02-29T00:00:00Z",
                           "2017-13-01T00:00:00Z",
                           "2017-06-01T24:00:00Z",
                           "2017-06-01T00:60:00Z",
                           "2017-06-01T00:00:00.Z",
                           "2017-06-01T00:00:00+0200",
                           "2017-06-01T00:00:00Zx",
                           "17-06-01T00:00:00Z",
                           "nan",
                           "inf"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

TEST(ParseTimeTest, RefusesMilliseconds) {
  EXPECT_EQ(ParseTime("1496275200000"), std::nullopt);
  EXPECT_EQ(ParseTime("99999999999999999999999"), std::nullopt);
}

TEST(TimeFromSecondsTest, RefusesWhatIsNotFinite) {
  EXPECT_EQ(TimeFromSeconds(1496275200.5), kJune + 500000);
  EXPECT_EQ(TimeFromSeconds(std::numeric_limits<double>::quiet_NaN()),
            std::nullopt);
  EXPECT_EQ(TimeFromSeconds(std::numeric_limits<double>::infinity()),
            std::nullopt);
}

}  // namespace
}  // namespace usher
