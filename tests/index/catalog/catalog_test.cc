#include "index/catalog/catalog.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;
using Kind = InteractionKind;

const float kNone = std::numeric_limits<float>::quiet_NaN();

Event MakeEvent(absl::string_view id, absl::string_view organizer = "",
                absl::string_view title = "") {
  Event event;
  event.id = std::string(id);
  event.organizer = std::string(organizer);
  event.title = std::string(title);
  return event;
}

class CatalogTest : public ::testing::Test {
 protected:
  EventRow Add(absl::string_view id, absl::string_view organizer = "",
               absl::string_view title = "") {
    return catalog_.UpsertEvent(MakeEvent(id, organizer, title));
  }
  UserRow User(absl::string_view id) { return catalog_.UserRowOf(id); }
  void Apply(UserRow user, EventRow event, Kind kind, Micros time) {
    catalog_.Apply(user, event, kind, kNone, time);
  }
  const EventCounters& Of(EventRow row) const {
    return catalog_.events.counters[Index(row)];
  }
  const OrganizerCounters& Host(absl::string_view id) const {
    return catalog_.organizers.counters[Index(catalog_.FindOrganizer(id))];
  }
  std::vector<UserRow> Regulars(absl::string_view id) const {
    const auto users =
        catalog_.organizers.attendees[Index(catalog_.FindOrganizer(id))];
    return {users.begin(), users.end()};
  }
  absl::Span<const Action> History(UserRow user) const {
    return catalog_.users.history[Index(user)];
  }
  absl::Span<const UserRow> Attendees(EventRow row) const {
    return catalog_.events.attendees[Index(row)];
  }

  Catalog catalog_;
};

TEST_F(CatalogTest, RowsAreGivenInOrderAndFoundById) {
  EXPECT_EQ(Add("a"), EventRow{0});
  EXPECT_EQ(catalog_.EventRowOf("b"), EventRow{1});
  EXPECT_EQ(Add("a"), EventRow{0});
  EXPECT_EQ(catalog_.FindEvent("b"), EventRow{1});
  EXPECT_EQ(catalog_.FindEvent("c"), kNoEvent);
  EXPECT_EQ(catalog_.FindUser("c"), kNoUser);
  EXPECT_EQ(catalog_.FindOrganizer("c"), kNoOrganizer);
  EXPECT_EQ(catalog_.EventId(EventRow{1}), "b");
}

TEST_F(CatalogTest, ADescribedEventIsPresentAndItsDocumentIsWhatWasGiven) {
  Event event = MakeEvent("a", "o", "Jazz");
  event.tags = {"x", "y", "x"};
  event.city = "Ghent";
  event.capacity = 12;
  const EventRow row = catalog_.UpsertEvent(event);
  EXPECT_EQ(catalog_.events.columns[Index(row)].absent, 0);
  EXPECT_EQ(catalog_.events.columns[Index(row)].capacity, 12);
  EXPECT_THAT(catalog_.events.tags[Index(row)], ElementsAre(0, 1, 0));
  EXPECT_EQ(catalog_.GetEvent(row).title, "Jazz");
  EXPECT_EQ(catalog_.GetEvent(row).tags, event.tags);
}

TEST_F(CatalogTest, AnEventThatNobodyDescribedIsAbsentAndHasItsIdOnly) {
  const EventRow row = catalog_.EventRowOf("a");
  EXPECT_EQ(catalog_.events.columns[Index(row)].absent, 1);
  EXPECT_EQ(catalog_.GetEvent(row).id, "a");
}

TEST_F(CatalogTest, AnUpsertKeepsTheCounters) {
  const EventRow row = Add("a", "o");
  Apply(User("u"), row, Kind::kRsvpYes, 5);
  Add("a", "o", "another title");
  EXPECT_EQ(Of(row).yes, 1);
  EXPECT_EQ(Host("o").yes, 1);
  EXPECT_EQ(Host("o").events, 1);
  EXPECT_THAT(Attendees(row), ElementsAre(UserRow{0}));
}

