#include "index/state/state_store.h"

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/file.h"
#include "index/catalog/codec.h"
#include "index/state/sqlite.h"
#include "tests/testing/scratch_folder.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kAll = int64_t{1} << 60;

Event NamedEvent(const std::string& id) {
  Event event;
  event.id = id;
  return event;
}

Interaction Yes(const std::string& user, const std::string& event,
                Micros time = 5) {
  Interaction interaction;
  interaction.user_id = user;
  interaction.event_id = event;
  interaction.occurred_at = time;
  return interaction;
}

class StateStoreTest : public ::testing::Test {
 protected:
  void Reopen() {
    store_ = nullptr;
    store_ = StateStore::Open(path_).value();
  }

  // Runs SQL on the file while nobody has it open.
  void Damage(const std::string& sql) {
    store_ = nullptr;
    absl::StatusOr<SqliteDatabase> database =
        SqliteDatabase::Open(path_, SqliteDatabase::Mode::kWrite);
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status done = database->Execute(sql);
    ASSERT_TRUE(done.ok()) << done << " " << sql;
    *database = SqliteDatabase();
    store_ = StateStore::Open(path_).value();
  }

  template <class Change>
  void Committed(const Change& change) {
    ASSERT_TRUE(store_->Begin().ok());
    change(*store_);
    ASSERT_TRUE(store_->Commit().ok());
  }
  void PutEvents(const std::vector<std::string>& ids) {
    Committed([&](StateStore& store) {
      for (const std::string& id : ids) {
        ASSERT_TRUE(store.PutEvent(NamedEvent(id)).ok());
      }
    });
  }

  static std::vector<std::string> Events(StateStore& store,
                                         PositionRange range) {
    std::vector<std::string> ids;
    EXPECT_TRUE(store
                    .ReadEvents(range,
                                [&](const Event& event, bool deleted) {
                                  ids.push_back((deleted ? "-" : "") +
                                                event.id);
                                  return absl::OkStatus();
                                })
                    .ok());
    return ids;
  }
  std::vector<std::string> Events(PositionRange range = {0, kAll}) {
    return Events(*store_, range);
  }
  std::vector<Interaction> AllInteractions() {
    std::vector<Interaction> all;
    EXPECT_TRUE(store_
                    ->ReadInteractions({0, kAll},
                                       [&](const Interaction& interaction) {
                                         all.push_back(interaction);
                                         return absl::OkStatus();
                                       })
                    .ok());
    return all;
  }

  ScratchFolder folder_;
  const std::string dir_ = folder_.path();
  const std::string path_ = folder_.Path("state.db");
  std::unique_ptr<StateStore> store_ = StateStore::Open(path_).value();
};

TEST_F(StateStoreTest, AWholeEventComesBackAfterAReopen) {
  Event event = NamedEvent("e");
  event.title = "Jazz \"late\"";
  event.description = "line\nline";
  event.tags = {"jazz", "live"};
  event.category = "music";
  event.organizer = "o";
  event.organizer_name = "Organizer";
  event.venue = "v";
  event.city = "Gent";
  event.location = {51.05f, 3.72f};
  event.start_time = 1'700'000'000'123'456;
  event.end_time = event.start_time + kHour;
  event.announce_time = -5;
  event.price = 12.5f;
  event.currency = "EUR";
  event.capacity = 0;
  event.status = EventStatus::kSoldOut;
  event.time_zone = "Europe/Brussels";
  event.embedding = {1, -2.5f, 1e-30f};
  Committed([&](StateStore& store) {
    ASSERT_TRUE(store.PutEvent(event).ok());
    ASSERT_TRUE(store.PutEvent(NamedEvent("bare")).ok());
  });
  Reopen();
  std::vector<std::string> encoded;
  ASSERT_TRUE(store_
                  ->ReadEvents({0, kAll},
                               [&](const Event& read, bool deleted) {
                                 EXPECT_FALSE(deleted);
                                 encoded.push_back(EncodeEvent(read));
                                 return absl::OkStatus();
                               })
                  .ok());
  EXPECT_THAT(encoded,
              ElementsAre(EncodeEvent(event), EncodeEvent(NamedEvent("bare"))));
}

