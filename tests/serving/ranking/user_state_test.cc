#include "serving/ranking/user_state.h"

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr float kUnset = std::numeric_limits<float>::quiet_NaN();

class UserStateTest : public ::testing::Test {
 protected:
  UserStateTest() {
    for (int i = 0; i < 6; ++i) {
      Event event;
      event.id = absl::StrCat("e", i);
      event.organizer = absl::StrCat("o", i / 2);
      event.start_time = kCityNow + (i - 3) * kDay;
      if (i != 5) event.location = {51.0f, 3.0f + static_cast<float>(i)};
      catalog_.UpsertEvent(event);
    }
    User ann;
    ann.id = "ann";
    ann.location = {51.0f, 3.0f};
    ann.groups = {{"o2", kNoTime}};
    ann_ = catalog_.UpsertUser(ann);
  }

  void Did(int event, InteractionKind kind, Micros ago = 0) {
    catalog_.Apply(ann_, EventRow{event}, kind, kUnset, kCityNow - ago);
  }

  UserState State(Query query = {}) {
    if (query.user_id.empty()) query.user_id = "ann";
    if (query.now == 0) query.now = kCityNow;
    snapshot_ = SnapshotOf(std::move(catalog_));
    return BuildUserState(query, snapshot_,
                          LiveColumns(snapshot_.catalog, kCityNow, 0));
  }

  Catalog catalog_;
  Snapshot snapshot_;
  UserRow ann_;
};

TEST_F(UserStateTest, AnswersAreSortedAndViewsAreNone) {
  Did(4, InteractionKind::kRsvpYes);
  Did(1, InteractionKind::kDismiss);
  Did(0, InteractionKind::kView);
  Did(3, InteractionKind::kClick);
  Did(4, InteractionKind::kRsvpNo);
  EXPECT_THAT(State().answered, ElementsAre(EventRow{1}, EventRow{4}));
}

TEST_F(UserStateTest, OnlyCommitmentsAreCommitments) {
  Did(0, InteractionKind::kRsvpYes);
  Did(1, InteractionKind::kInterested);
  Did(2, InteractionKind::kRsvpNo);
  Did(3, InteractionKind::kAttend);
  const UserState state = State();
  EXPECT_EQ(state.commitments, 2);
  EXPECT_EQ(state.organizers.at(OrganizerRow{0}).commitments, 1);
  EXPECT_EQ(state.organizers.at(OrganizerRow{1}).commitments, 1);
  EXPECT_EQ(state.organizers.at(OrganizerRow{1}).refusals, 1);
  EXPECT_THAT(state.starts,
              ElementsAre(Pair(kCityNow - 3 * kDay, _), Pair(kCityNow, _)));
}

TEST_F(UserStateTest, CommitmentsFadeByHalfInSixtyDays) {
  Did(0, InteractionKind::kRsvpYes, 120 * kDay);
  Did(1, InteractionKind::kRsvpYes, 60 * kDay);
  EXPECT_FLOAT_EQ(State().organizers.at(OrganizerRow{0}).recent, 0.75f);
}

TEST_F(UserStateTest, WhatIsRecordedAfterNowCountsInFull) {
  Did(0, InteractionKind::kRsvpYes, -30 * kDay);
  EXPECT_FLOAT_EQ(State().organizers.at(OrganizerRow{0}).recent, 1);
}

TEST_F(UserStateTest, TheQuerysPlaceGoesBeforeTheHome) {
  Query query;
  query.location = {50.0f, 4.0f};
  EXPECT_EQ(State(query).place.latitude, 50.0f);
}

TEST_F(UserStateTest, TheHomeIsThePlaceOtherwise) {
  EXPECT_EQ(State().place.latitude, 51.0f);
}

TEST_F(UserStateTest, WhoFollowsSomebodyIsNotCold) {
  const UserState state = State();
  EXPECT_FALSE(state.cold);
  EXPECT_THAT(state.followed, UnorderedElementsAre(Key(OrganizerRow{2})));
  EXPECT_TRUE(state.content.empty());
}

TEST_F(UserStateTest, AStrangerIsCold) {
  Query query;
  query.user_id = "stranger";
  const UserState state = State(query);
  EXPECT_TRUE(state.cold);
  EXPECT_EQ(state.row, kNoUser);
  EXPECT_FALSE(state.place.known());
  EXPECT_TRUE(state.vector.empty());
}

