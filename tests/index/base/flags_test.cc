#include "index/base/flags.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

constexpr FlagSpec kSpecs[] = {
    {"file", "FILE", "what to read"},  {"count", "N", "how many", "20"},
    {"share", "X", "how much", "0.5"}, {"now", "TIME", "when"},
    {"force", "", "even so"},
};

absl::StatusOr<Flags> Parse(std::vector<std::string> words) {
  return Flags::Parse(words, kSpecs);
}

std::string Complaint(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(FlagsTest, BothWaysOfWritingAValueAreTheSame) {
  EXPECT_EQ(Parse({"--file=a b"})->Text("file"), "a b");
  EXPECT_EQ(Parse({"--file", "a b"})->Text("file"), "a b");
}

TEST(FlagsTest, AValueMayHoldEqualsSignsAndBeginWithDashes) {
  EXPECT_EQ(Parse({"--file=a=b"})->Text("file"), "a=b");
  EXPECT_EQ(Parse({"--count", "-3"})->Integer("count", -5, 5).value(), -3);
}

TEST(FlagsTest, WhatIsNotGivenHasItsFallback) {
  const Flags flags = Parse({}).value();
  EXPECT_EQ(flags.Integer("count", 1, 100).value(), 20);
  EXPECT_EQ(flags.Number("share", 0, 1).value(), 0.5);
  EXPECT_EQ(flags.Text("file"), "");
  EXPECT_FALSE(flags.Has("count"));
}

TEST(FlagsTest, ASwitchTakesNoWordAfterIt) {
  const Flags flags = Parse({"--force", "--file=x"}).value();
  EXPECT_TRUE(flags.Has("force"));
  EXPECT_EQ(flags.Text("file"), "x");
  EXPECT_FALSE(Parse({"--force=false"})->Has("force"));
  EXPECT_FALSE(Parse({})->Has("force"));
}

TEST(FlagsTest, ASwitchIsTrueOrFalse) {
  EXPECT_THAT(Complaint(Parse({"--force=yes"}).status()),
              HasSubstr("--force=yes"));
}

TEST(FlagsTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Complaint(Parse({"--fiel=x"}).status()), HasSubstr("--fiel"));
  EXPECT_THAT(Complaint(Parse({"file"}).status()), HasSubstr("\"file\""));
  EXPECT_THAT(Complaint(Parse({"--file"}).status()),
              HasSubstr("--file needs a value: --file=FILE"));
  EXPECT_THAT(Complaint(Parse({"--file=a", "--file=b"}).status()),
              HasSubstr("--file is given twice"));
}

TEST(FlagsTest, ANumberOutOfBoundsIsRefusedWithTheBounds) {
  const Flags flags = Parse({"--count=101", "--share=1.5"}).value();
  EXPECT_THAT(Complaint(flags.Integer("count", 1, 100).status()),
              HasSubstr("--count=101: not a whole number from 1 to 100"));
  EXPECT_THAT(Complaint(flags.Number("share", 0, 1).status()),
              HasSubstr("--share=1.5: not a number from 0 to 1"));
  EXPECT_EQ(flags.Integer("count", 1, 101).value(), 101);
}

TEST(FlagsTest, WhatIsNoNumberIsRefused) {
  for (const char* text : {"", "x", "1.5", "12x", "99999999999999999999"}) {
    const Flags flags = Parse({std::string("--count=") + text}).value();
    EXPECT_FALSE(flags.Integer("count", INT64_MIN, INT64_MAX).ok()) << text;
  }
  EXPECT_FALSE(Parse({"--share=nan"})->Number("share", 0, 1).ok());
}

TEST(FlagsTest, OneInstantInBothFormsIsTheSame) {
  const Micros instant = 1'780'272'000 * kSecond;
  for (const char* text :
       {"1780272000", "2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00"}) {
    const Flags flags = Parse({"--now", text}).value();
    EXPECT_EQ(flags.Time("now").value(), instant) << text;
  }
  EXPECT_EQ(Parse({"--now=1780272000.25"})->Time("now").value(),
            instant + kSecond / 4);
}

TEST(FlagsTest, ATimeThatIsNotGivenIsNone) {
  EXPECT_EQ(Parse({})->Time("now").value(), std::nullopt);
}

TEST(FlagsTest, WhatIsNoTimeIsRefused) {
  for (const char* text : {"tomorrow", "2026-06-01", "1e30", "nan"}) {
    const Flags flags = Parse({"--now", text}).value();
    EXPECT_THAT(Complaint(flags.Time("now").status()), HasSubstr(text));
  }
}

TEST(FlagsTest, RequireNamesTheFirstThatIsMissing) {
  const Flags flags = Parse({"--now=1"}).value();
  EXPECT_TRUE(flags.Require({"now", "count"}).ok());
  EXPECT_THAT(Complaint(flags.Require({"now", "file"})),
              HasSubstr("--file is required"));
}

TEST(FlagsTest, HelpHasALineOfEachFlagWithItsFallback) {
  const std::string help = FlagsHelp(kSpecs);
  EXPECT_THAT(help, HasSubstr("  --count=N"));
  EXPECT_THAT(help, HasSubstr("how many (20)\n"));
  EXPECT_THAT(help, HasSubstr("  --force "));
}

}  // namespace
}  // namespace usher
