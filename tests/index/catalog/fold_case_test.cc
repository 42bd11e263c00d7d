#include "index/catalog/fold_case.h"

#include <string>

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(FoldCaseTest, CapitalsOfThreeAlphabetsBecomeSmall) {
  EXPECT_EQ(FoldCase("Ghent 9A"), "ghent 9a");
  EXPECT_EQ(FoldCase("GÖTEBORG"), "göteborg");
  EXPECT_EQ(FoldCase("ŁÓDŹ"), "łódź");
  EXPECT_EQ(FoldCase("ΑΘΗΝΑ"), "αθηνα");
  EXPECT_EQ(FoldCase("КИЇВ"), "київ");
}

TEST(FoldCaseTest, SmallLettersAndOtherSignsStay) {
  for (const char* text :
       {"göteborg", "straße", "×", "東京", "😀", "łódź", ""}) {
    EXPECT_EQ(FoldCase(text), text);
  }
}

TEST(FoldCaseTest, WhatIsNoUtf8KeepsItsLength) {
  for (const std::string text : {"\xC3", "\xC3\xC3", "a\xFFZ", "\x80Q"}) {
    EXPECT_EQ(FoldCase(text).size(), text.size());
    EXPECT_EQ(FoldCase(FoldCase(text)), FoldCase(text));
  }
}

}  // namespace
}  // namespace usher
