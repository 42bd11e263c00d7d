// Every feature of a city of five events, by hand.
#include "serving/ranking/features.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

constexpr Micros kNow = kCityNow;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr GeoPoint kHome{51.0f, 3.7f};

// The rows of the city.
constexpr EventRow kPastJazz{0};
constexpr EventRow kPastTalk{1};
constexpr EventRow kNextJazz{2};
constexpr EventRow kTalk{3};
constexpr EventRow kBare{4};

Event Of(const std::string& id, const std::string& organizer,
         const std::string& title, Micros start) {
  Event event;
  event.id = id;
  event.organizer = organizer;
  event.title = title;
  event.start_time = start;
  return event;
}

// Ann went to club's jazz on Thursday evenings, 60 days ago, and refused a
// talk of the hosts, whom she follows; Bob went there too and will go to both.
Catalog FiveEvents() {
  Catalog catalog;
  Event past_jazz = Of("past jazz", "club", "Jazz 1", kNow - 60 * kDay);
  past_jazz.location = kHome;
  past_jazz.venue = "cellar";
  Event next_jazz =
      Of("next jazz", "club", "Jazz 2", kNow + 3 * kDay + 20 * kHour);
  next_jazz.location = {51.0f, 3.7f};
  next_jazz.venue = "cellar";
  Event talk = Of("talk", "hosts", "Talk", kNow + kDay + 6 * kHour);
  talk.location = {51.09f, 3.7f};
  Event bare;
  bare.id = "bare";
  catalog.UpsertEvent(past_jazz);
  catalog.UpsertEvent(Of("past talk", "hosts", "Talk", kNow - 30 * kDay));
  catalog.UpsertEvent(next_jazz);
  catalog.UpsertEvent(talk);
  catalog.UpsertEvent(bare);
  User ann;
  ann.id = "ann";
  ann.location = kHome;
  ann.groups = {{"hosts", kNow - 10 * kDay}};
  const UserRow row = catalog.UpsertUser(ann);
  const UserRow bob = catalog.UserRowOf("bob");
  catalog.Apply(row, kPastJazz, InteractionKind::kRsvpYes, kNaN,
                kNow - 60 * kDay);
  catalog.Apply(row, kPastTalk, InteractionKind::kRsvpNo, kNaN,
                kNow - 31 * kDay);
  catalog.Apply(bob, kPastJazz, InteractionKind::kRsvpYes, kNaN,
                kNow - 60 * kDay);
  catalog.Apply(bob, kTalk, InteractionKind::kRsvpYes, kNaN, kNow - kDay);
  return catalog;
}

class FeaturesTest : public ::testing::Test {
 protected:
  float Of(EventRow event, Feature feature, const std::string& who = "ann") {
    Query query = query_;
    query.user_id = who;
    const LiveColumns live(snapshot_.catalog, MinuteOf(query.now), 0);
    const UserState user = BuildUserState(query, snapshot_, live);
    FeatureMatrix features =
        ComputeFeatures({kNextJazz, event}, user, live, snapshot_);
    return features.at(1, feature);
  }

  void Reset(Catalog catalog) { snapshot_ = SnapshotOf(std::move(catalog)); }

  Snapshot snapshot_ = SnapshotOf(FiveEvents());
  Query query_ = [] {
    Query query;
    query.now = kNow;
    return query;
  }();
};

TEST(FeatureMatrixTest, GivesBackWhatItWasGivenByRowAndByColumn) {
  for (const size_t rows : {0, 1, 16, 17, 32, 250}) {
    FeatureMatrix matrix(rows);
    const auto value = [](size_t row, size_t f) {
      return static_cast<float>(row * kNumFeatures + f);
    };
    for (size_t row = 0; row < rows; ++row) {
      FeatureMatrix::Values values;
      for (size_t f = 0; f < kNumFeatures; ++f) values[f] = value(row, f);
      matrix.SetRow(row, values);
      EXPECT_EQ(matrix.Row(row), values);
    }
    EXPECT_EQ(matrix.rows(), rows);
    EXPECT_EQ(matrix.stride() % 32, 16) << "an odd number of cache lines";
    for (size_t f = 0; f < kNumFeatures; ++f) {
      const auto column = std::as_const(matrix).Column(static_cast<Feature>(f));
      ASSERT_EQ(column.size(), rows);
      for (size_t row = 0; row < rows; ++row) {
        EXPECT_EQ(column[row], value(row, f));
      }
    }
  }
}

