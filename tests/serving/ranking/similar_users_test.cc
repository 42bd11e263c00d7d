#include "serving/ranking/similar_users.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> UserIds(const std::vector<ScoredUser>& users,
                                 const Snapshot& snapshot) {
  std::vector<std::string> ids;
  for (const ScoredUser& user : users) {
    ids.push_back(std::string(snapshot.catalog.UserId(user.user)));
  }
  return ids;
}

User Person(const std::string& id, const std::string& city,
            std::vector<std::string> tags) {
  User user;
  user.id = id;
  user.city = city;
  user.tags = std::move(tags);
  return user;
}

// Dimensions: degree=phd, degree=msc, city=Ghent, tag=jazz, tag=rust, and age
// from 20 to 60.
//   a  phd, Ghent, jazz, age 40   (1, 0, 1, 1, 0, 0.5)
//   b  phd, Ghent, age 20         (1, 0, 1, 0, 0, 0)
//   c  msc, jazz rust, age 60     (0, 1, 0, 1, 1, 1)
//   d  nothing                    (0, 0, 0, 0, 0, 0)
//   e  rust                       (0, 0, 0, 0, 1, 0)
class FiveProfilesTest : public ::testing::Test {
 protected:
  FiveProfilesTest() {
    User a = Person("a", "Ghent", {"jazz", "jazz"});
    a.features = {{"age", 40.0}, {"degree", std::string("phd")}};
    User b = Person("b", "Ghent", {});
    b.features = {{"age", 20.0}, {"degree", std::string("phd")}};
    User c = Person("c", "", {"rust", "jazz"});
    c.features = {{"age", 60.0}, {"degree", std::string("msc")}};
    for (const User& user :
         {a, b, c, Person("d", "", {}), Person("e", "", {"rust"})}) {
      catalog_.UpsertUser(user);
    }
  }

  Catalog catalog_;
};

TEST_F(FiveProfilesTest, CosinesAreThoseWorkedOutByHand) {
  const ProfileIndex index(catalog_);
  const float a = std::sqrt(1 + 1 + 1 + 0.25f), b = std::sqrt(2.0f), c = 2;
  const float expected[5][5] = {
      {1, 2 / (a * b), 1.5f / (a * c), 0, 0},
      {2 / (a * b), 1, 0, 0, 0},
      {1.5f / (a * c), 0, 1, 0, 1 / c},
      {0, 0, 0, 0, 0},
      {0, 0, 1 / c, 0, 1},
  };
  for (int user = 0; user < 5; ++user) {
    const std::vector<float> cosines = index.Cosines(UserRow{user});
    for (int other = 0; other < 5; ++other) {
      EXPECT_NEAR(cosines[other], expected[user][other], 1e-6)
          << user << " " << other;
    }
  }
}

TEST_F(FiveProfilesTest, OthersAreListedBestFirstAndStrangersLeftOut) {
  const Snapshot snapshot = TinySnapshot(std::move(catalog_));
  const People people(&snapshot);
  const auto ids = [&](int user, int limit) {
    return UserIds(
        SimilarUsers(UserRow{user}, SimilarityBasis::kProfile, limit, people),
        snapshot);
  };
  EXPECT_THAT(ids(0, 10), ElementsAre("b", "c"));
  EXPECT_THAT(ids(0, 1), ElementsAre("b"));
  EXPECT_THAT(ids(2, 10), ElementsAre("e", "a"));
  EXPECT_THAT(ids(3, 10), IsEmpty());
}

TEST(ProfileIndexTest, ANumberThatAllShareSaysNothing) {
  Catalog catalog;
  for (const char* id : {"a", "b"}) {
    User user;
    user.id = id;
    user.features = {{"age", 30.0}};
    catalog.UpsertUser(user);
  }
  EXPECT_THAT(ProfileIndex(catalog).Cosines(UserRow{0}), ElementsAre(0, 0));
}

TEST(ProfileIndexTest, ATextIsNoOtherFeaturesText) {
  Catalog catalog;
  User a = Person("a", "jazz", {});
  User b = Person("b", "", {"jazz"});
  User c = Person("c", "", {});
  c.features = {{"city", std::string("jazz")}};
  for (const User& user : {a, b, c}) catalog.UpsertUser(user);
  EXPECT_THAT(ProfileIndex(catalog).Cosines(UserRow{0}), ElementsAre(1, 0, 0));
}

