#include "serving/usherctl/display_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DisplayTextTest, CountsLettersOnceWideTwiceAndMarksNever) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("jazz"), 4);
  EXPECT_EQ(DisplayWidth("Café Müller"), 11);
  EXPECT_EQ(DisplayWidth("Cafe\u0301"), 4);
  EXPECT_EQ(DisplayWidth("東京"), 4);
  EXPECT_EQ(DisplayWidth("한국"), 4);
  EXPECT_EQ(DisplayWidth("🎷"), 2);
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2);
}

TEST(DisplayTextTest, TellsUtf8FromWhatLooksLikeIt) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("aé東🎷"));
  EXPECT_FALSE(IsUtf8("\x80"));              // Begins in the middle.
  EXPECT_FALSE(IsUtf8("\xc3"));              // Ends in the middle.
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));          // Longer than it must be.
  EXPECT_FALSE(IsUtf8("\xe0\x80\xaf"));      // The same in three bytes.
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // Half of a pair.
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // Past the last character.
}

TEST(DisplayTextTest, PrintableIsOneLineThatCannotDriveTheTerminal) {
  EXPECT_EQ(Printable("  a\n\tb \r\n c "), "a b c");
  EXPECT_EQ(Printable("\x1b[31mred\x07"), "[31mred");
  EXPECT_EQ(Printable("a\u0085b\u009b"), "ab");
  EXPECT_EQ(Printable("safe\u202Etxt"), "safetxt");
  EXPECT_EQ(Printable("a\xff z"), "a\uFFFD z");
  EXPECT_EQ(Printable("東京 Café 🎷"), "東京 Café 🎷");
}

TEST(DisplayTextTest, TruncateNeverExceedsTheWidthAndMarksTheCut) {
  EXPECT_EQ(Truncate("jazz", 4), "jazz");
  EXPECT_EQ(Truncate("jazz night", 6), "jazz…");
  EXPECT_EQ(Truncate("jazz night", 1), "…");
  EXPECT_EQ(Truncate("jazz", 0), "");
  EXPECT_EQ(Truncate("東京都", 4), "東…");
  EXPECT_EQ(Truncate("Cafe\u0301s", 5), "Cafe\u0301s");
  for (int width = 1; width < 12; ++width) {
    EXPECT_LE(DisplayWidth(Truncate("a東e\u0301 🎷bc京d", width)), width);
    EXPECT_TRUE(IsUtf8(Truncate("a東e\u0301 🎷bc京d", width)));
  }
}

TEST(DisplayTextTest, PadsByColumnsAndNotByBytes) {
  EXPECT_EQ(PadRight("é", 3), "é  ");
  EXPECT_EQ(PadLeft("東", 3), " 東");
  EXPECT_EQ(PadRight("long", 2), "long");
}

TEST(DisplayTextTest, WrapBreaksAtBlanksAndKeepsLongWordsWhole) {
  EXPECT_THAT(Wrap("", 10), IsEmpty());
  EXPECT_THAT(Wrap("you follow them", 10), ElementsAre("you follow", "them"));
  EXPECT_THAT(Wrap("a incomprehensible b", 5),
              ElementsAre("a", "incomprehensible", "b"));
  EXPECT_THAT(Wrap("東京 東京", 8), ElementsAre("東京", "東京"));
  EXPECT_THAT(Wrap("東京 東京", 9), ElementsAre("東京 東京"));
}

TEST(DisplayTextTest, CountsHaveCommasAtTheThousands) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(-1234567), "-1,234,567");
  EXPECT_EQ(CountText(1, "events"), "1 event");
  EXPECT_EQ(CountText(2000, "events"), "2,000 events");
}

}  // namespace
}  // namespace usher::ctl
