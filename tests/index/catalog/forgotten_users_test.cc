#include "index/catalog/forgotten_users.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(ForgottenUsersTest, KnowsThoseWhoWereAddedAndNobodyElse) {
  ForgottenUsers forgotten;
  EXPECT_FALSE(forgotten.Contains("ann"));
  EXPECT_TRUE(forgotten.Add(TombstoneOf("ann", "5a17", 7)));
  EXPECT_FALSE(forgotten.Add(TombstoneOf("ann", "5a17", 8)));
  EXPECT_TRUE(forgotten.Contains("ann"));
  EXPECT_FALSE(forgotten.Contains("anna"));
  EXPECT_EQ(forgotten.size(), 1);
}

TEST(ForgottenUsersTest, MarksOfDifferentSaltsAreRespectedTogether) {
  ForgottenUsers here;
  here.Add(TombstoneOf("ann", "aa", 0));
  ForgottenUsers there;
  there.Add(TombstoneOf("bob", "bb", 0));
  here.Merge(there);
  EXPECT_TRUE(here.Contains("ann"));
  EXPECT_TRUE(here.Contains("bob"));
  EXPECT_FALSE(here.Contains("cem"));
}

// printf '5a17:ann' | sha256sum
TEST(ForgottenUsersTest, TheMarkIsTheBeginningOfSha256) {
  EXPECT_EQ(TombstoneOf("ann", "5a17", 0).hash,
            "d5a49661babd2369c812cfc8d2e8bf02");
}

TEST(ForgottenUsersTest, TheSaltStaysWhenThereIsOne) {
  ForgottenUsers forgotten;
  EXPECT_NE(forgotten.Salt(), forgotten.Salt());
  forgotten.Add(TombstoneOf("ann", "5a17", 0));
  EXPECT_EQ(forgotten.Salt(), "5a17");
}

}  // namespace
}  // namespace usher