TEST_F(CatalogTest, ADeletedEventIsAbsentUntilItIsUpsertedAgain) {
  const EventRow row = Add("a", "o");
  Apply(User("u"), row, Kind::kRsvpYes, 5);
  catalog_.DeleteEvent(row);
  EXPECT_EQ(catalog_.events.columns[Index(row)].absent, 1);
  EXPECT_EQ(Of(row).yes, 1);
  Add("a", "o");
  EXPECT_EQ(catalog_.events.columns[Index(row)].absent, 0);
}

TEST_F(CatalogTest, TheLatestAnswerWins) {
  const EventRow row = Add("a");
  Apply(User("u"), row, Kind::kRsvpNo, 5);
  EXPECT_EQ(Of(row).no, 1);
  Apply(User("u"), row, Kind::kRsvpYes, 6);
  EXPECT_EQ(Of(row).no, 0);
  EXPECT_EQ(Of(row).yes, 1);
  ASSERT_EQ(History(UserRow{0}).size(), 1u);
  EXPECT_EQ(History(UserRow{0})[0].kind, Kind::kRsvpYes);
}

TEST_F(CatalogTest, AnOlderAnswerThatArrivesLateChangesNothing) {
  const EventRow row = Add("a");
  Apply(User("u"), row, Kind::kRsvpYes, 9);
  Apply(User("u"), row, Kind::kRsvpNo, 4);
  EXPECT_EQ(Of(row).yes, 1);
  EXPECT_EQ(Of(row).no, 0);
  ASSERT_EQ(History(UserRow{0}).size(), 1u);
  EXPECT_EQ(History(UserRow{0})[0].time, 9);
}

TEST_F(CatalogTest, ANoAfterAYesTakesEveryCountBack) {
  const EventRow row = Add("a", "o");
  Apply(User("u"), row, Kind::kRsvpYes, 5 * kDay);
  Apply(User("u"), row, Kind::kRsvpNo, 6 * kDay);
  EXPECT_EQ(Of(row).yes, 0);
  EXPECT_EQ(Of(row).no, 1);
  EXPECT_THAT(Attendees(row), IsEmpty());
  EXPECT_NEAR(Of(row).answers.At(2, 6 * kDay, kEventHorizons), 0, 1e-6);
  EXPECT_EQ(Host("o").yes, 0);
  EXPECT_EQ(Host("o").users, 0);
  EXPECT_THAT(Regulars("o"), IsEmpty());
  EXPECT_EQ(Host("o").events, 1);
}

TEST_F(CatalogTest, TheSameAnswerTwiceCountsOnce) {
  const EventRow row = Add("a", "o");
  Apply(User("u"), row, Kind::kRsvpYes, 5);
  Apply(User("u"), row, Kind::kRsvpYes, 5);
  Apply(User("u"), row, Kind::kAttend, 7);
  EXPECT_EQ(Of(row).yes, 1);
  EXPECT_EQ(Host("o").users, 1);
  EXPECT_THAT(Attendees(row), ElementsAre(UserRow{0}));
}

TEST_F(CatalogTest, OneCommitmentAfterAnotherLeavesTheAttendeesAlone) {
  const EventRow row = Add("a", "o");
  for (const char* id : {"u", "v", "w"}) {
    Apply(User(id), row, Kind::kRsvpYes, 5);
  }
  const UserRow* attendees = Attendees(row).data();
  Apply(User("u"), row, Kind::kAttend, 6);
  EXPECT_EQ(Attendees(row).data(), attendees);
  EXPECT_THAT(Attendees(row), ElementsAre(UserRow{0}, UserRow{1}, UserRow{2}));
  EXPECT_THAT(Regulars("o"), ElementsAre(UserRow{0}, UserRow{1}, UserRow{2}));
  EXPECT_EQ(Host("o").yes, 3);
  EXPECT_EQ(History(UserRow{0}).back().kind, Kind::kAttend);
}

TEST_F(CatalogTest, WhoTakesAYesBackLeavesTheOthersInOrder) {
  const EventRow row = Add("a", "o");
  for (const char* id : {"u", "v", "w"}) {
    Apply(User(id), row, Kind::kRsvpYes, 5);
  }
  const UserRow* attendees = Attendees(row).data();
  Apply(User("u"), row, Kind::kRsvpNo, 6);
  EXPECT_THAT(Attendees(row), ElementsAre(UserRow{1}, UserRow{2}));
  EXPECT_THAT(Regulars("o"), ElementsAre(UserRow{1}, UserRow{2}));
  // No copy: nobody else sees the list.
  EXPECT_EQ(Attendees(row).data(), attendees);
}

