#include "trainer/data/drop_forgotten.h"

#include "gtest/gtest.h"

namespace usher {
namespace {

TEST(DropForgottenTest, TheirRowsGoAndTheOthersKeepTheirOrder) {
  DatasetBuilder builder;
  for (const char* id : {"e1", "e2"}) {
    Event event;
    event.id = id;
    builder.AddEvent(event);
  }
  for (const char* id : {"ann", "bob", "cem"}) {
    User user;
    user.id = id;
    builder.AddUser(user);
  }
  Micros time = 0;
  for (const char* user : {"ann", "bob", "cem", "bob", "only here"}) {
    InteractionRecord record;
    record.time = ++time;
    builder.AddInteraction(user, "e1", record, "");
  }
  Dataset data = builder.Finish(1);
  const uint64_t fingerprint = data.fingerprint;

  EXPECT_EQ(DropForgotten(ForgottenUsers(), &data), 0);
  EXPECT_EQ(data.interactions.size(), 5);
  ForgottenUsers forgotten;
  for (const char* id : {"bob", "only here", "nobody"}) {
    forgotten.Add(TombstoneOf(id, "5a17", 0));
  }
  EXPECT_EQ(DropForgotten(forgotten, &data), 2);
  ASSERT_EQ(data.users.size(), 2);
  EXPECT_EQ(data.users[0].id, "ann");
  EXPECT_EQ(data.users[1].id, "cem");
  ASSERT_EQ(data.interactions.size(), 2);
  EXPECT_EQ(data.interactions[0].user, 0);
  EXPECT_EQ(data.interactions[0].time, 1);
  EXPECT_EQ(data.interactions[1].user, 1);
  EXPECT_EQ(data.interactions[1].time, 3);
  EXPECT_NE(data.fingerprint, fingerprint);
}

}  // namespace
}  // namespace usher