TEST_F(FeaturesTest, OwnOrganizerFadesByHalfInSixtyDays) {
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kOwnOrganizer), std::log1p(0.5f));
  query_.now = kNow - 60 * kDay;
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kOwnOrganizer), std::log1p(1.0f));
  EXPECT_EQ(Of(kTalk, Feature::kOwnOrganizer), 0);
  EXPECT_EQ(Of(kBare, Feature::kOwnOrganizer), 0);
}

TEST_F(FeaturesTest, OwnShareIsThePartOfTheCommitments) {
  EXPECT_EQ(Of(kNextJazz, Feature::kOwnShare), 1);
  Catalog catalog = FiveEvents();
  catalog.Apply(catalog.FindUser("ann"), kBare, InteractionKind::kAttend, kNaN,
                kNow);
  Reset(std::move(catalog));
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kOwnShare), 0.5f);
  EXPECT_EQ(Of(kTalk, Feature::kOwnShare), 0);
}

TEST_F(FeaturesTest, FollowedIsWhetherTheUserFollows) {
  EXPECT_EQ(Of(kTalk, Feature::kFollowed), 1);
  EXPECT_EQ(Of(kNextJazz, Feature::kFollowed), 0);
  EXPECT_EQ(Of(kBare, Feature::kFollowed), 0);
}

TEST_F(FeaturesTest, RefusalsOfAnOrganizerAreCounted) {
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kOrganizerNo), std::log1p(1.0f));
  EXPECT_EQ(Of(kNextJazz, Feature::kOrganizerNo), 0);
}

TEST_F(FeaturesTest, ASeriesIsOneOrganizerAndTitleButForDigits) {
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kSeries), std::log1p(1.0f));
  // The talk is of a series that was refused.
  EXPECT_EQ(Of(kTalk, Feature::kSeries), 0);
  EXPECT_EQ(Of(kBare, Feature::kSeries), 0);
}

TEST_F(FeaturesTest, VenuesAreCounted) {
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kVenue), std::log1p(1.0f));
  EXPECT_EQ(Of(kTalk, Feature::kVenue), 0);
}

TEST_F(FeaturesTest, FactorizationsAreInnerProductsOfTheirParts) {
  const Catalog& catalog = snapshot_.catalog;
  const size_t ann = Index(catalog.FindUser("ann"));
  const std::vector<float> user = snapshot_.model->UserVector(
      catalog, catalog.users.history[ann], catalog.users.follows[ann], {});
  const absl::Span<const float> talk = snapshot_.vectors.Row(Index(kTalk));
  EXPECT_NEAR(Of(kTalk, Feature::kAlsEvent),
              user[0] * talk[0] + user[1] * talk[1] + user[2] * talk[2], 1e-5);
  EXPECT_NEAR(Of(kTalk, Feature::kAlsOrganizer),
              user[3] * talk[3] + user[4] * talk[4], 1e-5);
}

TEST_F(FeaturesTest, ContentIsTheCosineWithTheFadedMeanOfTheHistory) {
  const auto embedding = [&](EventRow row, size_t i) {
    return static_cast<double>(snapshot_.embeddings.Row(Index(row))[i]);
  };
  const double yes = std::exp(-60.0 / 90);
  const double no = -0.3 * std::exp(-31.0 / 90);
  double mean[2];
  for (size_t i = 0; i < 2; ++i) {
    mean[i] = yes * embedding(kPastJazz, i) + no * embedding(kPastTalk, i);
  }
  const double cosine =
      (mean[0] * embedding(kTalk, 0) + mean[1] * embedding(kTalk, 1)) /
      std::hypot(mean[0], mean[1]);
  EXPECT_NEAR(Of(kTalk, Feature::kContent), cosine, 1e-5);
}

TEST_F(FeaturesTest, NeighboursAreWeighedByTheSizeOfWhatTheySawTogether) {
  // Ann was at one event, with two attendees: Bob weighs 1 / sqrt(3), over
  // sqrt(1 + 1).
  EXPECT_NEAR(Of(kTalk, Feature::kNeighbours),
              std::log1p(1 / std::sqrt(3.0f) / std::sqrt(2.0f)), 1e-6);
  EXPECT_EQ(Of(kNextJazz, Feature::kNeighbours), 0);
}

TEST_F(FeaturesTest, NeighboursCountForTheOrganizersThatTheyGoTo) {
  // Bob's weight, as above, for one commitment to each.
  const float bob = 1 / std::sqrt(3.0f) / std::sqrt(2.0f);
  EXPECT_NEAR(Of(kTalk, Feature::kNeighbourOrganizer), std::log1p(bob), 1e-6);
  EXPECT_NEAR(Of(kNextJazz, Feature::kNeighbourOrganizer), std::log1p(bob),
              1e-6);
  EXPECT_EQ(Of(kBare, Feature::kNeighbourOrganizer), 0);
}