TEST_F(CatalogTest, WhatIsNoAnswerStandsBesideTheAnswer) {
  const EventRow row = Add("a");
  Apply(User("u"), row, Kind::kView, 1);
  Apply(User("u"), row, Kind::kRsvpYes, 2);
  Apply(User("u"), row, Kind::kClick, 3);
  EXPECT_EQ(History(UserRow{0}).size(), 3u);
  EXPECT_EQ(Of(row).yes, 1);
}

TEST_F(CatalogTest, AnOrganizersUsersAreDistinct) {
  const EventRow a = Add("a", "o");
  const EventRow b = Add("b", "o");
  Apply(User("u"), a, Kind::kRsvpYes, 1);
  Apply(User("u"), b, Kind::kRsvpYes, 2);
  Apply(User("v"), b, Kind::kRsvpYes, 3);
  EXPECT_EQ(Host("o").yes, 3);
  EXPECT_EQ(Host("o").users, 2);
  Apply(User("u"), a, Kind::kRsvpNo, 4);
  EXPECT_THAT(Regulars("o"), UnorderedElementsAre(UserRow{0}, UserRow{1}));
  Apply(User("u"), b, Kind::kRsvpNo, 5);
  EXPECT_THAT(Regulars("o"), ElementsAre(UserRow{1}));
  EXPECT_EQ(Host("o").users, 1);
}

TEST_F(CatalogTest, AChangeOfOrganizerMovesTheYesCountsAndTheUsers) {
  const EventRow a = Add("a", "o");
  Add("b", "o");
  Apply(User("u"), a, Kind::kRsvpYes, 1);
  Add("a", "p");
  EXPECT_EQ(Host("o").yes, 0);
  EXPECT_EQ(Host("o").users, 0);
  EXPECT_EQ(Host("o").events, 1);
  EXPECT_EQ(Host("p").yes, 1);
  EXPECT_EQ(Host("p").users, 1);
  EXPECT_THAT(Regulars("p"), ElementsAre(UserRow{0}));
  Apply(User("u"), a, Kind::kRsvpNo, 2);
  EXPECT_EQ(Host("p").yes, 0);
  EXPECT_EQ(Host("p").users, 0);
}

TEST_F(CatalogTest, WhatWasDoneBeforeAnEventWasDescribedCountsForItsOrganizer) {
  const EventRow row = catalog_.EventRowOf("a");
  Apply(User("u"), row, Kind::kRsvpYes, 1);
  Add("a", "o");
  EXPECT_EQ(Host("o").yes, 1);
  EXPECT_EQ(Host("o").users, 1);
  Apply(User("u"), row, Kind::kRsvpNo, 2);
  EXPECT_EQ(Host("o").users, 0);
}

TEST_F(CatalogTest, FollowsAreReplacedAndComeBackAsGroups) {
  usher::User user;
  user.id = "u";
  user.groups = {{"o", 7}, {"p", kNoTime}};
  const UserRow row = catalog_.UpsertUser(user);
  user.groups = {{"q", 9}};
  user.tags = {"x"};
  catalog_.UpsertUser(user);
  ASSERT_EQ(catalog_.users.follows[Index(row)].size(), 1u);
  const usher::User read = catalog_.GetUser(row);
  ASSERT_EQ(read.groups.size(), 1u);
  EXPECT_EQ(read.groups[0].id, "q");
  EXPECT_EQ(read.groups[0].joined, 9);
  EXPECT_THAT(read.tags, ElementsAre("x"));
}

TEST_F(CatalogTest, AnUpsertOfAUserKeepsTheHistory) {
  const EventRow row = Add("a");
  Apply(User("u"), row, Kind::kRsvpYes, 1);
  usher::User user;
  user.id = "u";
  catalog_.UpsertUser(user);
  EXPECT_EQ(History(UserRow{0}).size(), 1u);
}

