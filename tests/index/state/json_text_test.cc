#include "index/state/json_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(JsonTextTest, NothingIsTheEmptyText) {
  EXPECT_EQ(TextsToJson({}), "");
  EXPECT_EQ(GroupsToJson({}), "");
  EXPECT_EQ(FeaturesToJson({}), "");
  EXPECT_TRUE(TextsFromJson("")->empty());
  EXPECT_TRUE(GroupsFromJson("")->empty());
  EXPECT_TRUE(FeaturesFromJson("")->empty());
}

TEST(JsonTextTest, TextsComeBackWhateverTheyHold) {
  const std::vector<std::string> texts = {"jazz",
                                          "",
                                          "\"quoted\" \\ back",
                                          "line\nbreak\t\x01",
                                          "Zürich 東京",
                                          std::string("a\0b", 3)};
  EXPECT_EQ(TextsFromJson(TextsToJson(texts)).value(), texts);
}

TEST(JsonTextTest, IsJsonThatPeopleCanRead) {
  EXPECT_EQ(TextsToJson({"a", "b\"c"}), R"(["a","b\"c"])");
  EXPECT_EQ(GroupsToJson({{"g", 5}, {"h", kNoTime}}),
            R"([{"id":"g","joined":5},{"id":"h"}])");
  EXPECT_EQ(FeaturesToJson({{"degree", "msc"}, {"year", 1990.0}}),
            R"({"degree":"msc","year":1990})");
}

TEST(JsonTextTest, GroupsComeBack) {
  const std::vector<Group> groups =
      GroupsFromJson(GroupsToJson({{"g", -5}, {"h", kNoTime}})).value();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].id, "g");
  EXPECT_EQ(groups[0].joined, -5);
  EXPECT_EQ(groups[1].joined, kNoTime);
}

TEST(JsonTextTest, FeaturesComeBackToTheLastBit) {
  const ProfileFeatures features = {
      {"a", 0.1}, {"b", -1e300}, {"c", "text"}, {"d", 3.0}};
  EXPECT_EQ(FeaturesFromJson(FeaturesToJson(features)).value(), features);
}

TEST(JsonTextTest, WhatAPersonSpoiledIsDataLoss) {
  for (const char* bad : {"x", "{}", "[1]", "[\"a\"", "7"}) {
    EXPECT_TRUE(absl::IsDataLoss(TextsFromJson(bad).status())) << bad;
    EXPECT_TRUE(absl::IsDataLoss(GroupsFromJson(bad).status())) << bad;
  }
  for (const char* bad : {"x", "[]", "{\"a\":[]}", "{\"a\":true}"}) {
    EXPECT_TRUE(absl::IsDataLoss(FeaturesFromJson(bad).status())) << bad;
  }
}

}  // namespace
}  // namespace usher