// Few names and numbers, so that they are shared, and change hands.
User MadeUpPerson(const std::string& id, Random& random) {
  User user = Person(id, absl::StrCat("city", random.Below(3)), {});
  for (uint64_t n = random.Below(4); n > 0; --n) {
    user.tags.push_back(absl::StrCat("tag", random.Below(5)));
  }
  if (random.Below(2) == 0) {
    user.features.emplace_back("age", 20.0 + random.Below(8));
  }
  if (random.Below(3) == 0) {
    user.features.emplace_back("height", 1.5 + 0.125 * random.Below(4));
  }
  if (random.Below(2) == 0) {
    user.features.emplace_back("degree",
                               absl::StrCat("degree", random.Below(3)));
  }
  return user;
}

TEST(ProfileIndexTest, WhatFollowsTheWritesIsWhatIsBuiltAnew) {
  Catalog catalog;
  ProfileIndex head(catalog);
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    const int64_t users = catalog.changed_users.revision();
    const ProfileIndex before = head.Share();
    std::vector<float> first;
    if (before.num_users() > 0) first = before.Cosines(UserRow{0});
    for (uint64_t n = random.Below(4); n > 0; --n) {
      catalog.UpsertUser(
          MadeUpPerson(absl::StrCat("u", random.Below(5 + round / 8)), random));
    }
    if (round == 100) catalog.ForgetUser(catalog.FindUser("u3"));
    head.Update(catalog, *catalog.changed_users.Since(users));
    const ProfileIndex anew(catalog);
    ASSERT_EQ(head.num_users(), anew.num_users());
    for (size_t row = 0; row < anew.num_users(); ++row) {
      const UserRow user{static_cast<int32_t>(row)};
      EXPECT_EQ(head.Cosines(user), anew.Cosines(user)) << round;
    }
    if (before.num_users() > 0) {
      EXPECT_EQ(before.Cosines(UserRow{0}), first);
    }
  }
}

class TasteTest : public ::testing::Test {
 protected:
  std::vector<ScoredUser> Alike(const std::string& user,
                                SimilarityBasis basis) const {
    return SimilarUsers(snapshot_.catalog.FindUser(user), basis, 10, people_);
  }

  Snapshot snapshot_ = TinySnapshot(TinyCatalog());
  People people_{&snapshot_};
};

TEST_F(TasteTest, ThoseWhoWentToTheSameAreAlikeAndTheIdleAreNot) {
  const std::vector<ScoredUser> users = Alike("bob", SimilarityBasis::kTaste);
  EXPECT_THAT(UserIds(users, snapshot_), ElementsAre("ann"));
  EXPECT_NEAR(users[0].score, 1, 0.05);
  EXPECT_THAT(UserIds(Alike("dee", SimilarityBasis::kTaste), snapshot_),
              ElementsAre("cem"));
  EXPECT_THAT(Alike("eve", SimilarityBasis::kTaste), IsEmpty());
}

TEST_F(TasteTest, ABlendIsTheMeanOfBoth) {
  const float taste = Alike("bob", SimilarityBasis::kTaste)[0].score;
  const std::vector<ScoredUser> blend = Alike("bob", SimilarityBasis::kBlend);
  ASSERT_EQ(blend.size(), 1u);
  EXPECT_FLOAT_EQ(blend[0].score, taste / 2);
}

TEST_F(TasteTest, TrainedVectorsAreUsedUntilTheUserActs) {
  Factors trained(3, snapshot_.model->dim());
  trained.MutableRow(0)[0] = 2;  // ann
  trained.MutableRow(1)[1] = 3;  // bob, the other way
  snapshot_.user_vectors = std::make_shared<const Factors>(trained);
  EXPECT_EQ(UserVectors(snapshot_).Norm(UserRow{1}), 3);
  EXPECT_THAT(
      UserVectors(snapshot_).Products(std::vector<float>{1, 1, 0, 0})[1], 3);
  // dee is past the matrix, and folded in.
  EXPECT_GT(UserVectors(snapshot_).Norm(snapshot_.catalog.FindUser("dee")), 0);
  snapshot_.catalog.Apply(UserRow{1}, snapshot_.catalog.FindEvent("jazz1"),
                          InteractionKind::kRsvpYes, 0, kTinyNow);
  const UserVectors after(snapshot_);
  EXPECT_NE(after.Norm(UserRow{1}), 3);
  EXPECT_GT(after.Row(UserRow{1})[0], 0);
  EXPECT_EQ(after.Norm(UserRow{0}), 2);
}