TEST_F(CatalogTest, AnOrganizerIsCalledByItsNameOrElseByItsId) {
  Event event = MakeEvent("a", "o");
  const EventRow row = catalog_.UpsertEvent(event);
  const OrganizerRow host = catalog_.events.columns[Index(row)].organizer;
  EXPECT_EQ(catalog_.OrganizerName(host), "o");
  event.organizer_name = "The O";
  catalog_.UpsertEvent(event);
  EXPECT_EQ(catalog_.OrganizerName(host), "The O");
}

TEST_F(CatalogTest, DatesOfOneOrganizerWithOneTitleAreASeries) {
  const auto series = [&](EventRow row) {
    return catalog_.events.columns[Index(row)].series;
  };
  const EventRow first = Add("a", "o", "Jazz Night #12");
  EXPECT_EQ(series(Add("b", "o", "jazz  night #13")), series(first));
  EXPECT_NE(series(Add("c", "p", "Jazz Night #12")), series(first));
  EXPECT_NE(series(Add("d", "o", "Blues Night #12")), series(first));
  EXPECT_EQ(series(Add("e", "o", "")), -1);
}

TEST(NormalizedTitleTest, CaseDigitsAndRunsOfSpaceAreFolded) {
  EXPECT_EQ(NormalizedTitle("  Jazz\t Night 2024 "), "jazz night");
  EXPECT_EQ(NormalizedTitle("42"), "");
}

TEST_F(CatalogTest, AVeryLongHistoryLosesItsOldestHalf) {
  const EventRow row = Add("a");
  const UserRow user = User("u");
  for (size_t i = 0; i <= Catalog::kMaxHistory; ++i) {
    Apply(user, row, Kind::kView, static_cast<Micros>(i));
  }
  EXPECT_EQ(History(user).size(), Catalog::kMaxHistory / 2 + 1);
  EXPECT_EQ(History(user).back().time,
            static_cast<Micros>(Catalog::kMaxHistory));
}

TEST_F(CatalogTest, OfAHistoryThatIsCutTheCommitmentsGoWithIt) {
  const UserRow user = User("u");
  for (size_t i = 0; i <= Catalog::kMaxHistory; ++i) {
    Apply(user, Add(absl::StrCat("e", i), "o"), Kind::kRsvpYes,
          static_cast<Micros>(i));
  }
  ASSERT_EQ(History(user).size(), Catalog::kMaxHistory / 2 + 1);
  const auto commitments = catalog_.users.commitments[Index(user)];
  ASSERT_EQ(commitments.size(), History(user).size());
  for (size_t i = 0; i < commitments.size(); ++i) {
    EXPECT_EQ(commitments[i].event, History(user)[i].event);
    EXPECT_EQ(commitments[i].organizer, catalog_.FindOrganizer("o"));
  }
}

