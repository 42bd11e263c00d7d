#include "serving/convert_requests.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Micros kNow = 1'700'000'000 * kSecond;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Result>
void ExpectInvalid(const Result& result, const std::string& begin) {
  EXPECT_TRUE(absl::IsInvalidArgument(result.status()))
      << begin << " " << result.status();
  EXPECT_THAT(std::string(result.status().message()), StartsWith(begin));
}

TEST(ConvertRequestsTest, AnEmptyRequestIsAVisitorNow) {
  const absl::StatusOr<Query> query = FromProto(v1::RecommendRequest(), kNow);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->user_id, "");
  EXPECT_EQ(query->now, kNow);
  EXPECT_EQ(query->limit, 20);
  EXPECT_FALSE(query->location.known());
  EXPECT_EQ(query->filter.start_after, kNoTime);
  EXPECT_EQ(query->filter.start_before, std::numeric_limits<Micros>::max());
  EXPECT_FALSE(query->filter.max_price.has_value());
}

TEST(ConvertRequestsTest, EveryFieldArrives) {
  v1::RecommendRequest request;
  request.set_user_id("ann");
  request.set_limit(7);
  request.mutable_context()->mutable_now()->set_seconds(-2);
  request.mutable_context()->mutable_now()->set_nanos(1999);
  request.mutable_context()->mutable_location()->set_latitude(-90);
  request.mutable_context()->mutable_location()->set_longitude(180);
  request.mutable_context()->set_device("iOS");
  v1::Filter& filter = *request.mutable_filter();
  filter.mutable_start_after()->set_seconds(5);
  filter.mutable_start_before()->set_seconds(6);
  filter.set_include_running(true);
  filter.set_include_interacted(true);
  filter.set_max_distance_km(2.5);
  filter.set_max_price(0);
  filter.add_categories("a");
  filter.add_tags_any("b");
  filter.add_tags_all("c");
  filter.add_exclude_tags("d");
  filter.add_organizers("e");
  filter.add_cities("f");
  filter.add_exclude_event_ids("g");
  filter.add_only_event_ids("h");
  v1::Seed& seed = *request.add_seeds();
  seed.set_event_id("s");
  seed.set_kind(v1::INTERACTION_KIND_SAVE);
  seed.set_weight(0.5);
  request.add_seeds()->set_event_id("t");
  request.set_max_per_organizer(1);
  request.set_max_per_venue(2);
  request.set_max_per_series(3);
  const absl::StatusOr<Query> query = FromProto(request, kNow);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->user_id, "ann");
  EXPECT_EQ(query->device, Device::kPhone);
  EXPECT_EQ(query->limit, 7);
  EXPECT_EQ(query->now, -2 * kSecond + 1);
  EXPECT_EQ(query->location.latitude, -90);
  EXPECT_EQ(query->location.longitude, 180);
  EXPECT_EQ(query->filter.start_after, 5 * kSecond);
  EXPECT_EQ(query->filter.start_before, 6 * kSecond);
  EXPECT_TRUE(query->filter.include_running);
  EXPECT_TRUE(query->filter.include_interacted);
  EXPECT_EQ(query->filter.max_distance_km, 2.5);
  EXPECT_EQ(query->filter.max_price, 0.0f);
  EXPECT_THAT(query->filter.categories, ElementsAre("a"));
  EXPECT_THAT(query->filter.tags_any, ElementsAre("b"));
  EXPECT_THAT(query->filter.tags_all, ElementsAre("c"));
  EXPECT_THAT(query->filter.exclude_tags, ElementsAre("d"));
  EXPECT_THAT(query->filter.organizers, ElementsAre("e"));
  EXPECT_THAT(query->filter.cities, ElementsAre("f"));
  EXPECT_THAT(query->filter.exclude_event_ids, ElementsAre("g"));
  EXPECT_THAT(query->filter.only_event_ids, ElementsAre("h"));
  ASSERT_EQ(query->seeds.size(), 2u);
  EXPECT_EQ(query->seeds[0].kind, InteractionKind::kSave);
  EXPECT_EQ(query->seeds[0].weight, 0.5f);
  EXPECT_EQ(query->seeds[1].kind, InteractionKind::kRsvpYes);
  EXPECT_EQ(query->seeds[1].weight, 1.0f);
  EXPECT_EQ(query->max_per_organizer, 1);
  EXPECT_EQ(query->max_per_venue, 2);
  EXPECT_EQ(query->max_per_series, 3);
}