TEST(UserVectorsTest, ProductsAreThoseOfOneUserAtATime) {
  const Snapshot snapshot = RandomSnapshot(50, VectorIndexOptions::Type::kFlat);
  const UserVectors vectors(snapshot);
  Random random(3);
  std::vector<float> query(snapshot.model->dim());
  for (float& value : query) value = static_cast<float>(random.Normal());
  const std::vector<float> products = vectors.Products(query);
  ASSERT_EQ(products.size(), 20u);
  for (size_t row = 0; row < products.size(); ++row) {
    const UserRow user{static_cast<int32_t>(row)};
    const std::vector<float> folded = snapshot.model->UserVector(
        snapshot.catalog, snapshot.catalog.users.history[row], {}, {});
    double expected = 0;
    for (size_t i = 0; i < query.size(); ++i) expected += query[i] * folded[i];
    EXPECT_NEAR(products[row], expected, 1e-5);
    EXPECT_EQ(vectors.Row(user).size(), folded.size());
  }
}

void ExpectSame(const UserVectors& a, const UserVectors& b, size_t dim) {
  ASSERT_EQ(a.size(), b.size());
  const std::vector<float> query(dim, 0.5f);
  EXPECT_EQ(a.Products(query), b.Products(query));
  for (size_t row = 0; row < a.size(); ++row) {
    const UserRow user{static_cast<int32_t>(row)};
    EXPECT_EQ(a.Row(user), b.Row(user)) << row;
    EXPECT_EQ(a.Norm(user), b.Norm(user)) << row;
  }
}

TEST(UserVectorsTest, WhatFollowsTheWritesIsWhatIsBuiltAnew) {
  Snapshot snapshot = RandomSnapshot(50, VectorIndexOptions::Type::kFlat);
  const size_t dim = snapshot.model->dim();
  auto trained = std::make_shared<Factors>(15, dim);
  for (size_t i = 0; i < 15 * dim; ++i) {
    trained->mutable_data()[i] = static_cast<float>(i % 7) - 3;
  }
  snapshot.user_vectors = trained;
  Catalog& catalog = snapshot.catalog;
  catalog.MarkTrained();
  UserVectors head(snapshot);
  Random random(4);
  for (int round = 0; round < 30; ++round) {
    const int64_t users = catalog.changed_users.revision();
    const int64_t events = catalog.changed_events.revision();
    const UserVectors before = head.Share();
    const std::vector<float> first(before.Row(UserRow{0}).begin(),
                                   before.Row(UserRow{0}).end());
    for (uint64_t n = random.Below(4); n > 0; --n) {
      const UserRow user =
          catalog.UserRowOf(absl::StrCat("u", random.Below(20 + round)));
      const EventRow event{static_cast<int32_t>(random.Below(50))};
      catalog.Apply(user, event, InteractionKind::kRsvpYes, 0, kTinyNow);
    }
    if (round % 5 == 0) {
      User user;
      user.id = absl::StrCat("described", round);
      catalog.UpsertUser(user);
    }
    if (round == 20) catalog.ForgetUser(UserRow{3});
    ASSERT_TRUE(head.Update(snapshot, *catalog.changed_users.Since(users),
                            *catalog.changed_events.Since(events)));
    ExpectSame(head, UserVectors(snapshot), dim);
    EXPECT_EQ(before.Row(UserRow{0}), absl::MakeConstSpan(first));
  }
}

TEST(UserVectorsTest, AnEventOfAnotherOrganizerIsNotFollowed) {
  Snapshot snapshot = TinySnapshot(TinyCatalog());
  Catalog& catalog = snapshot.catalog;
  UserVectors head(snapshot);
  const int64_t events = catalog.changed_events.revision();
  Event event = catalog.GetEvent(catalog.FindEvent("jazz1"));
  event.title = "Another title";
  catalog.UpsertEvent(event);
  EXPECT_TRUE(head.Update(snapshot, {}, *catalog.changed_events.Since(events)));
  event.organizer = "another organizer";
  catalog.UpsertEvent(event);
  EXPECT_FALSE(
      head.Update(snapshot, {}, *catalog.changed_events.Since(events)));
}

}  // namespace
}  // namespace usher