TEST_F(CatalogTest, ImpressionsDoNotWashAnAnswerOut) {
  const EventRow row = Add("a");
  const UserRow user = User("u");
  Apply(user, row, Kind::kRsvpYes, 1);
  for (int i = 2; i < 20'000; ++i) {
    Apply(user, row, i % 2 == 0 ? Kind::kImpression : Kind::kInvited, i);
  }
  EXPECT_EQ(History(user).size(), 1);
  for (int i = 20'000; i < 40'000; ++i) Apply(user, row, Kind::kView, i);
  Apply(user, row, Kind::kRsvpNo, 50'000);
  EXPECT_EQ(Of(row).yes, 0);
  EXPECT_EQ(Of(row).no, 1);
  EXPECT_THAT(Attendees(row), IsEmpty());
}

TEST_F(CatalogTest, ALongHistoryLosesWhatIsNoAnswerFirst) {
  const UserRow user = User("u");
  std::vector<EventRow> answered;
  for (int i = 0; i < 100; ++i) {
    answered.push_back(Add(absl::StrCat("e", i)));
    Apply(user, answered.back(), Kind::kRsvpYes, i);
  }
  for (size_t i = 0; i < 3 * Catalog::kMaxHistory; ++i) {
    Apply(user, answered[0], Kind::kView, 1000 + static_cast<Micros>(i));
  }
  ASSERT_GT(History(user).size(), 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(History(user)[i].event, answered[i]);
  }
  for (size_t i = 1; i < History(user).size(); ++i) {
    EXPECT_LT(History(user)[i - 1].time, History(user)[i].time);
  }
}

// Everything that a reader can see, as text.
std::string Dump(const Catalog& catalog) {
  std::string out;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventCounters& counters = catalog.events.counters[row];
    const EventColumns& columns = catalog.events.columns[row];
    absl::StrAppend(
        &out, "event ", catalog.EventId(EventRow{static_cast<int32_t>(row)}),
        " ", catalog.GetEvent(EventRow{static_cast<int32_t>(row)}).title, " ",
        columns.absent, " ", static_cast<int>(columns.organizer), " ",
        counters.yes, " ", counters.no, " ", counters.answers.values[2]);
    for (const UserRow user : catalog.events.attendees[row]) {
      absl::StrAppend(&out, " @", static_cast<int>(user));
    }
    absl::StrAppend(&out, "\n");
  }
  for (size_t row = 0; row < catalog.num_organizers(); ++row) {
    const OrganizerCounters& counters = catalog.organizers.counters[row];
    absl::StrAppend(&out, "organizer ", counters.events, " ", counters.yes, " ",
                    counters.users);
    for (const EventRow event : catalog.organizers.events[row]) {
      absl::StrAppend(&out, " ", static_cast<int>(event));
    }
    for (const UserRow user : catalog.organizers.attendees[row]) {
      absl::StrAppend(&out, " @", static_cast<int>(user));
    }
    absl::StrAppend(&out, "\n");
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    absl::StrAppend(&out, "user");
    for (const Action& action : catalog.users.history[row]) {
      absl::StrAppend(&out, " ", static_cast<int>(action.event), ":",
                      static_cast<int>(action.kind), "@", action.time);
    }
    for (const Commitment& commitment : catalog.users.commitments[row]) {
      absl::StrAppend(&out, " !", static_cast<int>(commitment.event), "of",
                      static_cast<int>(commitment.organizer));
    }
    for (const Follow& follow : catalog.users.follows[row]) {
      absl::StrAppend(&out, " +", static_cast<int>(follow.organizer));
    }
    absl::StrAppend(&out, "\n");
  }
  return out;
}

// One write of any sort.
void WriteAnything(Random& random, Catalog* catalog) {
  const std::string event = absl::StrCat("e", random.Below(30));
  const std::string user = absl::StrCat("u", random.Below(12));
  const std::string organizer = absl::StrCat("o", random.Below(5));
  switch (random.Below(8)) {
    case 0:
      catalog->UpsertEvent(MakeEvent(event,
                                     random.Below(6) == 0 ? "" : organizer,
                                     absl::StrCat("title ", random.Below(4))));
      return;
    case 1:
      catalog->DeleteEvent(catalog->EventRowOf(event));
      return;
    case 2: {
      usher::User description;
      description.id = user;
      description.groups = {{organizer, 1}};
      catalog->UpsertUser(description);
      return;
    }
    default:
      catalog->Apply(catalog->UserRowOf(user), catalog->EventRowOf(event),
                     static_cast<Kind>(1 + random.Below(18)), kNone,
                     static_cast<Micros>(random.Below(100)) * kHour);
  }
}

std::vector<std::pair<EventRow, OrganizerRow>> CommitmentsIn(
    const Catalog& catalog, size_t user) {
  std::vector<std::pair<EventRow, OrganizerRow>> commitments;
  for (const Action& past : catalog.users.history[user]) {
    if (!IsCommitment(past.kind)) continue;
    commitments.emplace_back(
        past.event, catalog.events.columns[Index(past.event)].organizer);
  }
  return commitments;
}