TEST(ConvertRequestsTest, LimitsAreReadAsTheProtoSays) {
  v1::RecommendRequest request;
  request.set_limit(201);
  EXPECT_EQ(FromProto(request, kNow)->limit, 200);
  v1::FindAudienceRequest audience;
  audience.set_event_id("e");
  EXPECT_EQ(FromProto(audience, kNow)->limit, 20);
  audience.set_limit(10'001);
  EXPECT_EQ(FromProto(audience, kNow)->limit, 10'000);
}

// Each case spoils one field of a good request.
struct Case {
  std::string path;
  std::function<void(v1::RecommendRequest&)> spoil;
};

TEST(ConvertRequestsTest, EveryBadFieldIsNamed) {
  const auto many = [](auto* list, int n) {
    for (int i = 0; i < n; ++i) list->Add("x");
  };
  using R = v1::RecommendRequest;
  const std::vector<Case> cases = {
      {"user_id: ", [](R& r) { r.set_user_id(std::string(129, 'x')); }},
      {"limit: -1 ", [](R& r) { r.set_limit(-1); }},
      {"context.now: ",
       [](R& r) {
         r.mutable_context()->mutable_now()->set_seconds(253402300800);
       }},
      {"context.now: ",
       [](R& r) {
         r.mutable_context()->mutable_now()->set_seconds(-62135596801);
       }},
      {"context.device: has 129 bytes; at most 128",
       [](R& r) { r.mutable_context()->set_device(std::string(129, 'x')); }},
      {"context.now: -1 nanos",
       [](R& r) { r.mutable_context()->mutable_now()->set_nanos(-1); }},
      {"context.now: 1000000000 nanos",
       [](R& r) { r.mutable_context()->mutable_now()->set_nanos(1000000000); }},
      {"context.location.latitude: 90.5 ",
       [](R& r) {
         r.mutable_context()->mutable_location()->set_latitude(90.5);
       }},
      {"context.location.latitude: nan ",
       [](R& r) {
         r.mutable_context()->mutable_location()->set_latitude(kNaN);
       }},
      {"context.location.longitude: -181 ",
       [](R& r) {
         r.mutable_context()->mutable_location()->set_longitude(-181);
       }},
      {"filter.start_after: ",
       [](R& r) { r.mutable_filter()->mutable_start_after()->set_nanos(-1); }},
      {"filter.start_before: ",
       [](R& r) { r.mutable_filter()->mutable_start_before()->set_nanos(-1); }},
      {"filter.max_distance_km: -3 is negative; ",
       [](R& r) { r.mutable_filter()->set_max_distance_km(-3); }},
      {"filter.max_distance_km: nan ",
       [](R& r) { r.mutable_filter()->set_max_distance_km(kNaN); }},
      {"filter.max_price: -0.5 is negative; ",
       [](R& r) { r.mutable_filter()->set_max_price(-0.5); }},
      {"filter.max_price: inf ",
       [](R& r) { r.mutable_filter()->set_max_price(kInfinity); }},
      {"filter.categories: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_categories(), 1001); }},
      {"filter.tags_any: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_tags_any(), 1001); }},
      {"filter.tags_all: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_tags_all(), 1001); }},
      {"filter.exclude_tags: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_exclude_tags(), 1001); }},
      {"filter.organizers: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_organizers(), 1001); }},
      {"filter.cities: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_cities(), 1001); }},
      {"filter.exclude_event_ids: has 1001 ",
       [&](R& r) {
         many(r.mutable_filter()->mutable_exclude_event_ids(), 1001);
       }},
      {"filter.only_event_ids: has 1001 ",
       [&](R& r) { many(r.mutable_filter()->mutable_only_event_ids(), 1001); }},
      {"filter.organizers[0]: is required",
       [](R& r) { r.mutable_filter()->add_organizers(""); }},
      {"filter.only_event_ids[1]: has 129 bytes",
       [](R& r) {
         r.mutable_filter()->add_only_event_ids("x");
         r.mutable_filter()->add_only_event_ids(std::string(129, 'x'));
       }},
      {"filter.exclude_event_ids[0]: is required",
       [](R& r) { r.mutable_filter()->add_exclude_event_ids(""); }},
      {"seeds: has 201 ",
       [](R& r) {
         for (int i = 0; i < 201; ++i) r.add_seeds()->set_event_id("x");
       }},
      {"seeds[0].event_id: is required", [](R& r) { r.add_seeds(); }},
      {"seeds[0].kind: 99 ",
       [](R& r) {
         r.add_seeds()->set_event_id("x");
         r.mutable_seeds(0)->set_kind(static_cast<v1::InteractionKind>(99));
       }},
      {"seeds[0].weight: -1 ",
       [](R& r) {
         r.add_seeds()->set_event_id("x");
         r.mutable_seeds(0)->set_weight(-1);
       }},
      {"seeds[0].weight: nan ",
       [](R& r) {
         r.add_seeds()->set_event_id("x");
         r.mutable_seeds(0)->set_weight(kNaN);
       }},
      {"max_per_organizer: -1 ", [](R& r) { r.set_max_per_organizer(-1); }},
      {"max_per_venue: -1 ", [](R& r) { r.set_max_per_venue(-1); }},
      {"max_per_series: -1 ", [](R& r) { r.set_max_per_series(-1); }},
      {"detail: 9 ", [](R& r) { r.set_detail(static_cast<v1::Detail>(9)); }},
      {"request_id: has 129 ",
       [](R& r) { r.set_request_id(std::string(129, 'x')); }},
  };
  for (const Case& c : cases) {
    v1::RecommendRequest request;
    c.spoil(request);
    ExpectInvalid(FromProto(request, kNow), c.path);
  }
}

TEST(ConvertRequestsTest, SimilarEventsNeedsAnEventOrSeedsAndNotBoth) {
  v1::SimilarEventsRequest request;
  ExpectInvalid(FromProto(request, kNow), "event_id: an event or seeds ");
  request.set_event_id("e");
  EXPECT_EQ(FromProto(request, kNow)->event_id, "e");
  request.add_seeds()->set_event_id("s");
  ExpectInvalid(FromProto(request, kNow), "seeds: ");
  request.clear_event_id();
  EXPECT_EQ(FromProto(request, kNow)->query.seeds.size(), 1u);
  request.mutable_seeds(0)->clear_event_id();
  ExpectInvalid(FromProto(request, kNow), "seeds[0].event_id: ");
}

TEST(ConvertRequestsTest, SimilarEventsChecksContextFilterAndLimit) {
  v1::SimilarEventsRequest request;
  request.set_event_id(std::string(129, 'x'));
  ExpectInvalid(FromProto(request, kNow), "event_id: has 129 ");
  request.set_event_id("e");
  request.set_limit(-1);
  ExpectInvalid(FromProto(request, kNow), "limit: ");
  request.clear_limit();
  request.mutable_context()->mutable_now()->set_nanos(-1);
  ExpectInvalid(FromProto(request, kNow), "context.now: ");
  request.clear_context();
  request.mutable_filter()->set_max_distance_km(-1);
  ExpectInvalid(FromProto(request, kNow), "filter.max_distance_km: ");
}

TEST(ConvertRequestsTest, SimilarUsersChecksUserLimitAndBasis) {
  v1::SimilarUsersRequest request;
  ExpectInvalid(FromProto(request), "user_id: is required");
  request.set_user_id("u");
  EXPECT_EQ(FromProto(request)->basis, SimilarityBasis::kTaste);
  request.set_basis(v1::BLEND);
  EXPECT_EQ(FromProto(request)->basis, SimilarityBasis::kBlend);
  request.set_basis(static_cast<v1::SimilarityBasis>(9));
  ExpectInvalid(FromProto(request), "basis: 9 ");
  request.set_limit(-1);
  ExpectInvalid(FromProto(request), "limit: ");
}

TEST(ConvertRequestsTest, FindAudienceChecksEventAndLimit) {
  v1::FindAudienceRequest request;
  ExpectInvalid(FromProto(request, kNow), "event_id: is required");
  request.set_event_id("e");
  EXPECT_EQ(FromProto(request, kNow)->now, kNow);
  request.mutable_context()->mutable_now()->set_seconds(5);
  EXPECT_EQ(FromProto(request, kNow)->now, 5 * kSecond);
  request.set_limit(-5);
  ExpectInvalid(FromProto(request, kNow), "limit: -5 is negative");
}

}  // namespace
}  // namespace usher
