#include "serving/lists/use_list.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

constexpr Micros kNow = 20'000 * kDay;
constexpr GeoPoint kPlace = {51.05f, 3.72f};

ListTerms List() { return {"p", 3, kNow, kPlace}; }
RequestTerms Request() { return {"p", 3, kNow, kPlace}; }

TEST(UseListTest, AListOfTheSameTermsIsUsed) {
  EXPECT_EQ(WhyNotUse(List(), Request()), ListRefusal::kNone);
}

TEST(UseListTest, AnotherPolicyOrModelIsNot) {
  ListTerms list = List();
  list.policy = "q";
  EXPECT_EQ(WhyNotUse(list, Request()), ListRefusal::kPolicy);
  list = List();
  list.model_version = 2;
  EXPECT_EQ(WhyNotUse(list, Request()), ListRefusal::kModel);
}

TEST(UseListTest, WhatAListDoesNotSayIsNoReasonAgainstIt) {
  RequestTerms request = Request();
  request.place = GeoPoint();
  EXPECT_EQ(WhyNotUse(ListTerms(), request), ListRefusal::kNone);
}

TEST(UseListTest, AListLivesForItsTimeInBothDirections) {
  RequestTerms request = Request();
  request.now = kNow + kListLife;
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kNone);
  request.now = kNow + kListLife + 1;
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kAge);
  request.now = kNow - kListLife - 1;
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kAge);
}

TEST(UseListTest, AListOfAnotherPlaceIsNotUsed) {
  RequestTerms request = Request();
  request.place.latitude += 0.02f;  // 2.2 km
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kNone);
  request.place.latitude += 0.02f;  // 4.4 km
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kFar);
  request.place = GeoPoint();
  EXPECT_EQ(WhyNotUse(List(), request), ListRefusal::kFar);
  ListTerms nowhere = List();
  nowhere.location = GeoPoint();
  EXPECT_EQ(WhyNotUse(nowhere, Request()), ListRefusal::kNone);
  EXPECT_EQ(WhyNotUse(nowhere, request), ListRefusal::kNone);
  request = Request();
  request.names_place = true;
  EXPECT_EQ(WhyNotUse(nowhere, request), ListRefusal::kFar);
}

TEST(UseListTest, OnlyAPlainQuestionOfAUserHasAList) {
  Query query;
  EXPECT_EQ(WhyNoList(query), ListRefusal::kVisitor);
  query.user_id = "ann";
  EXPECT_EQ(WhyNoList(query), ListRefusal::kNone);
  query.rules.emplace_back();
  query.diversity = 0.5f;
  query.max_per_organizer = 1;
  EXPECT_EQ(WhyNoList(query), ListRefusal::kNone);
  query.seeds.emplace_back();
  EXPECT_EQ(WhyNoList(query), ListRefusal::kSeeds);
}

TEST(UseListTest, AnyFieldOfAFilterIsAFilter) {
  const auto why = [](auto set) {
    Query query;
    query.user_id = "ann";
    set(query.filter);
    return WhyNoList(query);
  };
  EXPECT_EQ(why([](Filter&) {}), ListRefusal::kNone);
  EXPECT_EQ(why([](Filter& f) { f.start_after = 1; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.start_before = 1; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.include_running = true; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.include_interacted = true; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.max_distance_km = 1; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.categories = {"a"}; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.tags_any = {"a"}; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.tags_all = {"a"}; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.exclude_tags = {"a"}; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.organizers = {"a"}; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.cities = {"a"}; }), ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.exclude_event_ids = {"a"}; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.only_event_ids = {"a"}; }),
            ListRefusal::kFilter);
  EXPECT_EQ(why([](Filter& f) { f.max_price = 1; }), ListRefusal::kFilter);
}

TEST(UseListTest, APolicyHasItsHash) {
  RankingPolicy policy;
  const std::string hash = PolicyHash(policy);
  EXPECT_EQ(hash.size(), 16u);
  EXPECT_EQ(PolicyHash(RankingPolicy()), hash);
  policy.weight(Feature::kDistance) += 0.125f;
  EXPECT_NE(PolicyHash(policy), hash);
  policy = RankingPolicy();
  policy.scan_candidates += 1;
  EXPECT_NE(PolicyHash(policy), hash);
}

TEST(UseListTest, EveryReasonHasItsName) {
  EXPECT_EQ(ListRefusalName(ListRefusal::kNone), "none");
  EXPECT_EQ(ListRefusalName(ListRefusal::kVisitor), "visitor");
  EXPECT_EQ(ListRefusalName(ListRefusal::kCrowded), "crowded");
}

}  // namespace
}  // namespace usher