TEST_F(StateStoreTest, AWholeUserComesBack) {
  User user;
  user.id = "u";
  user.location = {-1, 2};
  user.city = "Gent";
  user.tags = {"a"};
  user.groups = {{"g", 7}, {"h", kNoTime}};
  user.joined_time = 9;
  user.features = {{"degree", "msc"}, {"year", 1990.5}};
  Committed([&](StateStore& store) { ASSERT_TRUE(store.PutUser(user).ok()); });
  std::vector<std::string> encoded;
  ASSERT_TRUE(store_
                  ->ReadUsers({0, kAll},
                              [&](const User& read) {
                                encoded.push_back(EncodeUser(read));
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_THAT(encoded, ElementsAre(EncodeUser(user)));
}

TEST_F(StateStoreTest, AWholeInteractionComesBack) {
  Interaction full = Yes("u", "e");
  full.interaction_id = "i";
  full.kind = InteractionKind::kRating;
  full.value = 4.5f;
  full.recommendation_id = "r";
  full.position = 3;
  full.device = "mobile";
  full.location = {1, 2};
  Committed([&](StateStore& store) {
    ASSERT_TRUE(store.PutInteraction(full).value());
    ASSERT_TRUE(store.PutInteraction(Yes("u", "e", kNoTime)).value());
  });
  const std::vector<Interaction> all = AllInteractions();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].interaction_id, "i");
  EXPECT_EQ(all[0].user_id, "u");
  EXPECT_EQ(all[0].event_id, "e");
  EXPECT_EQ(all[0].kind, InteractionKind::kRating);
  EXPECT_EQ(all[0].value, 4.5f);
  EXPECT_EQ(all[0].occurred_at, 5);
  EXPECT_EQ(all[0].recommendation_id, "r");
  EXPECT_EQ(all[0].position, 3);
  EXPECT_EQ(all[0].device, "mobile");
  EXPECT_EQ(all[0].location.longitude, 2);
  EXPECT_TRUE(std::isnan(all[1].value));
  EXPECT_EQ(all[1].occurred_at, kNoTime);
  EXPECT_FALSE(all[1].location.known());
}

TEST_F(StateStoreTest, PositionsCountOverAllTablesAndGoOnAfterAReopen) {
  EXPECT_EQ(store_->position(), 0);
  PutEvents({"a", "b"});
  Committed([](StateStore& store) {
    ASSERT_TRUE(store.PutInteraction(Yes("u", "a")).value());
  });
  EXPECT_EQ(store_->position(), 3);
  Reopen();
  EXPECT_EQ(store_->position(), 3);
  PutEvents({"c"});
  EXPECT_EQ(store_->position(), 4);
  EXPECT_THAT(Events({0, 1}), ElementsAre("a"));
  EXPECT_THAT(Events({1, 3}), ElementsAre("b"));
  EXPECT_THAT(Events({3, 4}), ElementsAre("c"));
}

TEST_F(StateStoreTest, AChangeMovesAnEventToTheEnd) {
  PutEvents({"a", "b", "a"});
  EXPECT_THAT(Events(), ElementsAre("b", "a"));
  EXPECT_THAT(Events({2, 3}), ElementsAre("a"));
}

TEST_F(StateStoreTest, ADeletedEventStaysAsItsIdUntilItIsPutAgain) {
  PutEvents({"a", "b"});
  Committed([](StateStore& store) {
    ASSERT_TRUE(store.DeleteEvent("a").ok());
    ASSERT_TRUE(store.DeleteEvent("never").ok());
  });
  EXPECT_THAT(Events(), ElementsAre("b", "-a", "-never"));
  PutEvents({"a"});
  EXPECT_THAT(Events(), ElementsAre("b", "-never", "a"));
}

TEST_F(StateStoreTest, ADeletedEventKeepsItsOrganizer) {
  Committed([](StateStore& store) {
    ASSERT_TRUE(store.DeleteEvent("a", "g1").ok());
  });
  Reopen();
  std::vector<Event> events;
  ASSERT_TRUE(store_
                  ->ReadEvents({0, 100},
                               [&](const Event& event, bool deleted) {
                                 EXPECT_TRUE(deleted);
                                 events.push_back(event);
                                 return absl::OkStatus();
                               })
                  .ok());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].organizer, "g1");
  EXPECT_EQ(events[0].title, "");
}

