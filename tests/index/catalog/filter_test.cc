#include "index/catalog/filter.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GeoPoint kCentre{51.05f, 3.72f};

Event Named(const std::string& id) {
  Event event;
  event.id = id;
  return event;
}

class FilterTest : public ::testing::Test {
 protected:
  FilterTest() {
    Event jazz = Named("jazz");
    jazz.start_time = 10 * kDay;
    jazz.category = "music";
    jazz.tags = {"jazz", "live"};
    jazz.organizer = "club";
    jazz.city = "Ghent";
    jazz.location = {51.06f, 3.72f};  // About 1.1 km north.
    jazz.price = 12;
    catalog_.UpsertEvent(jazz);
    Event rust = Named("rust");
    rust.start_time = 20 * kDay;
    rust.category = "tech";
    rust.tags = {"rust", "live"};
    rust.organizer = "hosts";
    rust.city = "Bruges";
    rust.location = {51.21f, 3.22f};  // About 39 km away.
    rust.price = 0;
    catalog_.UpsertEvent(rust);
    catalog_.UpsertEvent(Named("bare"));
  }

  std::vector<std::string> Passing(const Filter& filter,
                                   const GeoPoint& center = kCentre) const {
    const CompiledFilter compiled(filter, catalog_, center);
    std::vector<std::string> ids;
    for (size_t row = 0; row < catalog_.num_events(); ++row) {
      const EventRow event{static_cast<int32_t>(row)};
      if (compiled.Matches(event)) {
        ids.push_back(std::string(catalog_.EventId(event)));
      }
    }
    return ids;
  }

  Catalog catalog_;
};

TEST_F(FilterTest, NoConditionLetsEverythingThrough) {
  EXPECT_THAT(Passing({}), ElementsAre("jazz", "rust", "bare"));
  EXPECT_TRUE(CompiledFilter({}, catalog_, kCentre).trivial());
}

TEST_F(FilterTest, AWindowOfStartsIsHalfOpen) {
  Filter filter;
  filter.start_after = 10 * kDay;
  filter.start_before = 20 * kDay;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz"));
  filter.start_after = 10 * kDay + 1;
  filter.start_before = 20 * kDay + 1;
  EXPECT_THAT(Passing(filter), ElementsAre("rust"));
}

TEST_F(FilterTest, AnEventWithoutAStartIsInNoWindow) {
  Filter after;
  after.start_after = 0;
  EXPECT_THAT(Passing(after), ElementsAre("jazz", "rust"));
  Filter before;
  before.start_before = 100 * kDay;
  EXPECT_THAT(Passing(before), ElementsAre("jazz", "rust"));
}

TEST_F(FilterTest, DistanceIsFromTheCentre) {
  Filter filter;
  filter.max_distance_km = 5;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz"));
  filter.max_distance_km = 50;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz", "rust"));
  EXPECT_THAT(Passing(filter, GeoPoint()), IsEmpty());
}

TEST_F(FilterTest, NamesOfAListAreAlternatives) {
  Filter filter;
  filter.categories = {"tech", "music", "nothing"};
  EXPECT_THAT(Passing(filter), ElementsAre("jazz", "rust"));
  filter.organizers = {"hosts"};
  EXPECT_THAT(Passing(filter), ElementsAre("rust"));
  filter.cities = {"Ghent"};
  EXPECT_THAT(Passing(filter), IsEmpty());
}

TEST_F(FilterTest, TagsAreAnyOfAllOfAndNoneOf) {
  Filter any;
  any.tags_any = {"jazz", "unknown"};
  EXPECT_THAT(Passing(any), ElementsAre("jazz"));
  Filter all;
  all.tags_all = {"live", "rust"};
  EXPECT_THAT(Passing(all), ElementsAre("rust"));
  Filter none;
  none.exclude_tags = {"rust", "unknown"};
  EXPECT_THAT(Passing(none), ElementsAre("jazz", "bare"));
}

TEST_F(FilterTest, CategoriesTagsAndCitiesMatchInAnyCase) {
  Filter filter;
  filter.categories = {"Music"};
  filter.cities = {"GHENT"};
  filter.tags_any = {"JAZZ"};
  filter.tags_all = {"Live", "live"};
  EXPECT_THAT(Passing(filter), ElementsAre("jazz"));
  filter = {};
  filter.exclude_tags = {"Live"};
  EXPECT_THAT(Passing(filter), ElementsAre("bare"));
  filter = {};
  filter.organizers = {"Club"};
  EXPECT_THAT(Passing(filter), IsEmpty());
}

TEST_F(FilterTest, UnknownOnlyIdsAreCountedOnce) {
  Filter filter;
  filter.only_event_ids = {"jazz", "nope", "nope", "nor this"};
  const CompiledFilter compiled(filter, catalog_, kCentre);
  EXPECT_EQ(compiled.unknown_only(), 2);
  EXPECT_EQ(compiled.only()->size(), 1u);
}

TEST_F(FilterTest, TheReachOfADistanceIsThatOfTheSphere) {
  Filter filter;
  const GeoPoint jazz{51.06f, 3.72f};
  const float km = DistanceKm(kCentre, jazz);
  filter.max_distance_km = km;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz"));
  filter.max_distance_km = km * 0.9999;
  EXPECT_THAT(Passing(filter), IsEmpty());
}

TEST_F(FilterTest, AListThatNamesNothingKnownLetsNothingThrough) {
  Filter category;
  category.categories = {"unknown"};
  EXPECT_THAT(Passing(category), IsEmpty());
  Filter any;
  any.tags_any = {"unknown"};
  EXPECT_THAT(Passing(any), IsEmpty());
  Filter all;
  all.tags_all = {"live", "unknown"};
  EXPECT_THAT(Passing(all), IsEmpty());
  Filter only;
  only.only_event_ids = {"unknown"};
  EXPECT_THAT(Passing(only), IsEmpty());
}

TEST_F(FilterTest, ARepeatedTagIsAskedForOnce) {
  Filter filter;
  filter.tags_all = {"live", "live"};
  EXPECT_THAT(Passing(filter), ElementsAre("jazz", "rust"));
}

TEST_F(FilterTest, AnUnknownPriceIsNotAtMostAnyPrice) {
  Filter filter;
  filter.max_price = 0;
  EXPECT_THAT(Passing(filter), ElementsAre("rust"));
  filter.max_price = 12;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz", "rust"));
}

TEST_F(FilterTest, ExcludedIdsGoAndOnlyTheOnlyIdsStay) {
  Filter filter;
  filter.only_event_ids = {"bare", "jazz", "bare", "unknown"};
  filter.exclude_event_ids = {"jazz", "unknown"};
  EXPECT_THAT(Passing(filter), ElementsAre("bare"));
  EXPECT_THAT(CompiledFilter(filter, catalog_, kCentre).only(),
              ::testing::Optional(ElementsAre(EventRow{0}, EventRow{2})));
}

TEST_F(FilterTest, EveryConditionMustHold) {
  Filter filter;
  filter.categories = {"music"};
  filter.tags_any = {"live"};
  filter.max_price = 20;
  filter.max_distance_km = 5;
  EXPECT_THAT(Passing(filter), ElementsAre("jazz"));
  filter.max_price = 11;
  EXPECT_THAT(Passing(filter), IsEmpty());
}

}  // namespace
}  // namespace usher