TEST_F(FeaturesTest, TheLatestCommitmentToAnOrganizerFadesWithWeeks) {
  EXPECT_NEAR(Of(kNextJazz, Feature::kOwnLast), 1 / (1 + 60.0 / 7), 1e-6);
  EXPECT_EQ(Of(kTalk, Feature::kOwnLast), 0);
  query_.seeds = {{"past jazz", InteractionKind::kRsvpYes, 1}};
  EXPECT_EQ(Of(kNextJazz, Feature::kOwnLast), 1);
}

TEST_F(FeaturesTest, WhatWasFollowedLatelySaysMore) {
  const auto followed_since = [&](Micros joined) {
    Catalog catalog = FiveEvents();
    User ann;
    ann.id = "ann";
    ann.groups = {{"hosts", joined}};
    catalog.UpsertUser(ann);
    Reset(std::move(catalog));
    return Of(kTalk, Feature::kFollowedLast);
  };
  EXPECT_FLOAT_EQ(followed_since(kNow - 14 * kDay), 1.0f / 3);
  EXPECT_EQ(followed_since(kNow), 1);
  EXPECT_EQ(followed_since(kNow + kDay), 0);
  EXPECT_EQ(followed_since(kNoTime), 0);
  EXPECT_EQ(Of(kTalk, Feature::kFollowed), 1);
  EXPECT_EQ(Of(kNextJazz, Feature::kFollowedLast), 0);
}

TEST_F(FeaturesTest, WhatHasNoTimeIsNotTheLatest) {
  Catalog catalog = FiveEvents();
  catalog.Apply(catalog.FindUser("ann"), kNextJazz, InteractionKind::kAttend,
                kNaN, kNoTime);
  Reset(std::move(catalog));
  EXPECT_NEAR(Of(kNextJazz, Feature::kOwnLast), 1 / (1 + 60.0 / 7), 1e-6);
  EXPECT_NEAR(Of(kTalk, Feature::kIdle), std::log1p(60.0 * 24), 1e-4);
}

TEST_F(FeaturesTest, TheLatestCommitmentIsComparedByItself) {
  const auto cosine = [&](EventRow a, EventRow b) {
    double sum = 0;
    for (size_t i = 0; i < 2; ++i) {
      sum += static_cast<double>(snapshot_.embeddings.Row(Index(a))[i]) *
             static_cast<double>(snapshot_.embeddings.Row(Index(b))[i]);
    }
    return sum;
  };
  EXPECT_NEAR(Of(kTalk, Feature::kContentLast), cosine(kPastJazz, kTalk), 1e-6);
  EXPECT_NEAR(Of(kTalk, Feature::kIdle), std::log1p(60.0 * 24), 1e-4);
  query_.seeds = {{"past talk", InteractionKind::kRsvpYes, 1}};
  EXPECT_NEAR(Of(kTalk, Feature::kContentLast), cosine(kPastTalk, kTalk), 1e-6);
  EXPECT_EQ(Of(kTalk, Feature::kIdle), 0);
}

TEST_F(FeaturesTest, WhenAndHowTheyAskIsTheSameForAllEvents) {
  query_.device = Device::kTablet;
  // A Wednesday.
  query_.now = 20'000 * kDay - kDay - kHour;
  for (const EventRow event : {kTalk, kNextJazz, kBare}) {
    EXPECT_EQ(Of(event, Feature::kNowHour), 23);
    EXPECT_EQ(Of(event, Feature::kNowDay), 2);
    EXPECT_EQ(Of(event, Feature::kDevice), 2);
    EXPECT_EQ(Of(event, Feature::kDevice, "stranger"), 2);
  }
  query_.device = Device::kUnknown;
  EXPECT_EQ(Of(kTalk, Feature::kDevice), 0);
}

TEST_F(FeaturesTest, WhoAsksIsTheSameForAllEvents) {
  for (const EventRow event : {kNextJazz, kTalk, kBare}) {
    EXPECT_FLOAT_EQ(Of(event, Feature::kHistory), std::log1p(1.0f));
    EXPECT_FLOAT_EQ(Of(event, Feature::kFollows), std::log1p(1.0f));
    EXPECT_FLOAT_EQ(Of(event, Feature::kHistory, "bob"), std::log1p(2.0f));
    EXPECT_EQ(Of(event, Feature::kFollows, "bob"), 0);
  }
}