// What a hand in the sqlite3 shell can do to a row.
TEST_F(StateStoreTest, ADamagedRowIsPassedOverAndTold) {
  const char* const kDamage[] = {
      "UPDATE events SET status = 'maybe' WHERE id = 'b'",
      "UPDATE events SET tags = '[1' WHERE id = 'b'",
      "UPDATE events SET latitude = 91, longitude = 0 WHERE id = 'b'",
      "UPDATE events SET start_time = 9000000000000000000 WHERE id = 'b'",
      "UPDATE events SET price = 9e999 WHERE id = 'b'",
      "UPDATE events SET capacity = -3 WHERE id = 'b'",
      "UPDATE events SET embedding = x'0000' WHERE id = 'b'",
      "UPDATE events SET embedding = x'0000c07f' WHERE id = 'b'",
      "UPDATE events SET organizer = printf('%.200c', 'x') WHERE id = 'b'",
      "UPDATE events SET id = '' WHERE id = 'b'",
  };
  for (const char* damage : kDamage) {
    PutEvents({"a", "b", "c"});
    Damage(damage);
    EXPECT_THAT(Events(), ElementsAre("a", "c")) << damage;
    ASSERT_EQ(store_->damaged().rows, 1) << damage;
    EXPECT_THAT(store_->damaged().told[0],
                AllOf(StartsWith(path_ + ": table events, row of position "),
                      HasSubstr("sqlite3 ")));
    Damage("DELETE FROM events");
  }
}