// Counts again what the counters say, from the histories alone.
void ExpectCountersMatchHistories(const Catalog& catalog) {
  std::vector<std::set<int>> goers(catalog.num_events());
  std::vector<int> no(catalog.num_events());
  std::vector<std::set<int>> regulars(catalog.num_organizers());
  for (size_t user = 0; user < catalog.num_users(); ++user) {
    std::vector<std::pair<EventRow, OrganizerRow>> commitments;
    for (const Commitment& commitment : catalog.users.commitments[user]) {
      commitments.emplace_back(commitment.event, commitment.organizer);
    }
    EXPECT_EQ(commitments, CommitmentsIn(catalog, user));
    for (const Action& action : catalog.users.history[user]) {
      if (!IsAnswer(action.kind)) continue;
      const size_t event = Index(action.event);
      no[event] += !IsCommitment(action.kind) &&
                   TasteWeight(action.kind, action.value) < 0;
      if (!IsCommitment(action.kind)) continue;
      goers[event].insert(static_cast<int>(user));
      const OrganizerRow host = catalog.events.columns[event].organizer;
      if (host != kNoOrganizer) {
        regulars[Index(host)].insert(static_cast<int>(user));
      }
    }
  }
  std::vector<int> yes(catalog.num_organizers());
  std::vector<std::set<int>> hosted(catalog.num_organizers());
  for (size_t event = 0; event < catalog.num_events(); ++event) {
    EXPECT_EQ(catalog.events.counters[event].yes,
              static_cast<int>(goers[event].size()));
    EXPECT_EQ(catalog.events.counters[event].no, no[event]);
    std::multiset<int> attendees;
    for (const UserRow user : catalog.events.attendees[event]) {
      attendees.insert(static_cast<int>(user));
    }
    EXPECT_THAT(attendees, ::testing::ElementsAreArray(goers[event]));
    const OrganizerRow host = catalog.events.columns[event].organizer;
    if (host == kNoOrganizer) continue;
    yes[Index(host)] += static_cast<int>(goers[event].size());
    hosted[Index(host)].insert(static_cast<int>(event));
  }
  for (size_t row = 0; row < catalog.num_organizers(); ++row) {
    const OrganizerCounters& counters = catalog.organizers.counters[row];
    EXPECT_EQ(counters.yes, yes[row]);
    EXPECT_EQ(counters.events, static_cast<int>(hosted[row].size()));
    EXPECT_EQ(counters.users, static_cast<int>(regulars[row].size()));
    std::multiset<int> events, users;
    for (const EventRow event : catalog.organizers.events[row]) {
      events.insert(static_cast<int>(event));
    }
    for (const UserRow user : catalog.organizers.attendees[row]) {
      users.insert(static_cast<int>(user));
    }
    EXPECT_THAT(events, ::testing::ElementsAreArray(hosted[row]));
    EXPECT_THAT(users, ::testing::ElementsAreArray(regulars[row]));
  }
}

TEST(CatalogModelTest, CountersAreWhatTheHistoriesSayAfterAnyWrites) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Catalog catalog;
    Random random(seed);
    for (int i = 0; i < 3000; ++i) {
      WriteAnything(random, &catalog);
      if (i % 250 == 0) ExpectCountersMatchHistories(catalog);
    }
    ExpectCountersMatchHistories(catalog);
  }
}

TEST(CatalogModelTest, ACopyNeverChangesWhenTheOriginalIsWritten) {
  Catalog catalog;
  Random random(9);
  std::vector<Catalog> copies;
  std::vector<std::string> dumps;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 40; ++i) WriteAnything(random, &catalog);
    copies.push_back(catalog.Share());
    dumps.push_back(Dump(copies.back()));
  }
  for (int i = 0; i < 400; ++i) WriteAnything(random, &catalog);
  for (size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(Dump(copies[i]), dumps[i]) << i;
  }
}

TEST(CatalogModelTest, TheOriginalNeverChangesWhenACopyIsWritten) {
  Catalog catalog;
  Random random(10);
  for (int i = 0; i < 300; ++i) WriteAnything(random, &catalog);
  const std::string before = Dump(catalog);
  Catalog copy = catalog.Share();
  for (int i = 0; i < 300; ++i) WriteAnything(random, &copy);
  EXPECT_EQ(Dump(catalog), before);
}

TEST(CatalogModelTest, ACopyDoesNotKnowWhatWasAddedLater) {
  Catalog catalog;
  catalog.UpsertEvent(MakeEvent("a", "o"));
  const Catalog copy = catalog.Share();
  catalog.UpsertEvent(MakeEvent("b", "p"));
  catalog.UserRowOf("u");
  EXPECT_EQ(copy.FindEvent("b"), kNoEvent);
  EXPECT_EQ(copy.FindOrganizer("p"), kNoOrganizer);
  EXPECT_EQ(copy.FindUser("u"), kNoUser);
  EXPECT_EQ(catalog.FindEvent("b"), EventRow{1});
}

