#include "serving/precompute/block_neighbours.h"

#include <cmath>

#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

TEST(BlockNeighboursTest, AreThoseOfSimilarUsers) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(1, 300), 1);
  const People people(&snapshot);
  std::vector<UserRow> users;
  for (size_t i = 0; i < snapshot.catalog.num_users(); ++i) {
    users.push_back(UserRow{static_cast<int32_t>(i)});
  }
  for (const SimilarityBasis basis :
       {SimilarityBasis::kTaste, SimilarityBasis::kProfile,
        SimilarityBasis::kBlend}) {
    const BlockNeighbours neighbours(&snapshot, basis);
    const auto found = neighbours.Find(users, 10);
    for (size_t i = 0; i < users.size(); ++i) {
      const auto expected = SimilarUsers(users[i], basis, 10, people);
      ASSERT_EQ(found[i].size(), expected.size());
      for (size_t n = 0; n < expected.size(); ++n) {
        EXPECT_EQ(found[i][n].user, expected[n].user);
        EXPECT_EQ(found[i][n].score, expected[n].score);
      }
    }
  }
}

TEST(BlockNeighboursTest, WhoDidNothingIsLikeNobody) {
  const Snapshot snapshot = TinySnapshot(TinyCatalog());
  const BlockNeighbours neighbours(&snapshot, SimilarityBasis::kTaste);
  const UserRow ann = snapshot.catalog.FindUser("ann");
  const UserRow eve = snapshot.catalog.FindUser("eve");
  const auto found = neighbours.Find({ann, eve}, 10);
  ASSERT_EQ(found[0].size(), 1u);
  EXPECT_EQ(snapshot.catalog.UserId(found[0][0].user), "bob");
  EXPECT_TRUE(found[1].empty());
}

}  // namespace
}  // namespace usher
