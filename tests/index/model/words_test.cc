#include "index/model/words.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/model/plain_text.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Words(absl::string_view text) {
  return WordSplitter().Words(text);
}

TEST(WordsTest, AreLowerCasedStemmedAndWithoutStopWords) {
  EXPECT_THAT(Words("The Hikers are HIKING in the mountains"),
              ElementsAre("hiker", "hike", "mountain"));
}

TEST(WordsTest, OfEmptyTextAreNone) {
  EXPECT_THAT(Words(""), IsEmpty());
  EXPECT_THAT(Words(" \n.,;!?&<>"), IsEmpty());
}

TEST(WordsTest, KeepOneFormForAnEnglishWordWithAndWithoutAccents) {
  EXPECT_EQ(Words("café"), Words("cafe"));
  // Composed and decomposed spelling.
  EXPECT_EQ(Words("caf\u00e9"), Words("cafe\u0301"));
}

TEST(WordsTest, StemGermanByItsOwnRules) {
  EXPECT_THAT(Words("Die Häuser und das Haus sind in der Straße"),
              ElementsAre("haus", "haus", "strass"));
}

TEST(WordsTest, StemFrenchByItsOwnRules) {
  EXPECT_THAT(Words("Les chansons de l'amour pour une chanson continuelle"),
              ElementsAre("chanson", "amour", "chanson", "continuel"));
}

TEST(WordsTest, StemSpanishByItsOwnRules) {
  EXPECT_THAT(Words("las canciones y la canción del niño"),
              ElementsAre("cancion", "cancion", "nin"));
}

TEST(WordsTest, TakeOneForeignStopWordForEnglish) {
  WordSplitter splitter;
  EXPECT_EQ(splitter.GuessLanguage(splitter.RawWords("der running")),
            Language::kEnglish);
  EXPECT_EQ(splitter.GuessLanguage(splitter.RawWords("der Lauf für alle")),
            Language::kGerman);
}

TEST(WordsTest, DropTagsEntitiesScriptsAndAddresses) {
  EXPECT_THAT(
      Words("<p class=\"big\">jazz&nbsp;band</p><br/><script>var x = evil();"
            "</script> https://example.com/jazz?a=b WWW.example.org/piano "
            "<!-- secret --> someone.else@example.com guitar"),
      ElementsAre("jazz", "band", "guitar"));
}

TEST(WordsTest, ReadCharacterReferencesAsTheirLetters) {
  EXPECT_EQ(PlainText("caf&#233; caf&#xE9; M&amp;M"), "café café M M");
  EXPECT_EQ(Words("caf&eacute;"), Words("café"));
  // No character, a surrogate and too much.
  EXPECT_EQ(PlainText("a&#0;b&#xD800;c&#99999999;d"), "a b c d");
}

TEST(WordsTest, LeaveTextAloneThatOnlyLooksLikeMarkup) {
  for (const char* text : {"3 < 4 & 5 > 2", "AT&T;", "dinner@8"}) {
    EXPECT_EQ(PlainText(text), text);
  }
  EXPECT_EQ(PlainText("open <b and never closed"), "open <b and never closed");
}

TEST(WordsTest, KeepOnlyNumbersThatSaySomething) {
  EXPECT_THAT(Words("80s 5k b2b 2017 42 7pm 10:30 1,000 22nd 5551234"),
              ElementsAre("80s", "5k", "b2b", "2017"));
}

TEST(WordsTest, SeparateAtInvalidUtf8) {
  EXPECT_THAT(Words("jazz\xff\xfe guitar\xc3"), ElementsAre("jazz", "guitar"));
  EXPECT_THAT(Words("\xe2\x82"), IsEmpty());
}

TEST(WordsTest, SurviveAnyBytes) {
  WordSplitter splitter;
  Random random(7);
  constexpr absl::string_view kPieces[] = {
      "<",    ">",    "&#x", ";",    "@",    ".",       "'",    "http://", "a",
      "\xc3", "\xa9", "\0",  "\xf0", "\x9f", "<script", "\xed", "\xa0",    " "};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
      absl::StrAppend(&text, kPieces[random.Below(std::size(kPieces))]);
    }
    for (const std::string& word : splitter.Words(text)) {
      EXPECT_GE(word.size(), 2u);
      EXPECT_LE(word.size(), 2 * kMaxWordBytes);
    }
    splitter.FoldName(text);
  }
}

TEST(WordsTest, AreBoundedInNumberAndLength) {
  std::string text;
  for (int i = 0; i < 3 * static_cast<int>(kMaxWordsPerText); ++i) {
    text += "jazz ";
  }
  WordSplitter splitter;
  EXPECT_EQ(splitter.RawWords(text).size(), kMaxWordsPerText);
  EXPECT_EQ(splitter.RawWords(text + "é").size(), kMaxWordsPerText);
  EXPECT_THAT(splitter.Words(std::string(kMaxWordBytes + 1, 'x')), IsEmpty());
  EXPECT_LE(splitter.FoldName(std::string(1000, 'x')).size(), kMaxWordBytes);
}

TEST(WordsTest, SplitAsciiTextLikeIcuDoes) {
  WordSplitter splitter;
  Random random(11);
  constexpr absl::string_view kBytes = "abZ09'''..,:;_- ";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += kBytes[random.Below(kBytes.size())];
    std::vector<std::string> by_icu = splitter.RawWords(text + " é");
    ASSERT_EQ(by_icu.back(), "é");
    by_icu.pop_back();
    EXPECT_EQ(splitter.RawWords(text), by_icu) << text;
  }
}

TEST(WordsTest, DoNotDependOnWhatWasSplitBefore) {
  WordSplitter used;
  used.Words("Die Musik und der Tanz sind in der Straße für alle");
  const std::string text = "Dancing, music and the street: déjà vu";
  EXPECT_EQ(used.Words(text), Words(text));
  EXPECT_EQ(used.Words(text), used.Words(text));
}

TEST(WordsTest, OfScriptsWithoutSpacesAreFound) {
  EXPECT_GT(Words("東京の音楽祭に行きましょう").size(), 2u);
}

TEST(WordsTest, FoldNamesWithoutLosingTheirPunctuation) {
  WordSplitter splitter;
  EXPECT_EQ(splitter.FoldName("  Live   MUSIC "), "live music");
  EXPECT_EQ(splitter.FoldName("C++"), "c++");
  EXPECT_EQ(splitter.FoldName("Café"), "cafe");
}

}  // namespace
}  // namespace usher