TEST_F(FeaturesTest, DistanceIsTheLogarithmOfKilometres) {
  EXPECT_EQ(Of(kNextJazz, Feature::kDistance), 0);
  // 0.09 degrees of latitude.
  const double km = 6371.0088 * 0.09 * M_PI / 180;
  EXPECT_NEAR(Of(kTalk, Feature::kDistance), std::log1p(km), 1e-4);
  EXPECT_NEAR(Of(kBare, Feature::kDistance), std::log1p(10.0), 1e-6);
  // Nobody knows where Bob is.
  EXPECT_EQ(Of(kTalk, Feature::kDistance, "bob"), 0);
  query_.location = {51.09f, 3.7f};
  EXPECT_EQ(Of(kTalk, Feature::kDistance), 0);
}

TEST_F(FeaturesTest, PlaceDensityIsAKernelOverPastPlaces) {
  EXPECT_NEAR(Of(kNextJazz, Feature::kPlaceDensity), std::log(1.01 / 0.01),
              1e-4);
  const double km = 6371.0088 * 0.09 * M_PI / 180;
  EXPECT_NEAR(Of(kTalk, Feature::kPlaceDensity),
              std::log((std::exp(-km * km / 18) + 0.01) / 0.01), 1e-3);
  EXPECT_EQ(Of(kBare, Feature::kPlaceDensity), 0);
}

TEST_F(FeaturesTest, PlaceDensityIsThatOfHaversinesFromNearToFar) {
  Catalog catalog = FiveEvents();
  const UserRow ann = catalog.FindUser("ann");
  std::vector<GeoPoint> places = {kHome};
  for (int i = 0; i < 49; ++i) {
    Event past = usher::Of(absl::StrCat("past", i), "", "", kNow - 10 * kDay);
    past.location = {51.0f + 0.004f * static_cast<float>(i % 7),
                     3.7f + 0.006f * static_cast<float>(i % 11)};
    catalog.Apply(ann, catalog.UpsertEvent(past), InteractionKind::kRsvpYes,
                  kNaN, kNow - 5 * kDay);
    places.push_back(past.location);
  }
  const size_t first = catalog.num_events();
  for (int i = 0; i < 200; ++i) {
    Event next = usher::Of(absl::StrCat("next", i), "", "", kNow + kDay);
    next.location = {51.0f + 0.002f * static_cast<float>(i), 3.73f};
    catalog.UpsertEvent(next);
  }
  Reset(std::move(catalog));
  for (size_t row = first; row < snapshot_.catalog.num_events(); ++row) {
    double density = 0;
    for (const GeoPoint& place : places) {
      const double km =
          DistanceKm(place, snapshot_.catalog.events.columns[row].location);
      density += std::exp(-km * km / 18);
    }
    density /= static_cast<double>(places.size());
    EXPECT_NEAR(Of(EventRow{static_cast<int32_t>(row)}, Feature::kPlaceDensity),
                std::log((density + 0.01) / 0.01), 1e-4)
        << row;
  }
}

TEST_F(FeaturesTest, UsualHoursMatchBetterThanOthers) {
  // Ann was out once: 60 days ago at midnight, a Thursday.
  Catalog catalog = FiveEvents();
  Event same = snapshot_.catalog.GetEvent(kNextJazz);
  same.start_time = kNow + 3 * kDay;
  catalog.UpsertEvent(same);
  Event close = snapshot_.catalog.GetEvent(kTalk);
  close.start_time = kNow + 3 * kDay + 2 * kHour;
  catalog.UpsertEvent(close);
  Reset(std::move(catalog));
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kHourMatch), 0.5f);
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kHourMatch), std::exp(-1.0f) / 2);
  EXPECT_EQ(Of(kBare, Feature::kHourMatch), 0);
}

TEST_F(FeaturesTest, TheHourOfAnotherWeekdayMatchesLess) {
  Catalog catalog = FiveEvents();
  Event tuesday = snapshot_.catalog.GetEvent(kTalk);
  tuesday.start_time = kNow + kDay;
  catalog.UpsertEvent(tuesday);
  Reset(std::move(catalog));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kHourMatch), 0.3f / 2);
}

TEST_F(FeaturesTest, AConflictIsWithinTwoHoursOfWhatTheUserGoesTo) {
  const Micros start = kNow + 3 * kDay + 20 * kHour;  // Of the next jazz.
  for (const auto& [offset, conflict] :
       std::vector<std::pair<Micros, float>>{{-2 * kHour - 1, 0},
                                             {-2 * kHour, 1},
                                             {0, 1},
                                             {2 * kHour, 1},
                                             {2 * kHour + 1, 0}}) {
    Catalog catalog = FiveEvents();
    Event talk = snapshot_.catalog.GetEvent(kTalk);
    talk.start_time = start + offset;
    catalog.UpsertEvent(talk);
    catalog.Apply(catalog.FindUser("ann"), kNextJazz, InteractionKind::kTicket,
                  kNaN, kNow);
    Reset(std::move(catalog));
    EXPECT_EQ(Of(kTalk, Feature::kConflict), conflict) << offset;
    EXPECT_EQ(Of(kBare, Feature::kConflict), 0);
  }
}

