#include "trainer/data_profile.h"

#include <cmath>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Catalog Varied() {
  Catalog catalog;
  Event whole;
  whole.id = "whole";
  whole.title = "Jazz";
  whole.organizer = "club";
  whole.start_time = 5 * kDay;
  whole.location = {51, 3};
  catalog.UpsertEvent(whole);
  Event tagged;
  tagged.id = "tagged";
  tagged.tags = {"music"};
  catalog.UpsertEvent(tagged);
  Event bare;
  bare.id = "bare";
  catalog.UpsertEvent(bare);
  User ann;
  ann.id = "ann";
  ann.location = {51, 3};
  ann.groups = {{"club", kNoTime}, {"hosts", kDay}};
  const UserRow row = catalog.UpsertUser(ann);
  catalog.Apply(row, EventRow{0}, InteractionKind::kRsvpYes, NAN, kDay);
  catalog.Apply(catalog.UserRowOf("bob"), EventRow{1}, InteractionKind::kView,
                NAN, kNoTime);
  return catalog;
}

Catalog PairsOnly() {
  Catalog catalog;
  Event event;
  event.id = "e";
  catalog.UpsertEvent(event);
  catalog.Apply(catalog.UserRowOf("u"), EventRow{0}, InteractionKind::kCheckin,
                NAN, kNoTime);
  return catalog;
}

TEST(DataProfileTest, CountsWhatThereIs) {
  const DataProfile profile = ProfileOf(Varied());
  EXPECT_EQ(profile.events, 3);
  EXPECT_EQ(profile.users, 2);
  EXPECT_EQ(profile.actions, 2);
  EXPECT_EQ(profile.dated_actions, 1);
  EXPECT_EQ(profile.timed_events, 1);
  EXPECT_EQ(profile.placed_events, 1);
  EXPECT_EQ(profile.organized_events, 1);
  EXPECT_EQ(profile.described_events, 2);
  EXPECT_EQ(profile.placed_users, 1);
  EXPECT_EQ(profile.follows, 2);
  EXPECT_FALSE(profile.purely_collaborative());
}

TEST(DataProfileTest, IdsAndPairsAloneArePurelyCollaborative) {
  EXPECT_TRUE(ProfileOf(PairsOnly()).purely_collaborative());
}

TEST(DataProfileTest, WhatIsFoundIsSaid) {
  EXPECT_THAT(absl::StrJoin(Describe(ProfileOf(PairsOnly())), "\n"),
              HasSubstr("purely collaborative"));
  const std::string varied = absl::StrJoin(Describe(ProfileOf(Varied())), "\n");
  EXPECT_THAT(varied, Not(HasSubstr("purely collaborative")));
  EXPECT_THAT(varied, HasSubstr("2 users, 3 events, 2 interactions (1 dated)"));
}

TEST(DataProfileTest, PairsAreRankedByTheFactorizationThenByPopularity) {
  const RankingPolicy policy = DefaultPolicyFor(ProfileOf(PairsOnly()));
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const Feature feature = static_cast<Feature>(f);
    if (feature == Feature::kAlsEvent) {
      EXPECT_GT(policy.weight(feature), 0);
    } else if (feature == Feature::kYesRank) {
      EXPECT_LT(policy.weight(feature), 0);
    } else {
      EXPECT_EQ(policy.weight(feature), 0) << FeatureName(feature);
    }
  }
}

TEST(DataProfileTest, EverythingElseIsRankedByTheDefaults) {
  EXPECT_EQ(DefaultPolicyFor(ProfileOf(Varied())).weights,
            RankingPolicy().weights);
}

}  // namespace
}  // namespace usher
