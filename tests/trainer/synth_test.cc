#include "trainer/data/synth.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"
#include "trainer/data/dataset.h"
#include "trainer/data/synth_city.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFiles[] = {"events.jsonl", "users.jsonl",
                                  "interactions.csv"};

SynthOptions Small(uint64_t seed) {
  SynthOptions options;
  options.users = 200;
  options.events = 150;
  options.interactions = 3000;
  options.seed = seed;
  return options;
}

// The city of the default options, written once and read back.
class SynthCityTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string dir =
        absl::StrCat(testing::TempDir(), "/SynthCityTest.city");
    ASSERT_TRUE(WriteSyntheticCity(dir, SynthOptions(), nullptr).ok());
    ReadOptions options;
    options.max_bad_fraction = 0;
    report_ = new DatasetReport;
    absl::StatusOr<Dataset> data =
        LoadDataset({dir + "/events.jsonl", dir + "/users.jsonl",
                     dir + "/interactions.csv"},
                    options, std::nullopt, report_);
    ASSERT_TRUE(data.ok()) << data.status();
    data_ = new Dataset(*std::move(data));
    std::filesystem::remove_all(dir);
  }
  static void TearDownTestSuite() {
    delete data_;
    delete report_;
  }

  static bool IsUpcoming(const Event& event) {
    return event.start_time > kSyntheticNow;
  }
  static const Event& EventOf(const InteractionRecord& row) {
    return data_->events[row.event];
  }

  static Dataset* data_;
  static DatasetReport* report_;
};
Dataset* SynthCityTest::data_ = nullptr;
DatasetReport* SynthCityTest::report_ = nullptr;

TEST(WriteSyntheticCityTest, EqualSeedsGiveEqualBytes) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteSyntheticCity(folder.Path("a"), Small(1), nullptr).ok());
  ASSERT_TRUE(WriteSyntheticCity(folder.Path("b"), Small(1), nullptr).ok());
  ASSERT_TRUE(WriteSyntheticCity(folder.Path("c"), Small(2), nullptr).ok());
  for (const char* file : kFiles) {
    const std::string first = folder.Read(absl::StrCat("a/", file));
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(folder.Read(absl::StrCat("b/", file)), first) << file;
    EXPECT_NE(folder.Read(absl::StrCat("c/", file)), first) << file;
  }
}

TEST(WriteSyntheticCityTest, EndsEachFileWithAFullProgress) {
  const ScratchFolder folder;
  std::map<std::string, std::pair<int64_t, int64_t>> last;
  const auto progress = [&](absl::string_view file, int64_t done,
                            int64_t total) {
    last[std::string(file)] = {done, total};
  };
  ASSERT_TRUE(WriteSyntheticCity(folder.Path("a"), Small(1), progress).ok());
  EXPECT_EQ(last["events.jsonl"], std::make_pair(int64_t{150}, int64_t{150}));
  EXPECT_EQ(last["users.jsonl"], std::make_pair(int64_t{200}, int64_t{200}));
  EXPECT_EQ(last["interactions.csv"],
            std::make_pair(int64_t{3000}, int64_t{3000}));
}

TEST(WriteSyntheticCityTest, GivesTheNumbersAskedForHoweverOddTheyAre) {
  const ScratchFolder folder;
  for (const auto& [users, events, interactions] :
       std::vector<std::tuple<int, int, int>>{
           {10, 50, 0}, {10, 50, 1}, {10, 50, 5000}, {3000, 60, 777}}) {
    SynthOptions options;
    options.users = users;
    options.events = events;
    options.interactions = interactions;
    const std::string dir = folder.Path(absl::StrCat(users, "-", interactions));
    const absl::Status status = WriteSyntheticCity(dir, options, nullptr);
    ASSERT_TRUE(status.ok()) << status;
    const auto data = LoadDataset({dir + "/events.jsonl", dir + "/users.jsonl",
                                   dir + "/interactions.csv"},
                                  {});
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->users.size(), users);
    EXPECT_EQ(data->events.size(), events);
    EXPECT_EQ(data->interactions.size(), interactions);
  }
}