TEST_F(FeaturesTest, LiveFeaturesAreTheColumnsOfTheMinute) {
  // The talk starts before the next jazz, the bare event never does.
  EXPECT_EQ(Of(kTalk, Feature::kLeadRank), 0);
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kLeadRank), std::log1p(1.0f));
  EXPECT_FLOAT_EQ(Of(kBare, Feature::kLeadRank), std::log1p(2.0f));
  // Bob answered the talk.
  EXPECT_EQ(Of(kTalk, Feature::kYesRank), 0);
  EXPECT_FLOAT_EQ(Of(kNextJazz, Feature::kYesRank), std::log1p(1.0f));
  EXPECT_FLOAT_EQ(Of(kBare, Feature::kDayRank), std::log1p(1.0f));
  const double yesterday = std::exp(-1.0);
  EXPECT_NEAR(Of(kTalk, Feature::kHourCount), std::exp(-24.0), 1e-6);
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kDayCount), std::log1p(yesterday));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kWeekCount),
                  std::log1p(std::exp(-1.0 / 7)));
  // One commitment to two events of the hosts; no capacity is known.
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kUsualYes), std::log1p(0.5f));
  EXPECT_EQ(Of(kTalk, Feature::kFill), 0);
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kOrganizerDay), std::log1p(yesterday));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kOrganizerWeek),
                  std::log1p(std::exp(-1.0 / 7)));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kOrganizerMonth),
                  std::log1p(std::exp(-1.0 / 30)));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kLead), std::log1p(30.0f));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kLastAnswer), std::log1p(24.0f));
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kYes), std::log1p(1.0f));
  // On Tuesday at six.
  EXPECT_EQ(Of(kTalk, Feature::kStartHour), 6);
  EXPECT_EQ(Of(kTalk, Feature::kStartDay), 1);
  EXPECT_EQ(Of(kBare, Feature::kStartHour), 0);
  EXPECT_FLOAT_EQ(Of(kTalk, Feature::kOrganizerEvents), std::log1p(2.0f));
}

TEST_F(FeaturesTest, HoursAndDaysOfStartsBeforeTheEpochAreThoseOfTheClock) {
  query_.now = -30 * kDay;
  Catalog catalog;
  // 1969-12-31 was a Wednesday.
  catalog.UpsertEvent(usher::Of("late", "", "", -kHour));
  Reset(std::move(catalog));
  const LiveColumns live(snapshot_.catalog, query_.now, 0);
  EXPECT_EQ(live[0].start_hour, 23);
  EXPECT_EQ(live[0].start_day, 2);
}

TEST_F(FeaturesTest, AStrangerKnowsNobodyAndNothing) {
  const std::set<Feature> about_user = {
      Feature::kOwnOrganizer, Feature::kOwnShare,
      Feature::kFollowed,     Feature::kOrganizerNo,
      Feature::kSeries,       Feature::kVenue,
      Feature::kAlsOrganizer, Feature::kAlsEvent,
      Feature::kNeighbours,   Feature::kContent,
      Feature::kPlaceDensity, Feature::kDistance,
      Feature::kHourMatch,    Feature::kConflict,
      Feature::kOwnLast,      Feature::kHistory,
      Feature::kFollows,      Feature::kNeighbourOrganizer,
      Feature::kFollowedLast, Feature::kContentLast,
      Feature::kIdle};
  for (const Feature feature : about_user) {
    EXPECT_EQ(Of(kTalk, feature, "stranger"), 0) << FeatureName(feature);
  }
  // The others say when and how they ask.
  EXPECT_EQ(about_user.size() + 3, static_cast<size_t>(kFirstLiveFeature));
}

TEST(FeatureNameTest, EveryFeatureHasANameOfItsOwn) {
  std::set<std::string> names;
  for (size_t i = 0; i < kNumFeatures; ++i) {
    const Feature feature = static_cast<Feature>(i);
    names.insert(std::string(FeatureName(feature)));
    EXPECT_EQ(FeatureFromName(FeatureName(feature)), feature);
  }
  EXPECT_EQ(names.size(), kNumFeatures);
  EXPECT_EQ(FeatureFromName("own_organiser"), std::nullopt);
}

}  // namespace
}  // namespace usher