TEST_F(UserStateTest, SeedsCountLikeActionsByTheirWeight) {
  Query query;
  query.user_id = "visitor";
  query.seeds = {{"e0", InteractionKind::kRsvpYes, 2},
                 {"e2", InteractionKind::kRsvpNo, 1},
                 {"e4", InteractionKind::kView, 1},
                 {"unknown", InteractionKind::kRsvpYes, 1}};
  const UserState state = State(query);
  EXPECT_FALSE(state.cold);
  EXPECT_THAT(state.answered, ElementsAre(EventRow{0}, EventRow{2}));
  EXPECT_FLOAT_EQ(state.organizers.at(OrganizerRow{0}).recent, 2);
  EXPECT_EQ(state.organizers.at(OrganizerRow{1}).commitments, 0);
  EXPECT_EQ(state.organizers.at(OrganizerRow{1}).refusals, 1);
  EXPECT_EQ(state.vector, snapshot_.model->UserVector(snapshot_.catalog, {}, {},
                                                      {{EventRow{0}, 2.0f},
                                                       {EventRow{2}, -0.3f},
                                                       {EventRow{4}, 0.05f}}));
}

TEST_F(UserStateTest, ASeedThatIsNoCommitmentIsNoneEither) {
  Query query;
  query.user_id = "visitor";
  query.seeds = {{"e0", InteractionKind::kView, 1},
                 {"e2", InteractionKind::kSave, 5}};
  const UserState state = State(query);
  EXPECT_EQ(state.commitments, 0);
  EXPECT_TRUE(state.organizers.empty());
  EXPECT_TRUE(state.starts.empty());
  EXPECT_FALSE(state.vector.empty());
}

TEST_F(UserStateTest, OnlyTheLatestFiftyPlacesAreKept) {
  for (int n = 0; n < 60; ++n) {
    Event event;
    event.id = absl::StrCat("more", n);
    event.location = {static_cast<float>(n) / 2, 3.7f};
    const EventRow row = catalog_.UpsertEvent(event);
    catalog_.Apply(ann_, row, InteractionKind::kRsvpYes, kUnset,
                   kCityNow - (60 - n) * kDay);
  }
  const UserState state = State();
  ASSERT_EQ(state.places.size(), 50);
  EXPECT_EQ(state.places.front().latitude, 5.0f);
  EXPECT_EQ(state.places.back().latitude, 29.5f);
}

TEST_F(UserStateTest, ContentHasLengthOne) {
  Did(0, InteractionKind::kRsvpYes);
  Did(3, InteractionKind::kRsvpNo);
  const UserState state = State();
  EXPECT_NEAR(std::inner_product(state.content.begin(), state.content.end(),
                                 state.content.begin(), 0.0),
              1, 1e-5);
}

TEST_F(UserStateTest, HoursLieBetweenNoneAndOne) {
  for (int i = 0; i < 6; ++i) Did(i, InteractionKind::kRsvpYes);
  for (const float share : State().hours) {
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
  }
}

TEST_F(UserStateTest, WhoHasDoneNothingSinceTrainingHasTheTrainedVector) {
  Did(0, InteractionKind::kRsvpYes);
  catalog_.MarkTrained();
  State();
  const auto state = [&] {
    Query query;
    query.user_id = "ann";
    query.now = kCityNow;
    return BuildUserState(query, snapshot_,
                          LiveColumns(snapshot_.catalog, kCityNow, 0));
  };
  const std::vector<float> folded = state().vector;
  Factors trained(snapshot_.catalog.num_users(), folded.size());
  trained.MutableRow(Index(ann_))[0] = 42;
  snapshot_.user_vectors = std::make_shared<const Factors>(trained);
  EXPECT_EQ(state().vector[0], 42);
  snapshot_.catalog.Apply(ann_, EventRow{2}, InteractionKind::kRsvpYes, kUnset,
                          kCityNow);
  EXPECT_NE(state().vector[0], 42);
  EXPECT_NE(state().vector, folded);
}

TEST(HourOfWeekTest, WeeksBeginOnMondayAtMidnight) {
  EXPECT_EQ(HourOfWeek(kCityNow), 0);
  EXPECT_EQ(HourOfWeek(kCityNow - 1), 167);
  EXPECT_EQ(HourOfWeek(kCityNow + kHour - 1), 0);
  EXPECT_EQ(HourOfWeek(kCityNow + 2 * kDay + 5 * kHour), 53);
  EXPECT_EQ(HourOfWeek(0), 72);  // A Thursday.
  EXPECT_EQ(HourOfWeek(-1), 71);
  EXPECT_EQ(HourOfWeek(-10 * 7 * kDay), 72);
}

}  // namespace
}  // namespace usher