TEST(WriteSyntheticCityTest, NamesWhatItCannotDo) {
  const ScratchFolder folder;
  SynthOptions options;
  options.events = 3;
  EXPECT_THAT(WriteSyntheticCity(folder.Path("a"), options, nullptr).message(),
              HasSubstr("at least 10 users and 50 events"));
  const std::string file = folder.Write("file", "x");
  EXPECT_THAT(
      WriteSyntheticCity(file + "/b", SynthOptions(), nullptr).message(),
      HasSubstr("file/b: cannot be made"));
}

TEST_F(SynthCityTest, ReadsBackWholeWithoutABadLine) {
  const SynthOptions options;
  EXPECT_EQ(data_->events.size(), options.events);
  EXPECT_EQ(data_->users.size(), options.users);
  EXPECT_EQ(data_->interactions.size(), options.interactions);
  EXPECT_EQ(
      report_->events.bad + report_->users.bad + report_->interactions.bad, 0);
}

TEST_F(SynthCityTest, ShareOfUpcomingEventsIsAboutFifteenPercent) {
  const auto upcoming =
      std::count_if(data_->events.begin(), data_->events.end(), IsUpcoming);
  EXPECT_GT(upcoming, 0.12 * data_->events.size());
  EXPECT_LT(upcoming, 0.18 * data_->events.size());
}

TEST_F(SynthCityTest, EventsAreWholeAndAnnouncedOneToSixWeeksAhead) {
  std::set<EventStatus> statuses;
  for (const Event& event : data_->events) {
    statuses.insert(event.status);
    EXPECT_FALSE(event.title.empty());
    EXPECT_FALSE(event.description.empty());
    EXPECT_GE(event.tags.size(), 2);
    EXPECT_TRUE(IsValid(event.location));
    EXPECT_GT(event.end_time, event.start_time);
    EXPECT_GE(event.start_time, kSyntheticBegin - 4 * kDay);
    EXPECT_LT(event.announce_time, kSyntheticNow);
    EXPECT_GE(event.start_time - event.announce_time, 7 * kDay);
    EXPECT_LE(event.start_time - event.announce_time, 47 * kDay);
    EXPECT_GE(event.price, 0);
    EXPECT_GT(event.capacity, 0);
    EXPECT_FALSE(event.time_zone.empty());
  }
  EXPECT_GE(statuses.size(), 3);
}

TEST_F(SynthCityTest, SomeUpcomingEventsAreColdAndSomeOfNewOrganizers) {
  std::set<int32_t> warm;
  std::set<std::string> known;
  for (const InteractionRecord& row : data_->interactions) {
    warm.insert(row.event);
    known.insert(EventOf(row).organizer);
  }
  int cold = 0, of_strangers = 0;
  for (size_t i = 0; i < data_->events.size(); ++i) {
    if (!IsUpcoming(data_->events[i])) continue;
    cold += warm.count(static_cast<int32_t>(i)) == 0;
    of_strangers += known.count(data_->events[i].organizer) == 0;
  }
  EXPECT_GT(cold, 10);
  EXPECT_GT(of_strangers, 0);
}

TEST_F(SynthCityTest, EverythingIsDoneAfterTheAnnouncementAndBeforeNow) {
  for (const InteractionRecord& row : data_->interactions) {
    ASSERT_GE(row.time, EventOf(row).announce_time);
    ASSERT_GE(row.time, data_->users[row.user].joined_time);
    ASSERT_LT(row.time, kSyntheticNow);
    const bool after = row.kind == InteractionKind::kAttend ||
                       row.kind == InteractionKind::kRating;
    ASSERT_EQ(after, row.time >= EventOf(row).start_time);
  }
  for (const User& user : data_->users) {
    EXPECT_LT(user.joined_time, kSyntheticNow);
    EXPECT_EQ(user.features.size(), 3);
    for (const Group& group : user.groups) {
      EXPECT_GE(group.joined, user.joined_time);
      EXPECT_LT(group.joined, kSyntheticNow);
    }
  }
}

