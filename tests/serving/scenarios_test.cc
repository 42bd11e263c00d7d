#include "serving/scenarios.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

v1::RecommendRequest Request(const std::string& text) {
  v1::RecommendRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request));
  return request;
}

absl::StatusOr<Scenarios> Make(const std::vector<std::string>& texts) {
  std::vector<v1::RecommendRequest> defaults;
  for (const std::string& text : texts) defaults.push_back(Request(text));
  return Scenarios::Create(std::move(defaults));
}

std::string ErrorOfScenarios(const std::vector<std::string>& texts) {
  const absl::Status status = Make(texts).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

// What a request becomes under the scenario of `defaults`.
std::string Filled(const std::string& defaults, const std::string& request) {
  const Scenarios scenarios = Make({"scenario: 'a' " + defaults}).value();
  v1::RecommendRequest filled =
      scenarios.Find("a").value()->Fill(Request(request));
  EXPECT_EQ(filled.scenario(), "a");
  filled.clear_scenario();
  return filled.ShortDebugString();
}

TEST(ScenarioTest, FillsWhatTheRequestLeavesUnset) {
  EXPECT_EQ(Filled("limit: 5 max_per_venue: 2 diversity: 0.5 detail: REASONS "
                   "exposure: DEFERRED include_events: true",
                   "user_id: 'ann'"),
            Request("user_id: 'ann' limit: 5 max_per_venue: 2 diversity: 0.5 "
                    "detail: REASONS exposure: DEFERRED include_events: true")
                .ShortDebugString());
}

TEST(ScenarioTest, WhatTheRequestSetsWins) {
  EXPECT_EQ(Filled("limit: 5 max_per_organizer: 1 diversity: 0.5 "
                   "detail: FEATURES exposure: NONE",
                   "limit: 7 max_per_organizer: 3 diversity: 0 detail: NONE "
                   "exposure: SERVED"),
            Request("limit: 7 max_per_organizer: 3 diversity: 0 detail: NONE "
                    "exposure: SERVED")
                .ShortDebugString());
}

TEST(ScenarioTest, FiltersAreMergedFieldByField) {
  EXPECT_EQ(Filled("filter { max_distance_km: 10 tags_any: 'a' tags_any: 'b' "
                   "max_price: 9 include_running: true }",
                   "filter { tags_any: 'c' max_price: 0 cities: 'x' }"),
            Request("filter { max_distance_km: 10 tags_any: 'c' max_price: 0 "
                    "include_running: true cities: 'x' }")
                .ShortDebugString());
}

TEST(ScenarioTest, KeepsItsRulesApartFromTheRequests) {
  const Scenarios scenarios =
      Make({"scenario: 'a' rules { name: 'first' boost: 2 }"}).value();
  const Scenario* const scenario = scenarios.Find("a").value();
  ASSERT_THAT(scenario->rules, SizeIs(1));
  EXPECT_EQ(scenario->rules[0].name, "first");
  EXPECT_EQ(scenario->Fill(Request("rules { name: 'own' exclude: true }"))
                .ShortDebugString(),
            Request("scenario: 'a' rules { name: 'own' exclude: true }")
                .ShortDebugString());
}

TEST(ScenariosTest, TheEmptyNameIsNoScenario) {
  EXPECT_EQ(Scenarios::None().Find("").value(), nullptr);
  EXPECT_EQ(Make({"scenario: 'a'"})->Find("").value(), nullptr);
}

TEST(ScenariosTest, AnUnknownNameIsAnErrorThatSaysWhatThereIs) {
  EXPECT_EQ(std::string(Scenarios::None().Find("x").status().message()),
            "scenario: \"x\" is unknown; this server's --config has none");
  EXPECT_EQ(std::string(Make({"scenario: 'b'", "scenario: 'a.1'"})
                            ->Find("x\n")
                            .status()
                            .message()),
            "scenario: \"x\\n\" is unknown; this server has \"b\", \"a.1\"");
  EXPECT_LT(Scenarios::None()
                .Find(std::string(1 << 20, 'x'))
                .status()
                .message()
                .size(),
            200u);
}

TEST(ScenariosTest, NamesAreGoodAndDiffer) {
  EXPECT_EQ(ErrorOfScenarios({"limit: 3"}),
            "scenarios[0].name: \"\" is not 1 to 64 letters, digits, \"_\", "
            "\"-\" and \".\"");
  EXPECT_THAT(ErrorOfScenarios({"scenario: 'a b'"}),
              StartsWith("scenarios[0].name: "));
  EXPECT_EQ(
      ErrorOfScenarios({"scenario: 'a'", "scenario: 'b'", "scenario: 'a'"}),
      "scenarios[2].name: \"a\" is another's, too");
  EXPECT_THAT(ErrorOfScenarios(std::vector<std::string>(kMaxScenarios + 1)),
              HasSubstr("has 101 entries; at most 100"));
}

TEST(ScenariosTest, SayNothingThatARequestMayNotSay) {
  EXPECT_EQ(ErrorOfScenarios({"scenario: 'a' limit: -1"}),
            "scenarios[0].limit: -1 is negative; leave it out for 20");
  EXPECT_THAT(
      ErrorOfScenarios(
          {"scenario: 'a'", "scenario: 'b' filter { max_distance_km: -3 }"}),
      StartsWith("scenarios[1].filter.max_distance_km: -3 is negative"));
  EXPECT_THAT(ErrorOfScenarios({"scenario: 'a' rules { pin_position: 0 }"}),
              StartsWith("scenarios[0].rules[0].pin_position: "));
  EXPECT_THAT(ErrorOfScenarios({"scenario: 'a' diversity: 2"}),
              AllOf(StartsWith("scenarios[0].diversity: "), HasSubstr("2")));
}

}  // namespace
}  // namespace usher