TEST_F(StateStoreTest, DamagedUsersAndInteractionsArePassedOverToo) {
  Committed([](StateStore& store) {
    User user;
    user.id = "u";
    ASSERT_TRUE(store.PutUser(user).ok());
    user.id = "v";
    ASSERT_TRUE(store.PutUser(user).ok());
    ASSERT_TRUE(store.PutInteraction(Yes("u", "e")).value());
    ASSERT_TRUE(store.PutInteraction(Yes("v", "e")).value());
    ASSERT_TRUE(store.PutInteraction(Yes("w", "e")).value());
  });
  Damage(
      "UPDATE users SET groups = '{' WHERE id = 'u';"
      "UPDATE interactions SET kind = 'dance' WHERE user_id = 'u';"
      "UPDATE interactions SET value = 9e999 WHERE user_id = 'v'");
  int users = 0;
  ASSERT_TRUE(store_
                  ->ReadUsers({0, 100},
                              [&](const User&) {
                                ++users;
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_EQ(users, 1);
  EXPECT_EQ(AllInteractions().size(), 1u);
  EXPECT_EQ(store_->damaged().rows, 3);
  EXPECT_THAT(store_->damaged().told[1], HasSubstr("\"dance\" is no kind"));
  // A damaged row is nobody's: the interaction is recorded again.
  Committed([](StateStore& store) {
    EXPECT_TRUE(store.PutInteraction(Yes("u", "e")).value());
    EXPECT_FALSE(store.PutInteraction(Yes("w", "e")).value());
  });
}

TEST_F(StateStoreTest, OfMuchDamageTheFirstRowsAreTold) {
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(absl::StrCat("e", i));
  PutEvents(ids);
  Damage("UPDATE events SET status = 'maybe'");
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_EQ(store_->damaged().rows, 50);
  EXPECT_EQ(store_->damaged().told.size(),
            static_cast<size_t>(DamagedRows::kMostTold));
}

TEST_F(StateStoreTest, TheSameInteractionIsRecordedOnce) {
  Committed([](StateStore& store) {
    EXPECT_TRUE(store.PutInteraction(Yes("u", "e")).value());
    EXPECT_FALSE(store.PutInteraction(Yes("u", "e")).value());
    EXPECT_TRUE(store.PutInteraction(Yes("u", "e", 6)).value());
    EXPECT_TRUE(store.PutInteraction(Yes("ue", "x")).value());
    Interaction view = Yes("u", "e");
    view.kind = InteractionKind::kView;
    EXPECT_TRUE(store.PutInteraction(view).value());
  });
  Reopen();
  Committed([](StateStore& store) {
    EXPECT_FALSE(store.PutInteraction(Yes("u", "e")).value());
  });
  EXPECT_EQ(AllInteractions().size(), 4u);
  EXPECT_EQ(store_->position(), 4);
}

TEST_F(StateStoreTest, AnInteractionIdDecidesAlone) {
  Interaction first = Yes("u", "e");
  first.interaction_id = "i";
  Interaction other = Yes("v", "f", 9);
  other.interaction_id = "i";
  Interaction new_id = first;
  new_id.interaction_id = "j";
  Committed([&](StateStore& store) {
    EXPECT_TRUE(store.PutInteraction(first).value());
    EXPECT_FALSE(store.PutInteraction(other).value());
    EXPECT_TRUE(store.PutInteraction(new_id).value());
    EXPECT_TRUE(store.PutInteraction(Yes("u", "e")).value());
  });
}

TEST_F(StateStoreTest, WhatIsRolledBackNeverWas) {
  PutEvents({"a"});
  ASSERT_TRUE(store_->Begin().ok());
  ASSERT_TRUE(store_->PutEvent(NamedEvent("b")).ok());
  ASSERT_TRUE(store_->PutInteraction(Yes("u", "a")).value());
  store_->Rollback();
  EXPECT_EQ(store_->position(), 1);
  PutEvents({"c"});
  EXPECT_EQ(store_->position(), 2);
  EXPECT_THAT(Events(), ElementsAre("a", "c"));
  EXPECT_THAT(AllInteractions(), IsEmpty());
}

TEST_F(StateStoreTest, WithoutACommitNothingIsKept) {
  PutEvents({"a"});
  ASSERT_TRUE(store_->Begin().ok());
  ASSERT_TRUE(store_->PutEvent(NamedEvent("b")).ok());
  Reopen();
  EXPECT_THAT(Events(), ElementsAre("a"));
}

TEST_F(StateStoreTest, AReaderSeesTheMomentOfItsOpening) {
  PutEvents({"a"});
  const auto reader = StateStore::OpenToRead(path_).value();
  PutEvents({"b"});
  EXPECT_EQ(reader->position(), 1);
  EXPECT_EQ(reader->id(), store_->id());
  EXPECT_THAT(Events(*reader, {0, kAll}), ElementsAre("a"));
}

TEST_F(StateStoreTest, ThePositionCanSkipAhead) {
  store_->SkipTo(100);
  EXPECT_EQ(store_->position(), 100);
  PutEvents({"a"});
  EXPECT_EQ(store_->position(), 101);
  Reopen();
  EXPECT_EQ(store_->position(), 101);
}

TEST_F(StateStoreTest, AnErrorOfTheReaderEndsTheReading) {
  PutEvents({"a", "b"});
  int read = 0;
  const absl::Status status =
      store_->ReadEvents({0, kAll}, [&](const Event&, bool) {
        ++read;
        return absl::CancelledError("enough");
      });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_EQ(read, 1);
  EXPECT_THAT(Events(), ElementsAre("a", "b"));
}

TEST_F(StateStoreTest, ASecondWriterIsRefused) {
  const auto second = StateStore::Open(path_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(path_), HasSubstr("another server")));
}

TEST_F(StateStoreTest, IdsTellStatesApart) {
  const auto other = StateStore::Open(dir_ + "/other.db").value();
  EXPECT_NE(other->id(), store_->id());
  const std::string id = store_->id();
  Reopen();
  EXPECT_EQ(store_->id(), id);
}

TEST_F(StateStoreTest, WhatIsNoStateIsRefusedWithItsName) {
  EXPECT_TRUE(
      absl::IsNotFound(StateStore::OpenToRead(dir_ + "/missing.db").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      StateStore::Open(dir_ + "/no/such/directory.db").status()));
  const std::string text = dir_ + "/text.db";
  std::ofstream(text) << std::string(10'000, 'x');
  const auto opened = StateStore::Open(text);
  EXPECT_TRUE(absl::IsInvalidArgument(opened.status())) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("text.db"));
  EXPECT_TRUE(absl::IsInvalidArgument(StateStore::OpenToRead(text).status()));
}

TEST_F(StateStoreTest, ADamagedPageIsAnErrorNotACrash) {
  for (int i = 0; i < 2000; ++i) {
    PutEvents({absl::StrCat("event", i)});
    if (i % 500 == 0) Reopen();
  }
  store_ = nullptr;
  const uintmax_t size = std::filesystem::file_size(path_);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (uintmax_t at = 4096 * 6; at + 100 < size; at += 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(100, '\x77');
    }
  }
  absl::Status status;
  if (const auto opened = StateStore::Open(path_); !opened.ok()) {
    status = opened.status();
  } else {
    status = (*opened)->ReadEvents(
        {0, kAll}, [](const Event&, bool) { return absl::OkStatus(); });
  }
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/state.db: "));
}

TEST(StateStoreInMemoryTest, KeepsNothing) {
  const auto store = StateStore::Open(StateStore::kMemory).value();
  ASSERT_TRUE(store->Begin().ok());
  ASSERT_TRUE(store->PutEvent(NamedEvent("a")).ok());
  ASSERT_TRUE(store->Commit().ok());
  EXPECT_EQ(store->position(), 1);
  EXPECT_FALSE(std::filesystem::exists(":memory:"));
  EXPECT_EQ(StateStore::Open(StateStore::kMemory).value()->position(), 0);
}

Interaction ViewOf(const std::string& user, const std::string& event) {
  Interaction interaction;
  interaction.user_id = user;
  interaction.event_id = event;
  interaction.kind = InteractionKind::kView;
  interaction.occurred_at = 5;
  return interaction;
}

TEST_F(StateStoreTest, OfAForgottenUserOnlyTheMarkStays) {
  Committed([&](StateStore& store) {
    User user;
    user.id = "ann";
    ASSERT_TRUE(store.PutUser(user).ok());
    for (const char* id : {"ann", "bob"}) {
      for (const char* event : {"e1", "e2"}) {
        if (id[0] == 'b' && event[1] == '2') continue;
        ASSERT_TRUE(store.PutInteraction(ViewOf(id, event)).ok());
      }
    }
  });
  const Tombstone mark = TombstoneOf("ann", "5a17", 7 * kSecond);
  Committed([&](StateStore& store) {
    EXPECT_EQ(store.PutForgotten("ann", mark).value(), 1);
  });
  const int64_t position = store_->position();
  std::vector<int64_t> positions;
  ASSERT_TRUE(store_
                  ->ReadInteractionsOf("ann",
                                       [&](const Interaction&, int64_t at) {
                                         positions.push_back(at);
                                         return absl::OkStatus();
                                       })
                  .ok());
  EXPECT_EQ(positions.size(), 2);
  Committed([&](StateStore& store) {
    ASSERT_TRUE(store.DeleteInteractions(positions).ok());
  });
  ASSERT_TRUE(store_->DropOldPages().ok());
  Reopen();
  // Positions are not given out again.
  EXPECT_EQ(store_->position(), position);
  int others = 0;
  ASSERT_TRUE(store_
                  ->ReadInteractions({0, position},
                                     [&](const Interaction& interaction) {
                                       EXPECT_EQ(interaction.user_id, "bob");
                                       ++others;
                                       return absl::OkStatus();
                                     })
                  .ok());
  EXPECT_EQ(others, 1);
  std::vector<std::string> hashes;
  ASSERT_TRUE(store_
                  ->ReadForgotten([&](const Tombstone& tombstone) {
                    EXPECT_EQ(tombstone.forgotten_at, 7 * kSecond);
                    hashes.push_back(tombstone.hash);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(hashes, std::vector<std::string>{mark.hash});
}

TEST_F(StateStoreTest, DeletedRowsLeaveTheFilesToo) {
  User user;
  user.id = "quillon";
  user.city = "cobblestone";
  Committed([&](StateStore& store) { ASSERT_TRUE(store.PutUser(user).ok()); });
  ASSERT_TRUE(store_->DropOldPages().ok());
  const auto text = [&] {
    return ReadFile(path_).value() + ReadFile(path_ + "-wal").value_or("");
  };
  ASSERT_NE(text().find("cobblestone"), std::string::npos);
  Committed([&](StateStore& store) {
    ASSERT_TRUE(
        store.PutForgotten("quillon", TombstoneOf("quillon", "5a17", kSecond))
            .ok());
  });
  ASSERT_TRUE(store_->DropOldPages().ok());
  EXPECT_EQ(text().find("cobblestone"), std::string::npos);
  EXPECT_EQ(text().find("quillon"), std::string::npos);
}

}  // namespace
}  // namespace usher
