#include "serving/user_vectors_cache.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

TEST(UserVectorsCacheTest, EveryStateGetsItsOwnVectors) {
  Snapshot head = TinySnapshot(TinyCatalog());
  const UserVectorsCache cache;
  const Snapshot before = head.Share();
  const std::shared_ptr<const UserVectors> first = cache.At(before);
  EXPECT_EQ(cache.At(before), first);
  const UserRow bob = head.catalog.FindUser("bob");
  head.catalog.Apply(bob, head.catalog.FindEvent("code1"),
                     InteractionKind::kRsvpYes, 0, kTinyNow);
  const Snapshot after = head.Share();
  const std::shared_ptr<const UserVectors> second = cache.At(after);
  EXPECT_EQ(second->Row(bob), UserVectors(after).Row(bob));
  EXPECT_NE(second->Row(bob), first->Row(bob));
  EXPECT_EQ(first->Row(bob), UserVectors(before).Row(bob));
  // The older state asks once more.
  EXPECT_EQ(cache.At(before)->Row(bob), first->Row(bob));
  EXPECT_EQ(cache.At(after), second);
}

TEST(UserVectorsCacheTest, ANewOrganizerOfAnEventIsInAllThatWentThere) {
  Snapshot head = TinySnapshot(TinyCatalog());
  const UserVectorsCache cache;
  cache.At(head.Share());
  Event event = head.catalog.GetEvent(head.catalog.FindEvent("jazz1"));
  event.organizer = "code";
  head.catalog.UpsertEvent(event);
  const Snapshot after = head.Share();
  const std::shared_ptr<const UserVectors> vectors = cache.At(after);
  const UserVectors anew(after);
  for (int user = 0; user < static_cast<int>(anew.size()); ++user) {
    EXPECT_EQ(vectors->Row(UserRow{user}), anew.Row(UserRow{user})) << user;
  }
}

}  // namespace
}  // namespace usher