TEST_F(CatalogTest, OfAForgottenUserNothingIsLeft) {
  const UserRow ann = catalog_.UpsertUser([] {
    usher::User user;
    user.id = "ann";
    user.city = "x";
    user.groups = {{"g", 3}};
    return user;
  }());
  const UserRow bob = User("bob");
  const EventRow one = Add("one", "g");
  const EventRow two = Add("two", "g");
  const EventRow three = Add("three");
  for (const UserRow user : {ann, bob}) {
    Apply(user, one, Kind::kRsvpYes, 5);
    Apply(user, two, Kind::kAttend, 6);
  }
  Apply(ann, three, Kind::kRsvpNo, 7);
  Apply(ann, three, Kind::kView, 8);
  const int64_t revision = catalog_.changed_events.revision();
  catalog_.ForgetUser(ann);
  EXPECT_THAT(catalog_.changed_events.Since(revision),
              Optional(ElementsAre(one, two, three)));
  EXPECT_EQ(catalog_.FindUser("ann"), kNoUser);
  EXPECT_TRUE(History(ann).empty());
  EXPECT_TRUE(catalog_.users.commitments[Index(ann)].empty());
  EXPECT_TRUE(catalog_.GetUser(ann).city.empty());
  EXPECT_TRUE(catalog_.GetUser(ann).groups.empty());
  EXPECT_EQ(catalog_.users.columns[Index(ann)].changed, 1);
  for (const EventRow event : {one, two}) {
    EXPECT_THAT(Attendees(event), ElementsAre(bob));
    EXPECT_EQ(Of(event).yes, 1);
  }
  EXPECT_EQ(Of(three).no, 0);
  EXPECT_THAT(Regulars("g"), ElementsAre(bob));
  EXPECT_EQ(Host("g").users, 1);
  EXPECT_EQ(Host("g").yes, 2);
}

// A catalogue in which somebody was forgotten counts what one counts in which
// they never were.
TEST(CatalogForgetTest, CountersAreThoseOfTheOthers) {
  Random random(4);
  Catalog with;
  Catalog without;
  for (int i = 0; i < 20; ++i) {
    for (Catalog* catalog : {&with, &without}) {
      catalog->UpsertEvent(
          MakeEvent(absl::StrCat("e", i), absl::StrCat("o", i % 4)));
    }
  }
  constexpr Kind kKinds[] = {Kind::kRsvpYes, Kind::kRsvpNo, Kind::kAttend,
                             Kind::kView, Kind::kInterested};
  for (int n = 0; n < 2000; ++n) {
    const std::string user = absl::StrCat("u", random.Below(15));
    const EventRow event{static_cast<int32_t>(random.Below(20))};
    const Kind kind = kKinds[random.Below(5)];
    with.Apply(with.UserRowOf(user), event, kind, kNone, n * kMinute);
    if (user == "u7") continue;
    without.Apply(without.UserRowOf(user), event, kind, kNone, n * kMinute);
  }
  with.ForgetUser(with.FindUser("u7"));
  for (int i = 0; i < 20; ++i) {
    const EventCounters& a = with.events.counters[i];
    const EventCounters& b = without.events.counters[i];
    EXPECT_EQ(a.yes, b.yes);
    EXPECT_EQ(a.no, b.no);
    EXPECT_EQ(with.events.attendees[i].size(),
              without.events.attendees[i].size());
    for (size_t horizon = 0; horizon < 3; ++horizon) {
      EXPECT_NEAR(a.answers.At(horizon, 2000 * kMinute, kEventHorizons),
                  b.answers.At(horizon, 2000 * kMinute, kEventHorizons), 1e-3);
    }
  }
  for (int o = 0; o < 4; ++o) {
    EXPECT_EQ(with.organizers.counters[o].yes,
              without.organizers.counters[o].yes);
    EXPECT_EQ(with.organizers.counters[o].users,
              without.organizers.counters[o].users);
  }
}

}  // namespace
}  // namespace usher