TEST_F(SynthCityTest, NobodyAnswersAnEventTwice) {
  std::set<std::pair<int32_t, int32_t>> answered;
  for (const InteractionRecord& row : data_->interactions) {
    if (!IsAnswer(row.kind) || row.kind == InteractionKind::kAttend ||
        row.kind == InteractionKind::kRating ||
        row.kind == InteractionKind::kTicket) {
      continue;
    }
    ASSERT_TRUE(answered.insert({row.user, row.event}).second);
  }
}

TEST_F(SynthCityTest, MostAnswersAreYesAndAllKindsOfThemOccur) {
  std::map<InteractionKind, int> counts;
  for (const InteractionRecord& row : data_->interactions) ++counts[row.kind];
  EXPECT_GT(counts[InteractionKind::kRsvpYes],
            4 * counts[InteractionKind::kRsvpNo]);
  EXPECT_GT(counts[InteractionKind::kAttend],
            0.5 * counts[InteractionKind::kRsvpYes]);
  for (const auto kind :
       {InteractionKind::kRsvpNo, InteractionKind::kWaitlist,
        InteractionKind::kView, InteractionKind::kSave,
        InteractionKind::kDismiss, InteractionKind::kRating}) {
    EXPECT_GT(counts[kind], 0) << InteractionKindName(kind);
  }
}

TEST_F(SynthCityTest, PeopleComeBackToOrganizers) {
  std::set<std::pair<int32_t, std::string>> met;
  std::map<std::string, int> size;
  int yes = 0, loyal = 0;
  for (const InteractionRecord& row : data_->interactions) {
    if (row.kind != InteractionKind::kRsvpYes) continue;
    ++yes;
    ++size[EventOf(row).organizer];
    loyal += !met.insert({row.user, EventOf(row).organizer}).second;
  }
  EXPECT_GT(loyal, 0.3 * yes);
  // No organizer is so large that this says nothing.
  for (const auto& [organizer, count] : size) EXPECT_LT(count, 0.25 * yes);
}

TEST_F(SynthCityTest, ManyDecideOnTheDayOfTheAnnouncement) {
  int yes = 0, at_once = 0;
  for (const InteractionRecord& row : data_->interactions) {
    if (row.kind != InteractionKind::kRsvpYes) continue;
    ++yes;
    at_once += row.time - EventOf(row).announce_time < kDay;
  }
  EXPECT_GT(at_once, 0.15 * yes);
  EXPECT_LT(at_once, 0.6 * yes);
}

TEST_F(SynthCityTest, ActivityHasAHeavyTail) {
  std::vector<int> counts(data_->users.size());
  for (const InteractionRecord& row : data_->interactions) ++counts[row.user];
  std::sort(counts.begin(), counts.end());
  const int median = counts[counts.size() / 2];
  EXPECT_GT(median, 3);
  EXPECT_GT(counts[counts.size() * 99 / 100], 6 * median);
  EXPECT_LT(counts.back(), 0.03 * data_->interactions.size());
}

TEST_F(SynthCityTest, SeriesRepeatTheirTitleOnOneWeekday) {
  std::map<std::pair<std::string, std::string>, std::multiset<int>> series;
  for (const Event& event : data_->events) {
    const size_t dash = event.title.find(" - ");
    if (dash == std::string::npos) continue;
    series[{event.organizer, event.title.substr(0, dash)}].insert(
        SynthWeekday(event.start_time));
  }
  size_t longest = 0;
  for (const auto& [name, weekdays] : series) {
    longest = std::max(longest, weekdays.size());
    EXPECT_LE(std::set<int>(weekdays.begin(), weekdays.end()).size(), 2);
  }
  EXPECT_GT(longest, 10);
}

}  // namespace
}  // namespace usher
