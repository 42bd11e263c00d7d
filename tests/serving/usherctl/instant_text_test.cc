#include "serving/usherctl/instant_text.h"

#include "gtest/gtest.h"

namespace usher::ctl {
namespace {

// 2017-06-02T19:00:00Z, a Friday.
const absl::Time kFriday = absl::FromUnixSeconds(1496430000);

TEST(InstantTextTest, ReadsUnixSecondsAndRfc3339Alike) {
  for (const char* text :
       {"1496430000", "1496430000.0", "2017-06-02T19:00:00Z",
        "2017-06-02T21:00:00+02:00", "2017-06-02 12:00:00-07:00",
        "2017-06-02t19:00:00z"}) {
    EXPECT_EQ(ParseInstant(text).value_or(absl::InfinitePast()), kFriday)
        << text;
  }
  EXPECT_EQ(*ParseInstant("1496430000.25"), kFriday + absl::Milliseconds(250));
  EXPECT_EQ(*ParseInstant("2017-06-02T19:00:00.25Z"),
            kFriday + absl::Milliseconds(250));
  EXPECT_EQ(*ParseInstant("-3.5"),
            absl::UnixEpoch() - absl::Milliseconds(3500));
}

TEST(InstantTextTest, RefusesWhatIsNoInstant) {
  for (const char* text :
       {"", "now", "2017-06-02", "2017-06-02T19:00:00", "2017-02-30T00:00:00Z",
        "infinite-future", "inf", "nan", "1e9", " 1496430000", "1496430000 ",
        "2017-06-02T19:00:00Z ", "1496430000000", "-", ".",
        "12017-06-02T19:00:00Z"}) {
    EXPECT_EQ(ParseInstant(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(InstantTextTest, TheErrorShowsBothWaysToWriteIt) {
  EXPECT_EQ(ParseInstant("tomorrow").status().message(),
            "'tomorrow' is no time; write unix seconds (1496275200) or RFC "
            "3339 (2017-06-01T00:00:00Z)");
}

TEST(InstantTextTest, ShowsTheTimeOnTheClockOfTheEventsZone) {
  EXPECT_EQ(FormatInstant(kFriday, "America/Chicago", kFriday),
            "Fri 2 Jun 14:00");
  EXPECT_EQ(FormatInstant(kFriday, "Asia/Tokyo", kFriday), "Sat 3 Jun 04:00");
}

TEST(InstantTextTest, SaysUtcWhenTheZoneIsNotKnown) {
  EXPECT_EQ(FormatInstant(kFriday, "", kFriday), "Fri 2 Jun 19:00 UTC");
  EXPECT_EQ(FormatInstant(kFriday, "Nowhere/Town", kFriday),
            "Fri 2 Jun 19:00 UTC");
}

TEST(InstantTextTest, ShowsTheYearWhenItIsNotThisYear) {
  EXPECT_EQ(FormatInstant(kFriday, "UTC", kFriday + absl::Hours(24 * 365)),
            "Fri 2 Jun 2017 19:00");
}

}  // namespace
}  // namespace usher::ctl
