#include "serving/ranking/people_cache.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

TEST(PeopleCacheTest, EveryStateGetsItsOwnVectors) {
  Snapshot head = TinySnapshot(TinyCatalog());
  const PeopleCache cache;
  const Snapshot before = head.Share();
  const std::shared_ptr<const UserVectors> first = cache.Vectors(before);
  EXPECT_EQ(cache.Vectors(before), first);
  const UserRow bob = head.catalog.FindUser("bob");
  head.catalog.Apply(bob, head.catalog.FindEvent("code1"),
                     InteractionKind::kRsvpYes, 0, kTinyNow);
  const Snapshot after = head.Share();
  const std::shared_ptr<const UserVectors> second = cache.Vectors(after);
  EXPECT_EQ(second->Row(bob), UserVectors(after).Row(bob));
  EXPECT_NE(second->Row(bob), first->Row(bob));
  EXPECT_EQ(first->Row(bob), UserVectors(before).Row(bob));
  // The older state asks once more.
  EXPECT_EQ(cache.Vectors(before)->Row(bob), first->Row(bob));
  EXPECT_EQ(cache.Vectors(after), second);
}

TEST(PeopleCacheTest, ANewOrganizerOfAnEventIsInAllThatWentThere) {
  Snapshot head = TinySnapshot(TinyCatalog());
  const PeopleCache cache;
  cache.Vectors(head.Share());
  Event event = head.catalog.GetEvent(head.catalog.FindEvent("jazz1"));
  event.organizer = "code";
  head.catalog.UpsertEvent(event);
  const Snapshot after = head.Share();
  const std::shared_ptr<const UserVectors> vectors = cache.Vectors(after);
  const UserVectors anew(after);
  for (int user = 0; user < static_cast<int>(anew.size()); ++user) {
    EXPECT_EQ(vectors->Row(UserRow{user}), anew.Row(UserRow{user})) << user;
  }
}

// Writes their number into the person's profile and follows.
void Describe(int i, Catalog& catalog) {
  User user;
  user.id = "ann";
  user.tags = {absl::StrCat("tag", i)};
  user.groups = {{"jazz", kNoTime}, {absl::StrCat("o", i), kNoTime}};
  catalog.UpsertUser(user);
}

void ExpectOf(const Snapshot& state, const PeopleCache& cache, int i) {
  const OrganizerRow followed =
      state.catalog.FindOrganizer(absl::StrCat("o", i));
  ASSERT_NE(followed, kNoOrganizer);
  const std::shared_ptr<const Followers> followers = cache.FollowersIn(state);
  const std::vector<UserRow> ann = {state.catalog.FindUser("ann")};
  EXPECT_EQ(followers->Of(followed), absl::MakeConstSpan(ann));
  const std::shared_ptr<const ProfileIndex> profiles = cache.Profiles(state);
  EXPECT_EQ(profiles->num_users(), state.catalog.num_users());
  EXPECT_EQ(profiles->Cosines(ann[0])[Index(ann[0])], 1);
}

TEST(PeopleCacheTest, EveryStateGetsItsOwnProfilesAndFollowers) {
  Snapshot head = TinySnapshot(TinyCatalog());
  const PeopleCache cache;
  std::vector<Snapshot> states;
  for (int i = 0; i < 5; ++i) {
    Describe(i, head.catalog);
    states.push_back(head.Share());
    ExpectOf(states.back(), cache, i);
  }
  // Those of another state than the newest, too.
  for (int i = 0; i < 5; ++i) ExpectOf(states[i], cache, i);
}

// One thread writes and publishes states, others read what was published.
TEST(PeopleCacheTest, ReadersSeeTheStateTheyReadWhileItIsWritten) {
  constexpr int kStates = 200;
  Snapshot head = TinySnapshot(TinyCatalog());
  const PeopleCache cache;
  std::vector<Snapshot> states(kStates);
  std::atomic<int> published{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      int seen = 0;
      while (seen < kStates) {
        seen = published.load();
        if (seen > 0) ExpectOf(states[seen - 1], cache, seen - 1);
      }
    });
  }
  for (int i = 0; i < kStates; ++i) {
    Describe(i, head.catalog);
    states[i] = head.Share();
    published.store(i + 1);
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace usher
