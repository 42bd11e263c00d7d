#include "serving/ranking/audience.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "serving/ranking/rank_events.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ScoredUser> Of(const std::string& event, const Snapshot& snapshot,
                           bool include_interacted = false, int limit = 20) {
  const People people(&snapshot);
  return FindAudience(
      {snapshot.catalog.FindEvent(event), limit, include_interacted, kTinyNow},
      RankingPolicy(), snapshot, people);
}

std::vector<std::string> Ids(const std::vector<ScoredUser>& users,
                             const Snapshot& snapshot) {
  std::vector<std::string> ids;
  for (const ScoredUser& user : users) {
    ids.push_back(std::string(snapshot.catalog.UserId(user.user)));
  }
  return ids;
}

TEST(AudienceTest, FollowersAndAttendeesOfTheOrganizerComeFirst) {
  const Snapshot snapshot = TinySnapshot(TinyCatalog());
  // cem and dee have a taste, though another; of eve nothing is known.
  const std::vector<ScoredUser> users = Of("jazz1", snapshot);
  EXPECT_EQ(Ids(users, snapshot)[0], "ann");
  EXPECT_EQ(Ids(users, snapshot)[1], "bob");
  EXPECT_GT(users[0].score, users[1].score);
  for (const std::string& id : Ids(users, snapshot)) EXPECT_NE(id, "eve");
}

TEST(AudienceTest, WhoAnsweredTheEventIsLeftOutUnlessWanted) {
  const Snapshot snapshot = TinySnapshot(TinyCatalog());
  for (const std::string& id : Ids(Of("jazz0", snapshot), snapshot)) {
    EXPECT_NE(id, "ann");
    EXPECT_NE(id, "bob");
  }
  EXPECT_EQ(Ids(Of("jazz0", snapshot, true), snapshot)[0], "ann");
}

TEST(AudienceTest, TheLimitCutsTheSameList) {
  const Snapshot snapshot = TinySnapshot(TinyCatalog());
  EXPECT_THAT(Ids(Of("code1", snapshot, false, 1), snapshot),
              ElementsAre("cem"));
}

TEST(AudienceTest, AScoreIsThatPartOfTheUsersOwnRecommendation) {
  Catalog catalog = TinyCatalog();
  User ann = catalog.GetUser(catalog.FindUser("ann"));
  ann.location = {51.0f, 3.5f};
  catalog.UpsertUser(ann);
  const Snapshot snapshot = TinySnapshot(std::move(catalog));
  const RankingPolicy policy;
  Query query;
  query.user_id = "ann";
  query.now = kTinyNow;
  query.filter.only_event_ids = {"jazz1"};
  const Ranking ranking = RankEvents(
      query, policy, BuildLiveView(snapshot, policy, kTinyNow, 0), snapshot);
  ASSERT_EQ(ranking.results.size(), 1u);
  float expected = 0;
  for (const Feature feature :
       {Feature::kAlsEvent, Feature::kAlsOrganizer, Feature::kOwnOrganizer,
        Feature::kOwnShare, Feature::kFollowed, Feature::kDistance}) {
    EXPECT_NE(ranking.results[0].features[static_cast<size_t>(feature)], 0);
    expected += policy.weight(feature) *
                ranking.results[0].features[static_cast<size_t>(feature)];
  }
  EXPECT_NEAR(Of("jazz1", snapshot)[0].score, expected, 1e-4);
}

// Bookings of artists (users) at venues (events), with nothing else known.
TEST(AudienceTest, PurelyCollaborativeDataGivesBruteForceByFactors) {
  const Snapshot snapshot = RandomSnapshot(60, VectorIndexOptions::Type::kFlat);
  const EventRow event = snapshot.catalog.FindEvent("past3");
  std::vector<ScoredUser> expected;
  for (size_t row = 0; row < snapshot.catalog.num_users(); ++row) {
    const auto history = snapshot.catalog.users.history[row];
    bool answered = false;
    for (const Action& action : history) answered |= action.event == event;
    if (answered) continue;
    const std::vector<float> user =
        snapshot.model->UserVector(snapshot.catalog, history, {}, {});
    float dot = 0;
    for (size_t i = 0; i < user.size(); ++i) {
      dot += user[i] * snapshot.vectors.Row(Index(event))[i];
    }
    expected.push_back({UserRow{static_cast<int32_t>(row)}, dot});
  }
  ASSERT_LT(expected.size(), snapshot.catalog.num_users());
  KeepBest(5, expected);
  const std::vector<ScoredUser> got = Of("past3", snapshot, false, 5);
  EXPECT_EQ(Ids(got, snapshot), Ids(expected, snapshot));
}

TEST(AudienceTest, AnEventOfNobodyWithoutAVectorHasNoAudience) {
  Catalog catalog = TinyCatalog();
  catalog.UpsertEvent(TinyEvent("x", kDay));
  const Snapshot snapshot = TinySnapshot(std::move(catalog));
  EXPECT_THAT(Of("x", snapshot), IsEmpty());
}

TEST(FollowersTest, InvertsTheFollows) {
  Catalog catalog = TinyCatalog();
  User dee = catalog.GetUser(catalog.FindUser("dee"));
  dee.groups = {{"jazz", kNoTime}, {"new", kNoTime}};
  catalog.UpsertUser(dee);
  const Followers followers(catalog);
  EXPECT_THAT(followers.Of(catalog.FindOrganizer("jazz")),
              ElementsAre(catalog.FindUser("ann"), catalog.FindUser("dee")));
  EXPECT_THAT(followers.Of(catalog.FindOrganizer("new")),
              ElementsAre(catalog.FindUser("dee")));
  EXPECT_THAT(followers.Of(catalog.FindOrganizer("code")), IsEmpty());
  EXPECT_THAT(followers.Of(kNoOrganizer), IsEmpty());
}

TEST(FollowersTest, WhatFollowsTheWritesIsWhatIsBuiltAnew) {
  Catalog catalog = TinyCatalog();
  Followers head(catalog);
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const int64_t users = catalog.changed_users.revision();
    const Followers before = head.Share();
    const OrganizerRow jazz = catalog.FindOrganizer("jazz");
    const std::vector<UserRow> of_jazz(before.Of(jazz).begin(),
                                       before.Of(jazz).end());
    for (uint64_t n = random.Below(4); n > 0; --n) {
      User user;
      user.id = absl::StrCat("u", random.Below(10 + round / 10));
      for (uint64_t g = random.Below(5); g > 0; --g) {
        user.groups.push_back(
            {absl::StrCat("o", random.Below(6 + round / 20)), kNoTime});
      }
      if (random.Below(3) == 0) user.groups.push_back({"jazz", kNoTime});
      catalog.UpsertUser(user);
    }
    if (round == 100) catalog.ForgetUser(catalog.FindUser("u3"));
    head.Update(catalog, *catalog.changed_users.Since(users));
    const Followers anew(catalog);
    for (size_t o = 0; o < catalog.num_organizers(); ++o) {
      const OrganizerRow organizer{static_cast<int32_t>(o)};
      EXPECT_EQ(head.Of(organizer), anew.Of(organizer)) << round;
    }
    EXPECT_EQ(before.Of(jazz), absl::MakeConstSpan(of_jazz));
  }
}

}  // namespace
}  // namespace usher
