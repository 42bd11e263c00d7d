#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/scratch_folder.h"
#include "trainer/data/events_jsonl.h"
#include "trainer/data/users_jsonl.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::VariantWith;

ReadOptions Lenient() {
  ReadOptions options;
  options.max_bad_fraction = 1;
  return options;
}

std::vector<Event> Events(absl::string_view text, ReadReport* report) {
  const ScratchFolder folder;
  absl::StatusOr<std::vector<Event>> events =
      ReadEvents(folder.Write("e.jsonl", text), Lenient(), report);
  EXPECT_TRUE(events.ok()) << events.status();
  return events.ok() ? *std::move(events) : std::vector<Event>();
}

std::vector<User> Users(absl::string_view text, ReadReport* report) {
  const ScratchFolder folder;
  absl::StatusOr<std::vector<User>> users =
      ReadUsers(folder.Write("u.jsonl", text), Lenient(), report);
  EXPECT_TRUE(users.ok()) << users.status();
  return users.ok() ? *std::move(users) : std::vector<User>();
}

// What is said of a single bad line.
std::string EventProblem(absl::string_view line) {
  ReadReport report;
  EXPECT_THAT(Events(absl::StrCat("{\"id\":\"ok\"}\n", line, "\n"), &report),
              ::testing::SizeIs(1))
      << line;
  EXPECT_EQ(report.bad, 1) << line;
  return report.first_errors.empty() ? "" : report.first_errors[0];
}

std::string UserProblem(absl::string_view line) {
  ReadReport report;
  EXPECT_THAT(Users(absl::StrCat(line, "\n"), &report), IsEmpty()) << line;
  EXPECT_EQ(report.bad, 1) << line;
  return report.first_errors.empty() ? "" : report.first_errors[0];
}

TEST(ReadEventsTest, ReadsEveryField) {
  ReadReport report;
  const std::vector<Event> events = Events(
      R"({"id":"e1","title":"Jazz \u00e9\n","description":"d","tags":["a","b"],)"
      R"("category":"c","organizer":"g1","organizer_name":"G","venue":"v",)"
      R"("city":"x","latitude":36.5,"longitude":-86,"start_time":1496275200,)"
      R"("end_time":"2017-06-01T01:00:00Z","announce_time":"1496000000.5",)"
      R"("price":12.5,"currency":"EUR","capacity":40,"status":"sold_out",)"
      R"("time_zone":"Europe/Paris","embedding":[1,-0.5],"extra":{"a":[1]}})"
      "\n",
      &report);
  ASSERT_EQ(events.size(), 1);
  const Event& event = events[0];
  EXPECT_EQ(event.id, "e1");
  EXPECT_EQ(event.title, "Jazz \u00e9\n");
  EXPECT_EQ(event.description, "d");
  EXPECT_THAT(event.tags, ElementsAre("a", "b"));
  EXPECT_EQ(event.category, "c");
  EXPECT_EQ(event.organizer, "g1");
  EXPECT_EQ(event.organizer_name, "G");
  EXPECT_EQ(event.venue, "v");
  EXPECT_EQ(event.city, "x");
  EXPECT_EQ(event.location.latitude, 36.5f);
  EXPECT_EQ(event.location.longitude, -86.0f);
  EXPECT_EQ(event.start_time, 1496275200 * kSecond);
  EXPECT_EQ(event.end_time, 1496278800 * kSecond);
  EXPECT_EQ(event.announce_time, 1496000000 * kSecond + 500000);
  EXPECT_EQ(event.price, 12.5f);
  EXPECT_EQ(event.currency, "EUR");
  EXPECT_EQ(event.capacity, 40);
  EXPECT_EQ(event.status, EventStatus::kSoldOut);
  EXPECT_EQ(event.time_zone, "Europe/Paris");
  EXPECT_THAT(event.embedding, ElementsAre(1.0f, -0.5f));
}

TEST(ReadEventsTest, LeavesOutWhatIsAbsentOrNull) {
  ReadReport report;
  const std::vector<Event> events = Events(
      "{\"id\":\"e1\"}\n\n"
      R"({"id":"e2","title":null,"tags":null,"latitude":null,"longitude":null,)"
      R"("start_time":null,"price":null,"capacity":null,"status":null,)"
      R"("embedding":null,"organizer":"","end_time":""})",
      &report);
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(report.bad, 0);
  for (const Event& event : events) {
    EXPECT_EQ(event.title, "");
    EXPECT_THAT(event.tags, IsEmpty());
    EXPECT_FALSE(event.location.known());
    EXPECT_EQ(event.start_time, kNoTime);
    EXPECT_EQ(event.announce_time, kNoTime);
    EXPECT_TRUE(std::isnan(event.price));
    EXPECT_EQ(event.capacity, -1);
    EXPECT_EQ(event.status, EventStatus::kScheduled);
    EXPECT_THAT(event.embedding, IsEmpty());
  }
}

TEST(ReadEventsTest, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(EventProblem("{\"id\":"),
              AllOf(HasSubstr("e.jsonl:2: "), HasSubstr("not valid JSON")));
  EXPECT_THAT(EventProblem("{\"id\":\"e\"} x"), HasSubstr("not valid JSON"));
  EXPECT_THAT(EventProblem("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(EventProblem("{}"), HasSubstr("id is missing"));
  EXPECT_THAT(EventProblem("{\"id\":null}"), HasSubstr("id is"));
  EXPECT_THAT(EventProblem("{\"id\":\"\"}"), HasSubstr("id is empty"));
  EXPECT_THAT(EventProblem("{\"id\":7}"), HasSubstr("id must be text, not"));
  EXPECT_THAT(
      EventProblem(absl::StrCat("{\"id\":\"", std::string(129, 'e'), "\"}")),
      HasSubstr("id is longer than 128 bytes"));
  EXPECT_THAT(EventProblem("{\"id\":\"\xFF\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(EventProblem("{\"id\":\"e\",\"price\":NaN}"),
              HasSubstr("not valid JSON"));
}

TEST(ReadEventsTest, SaysWhatIsWrongWithAField) {
  const auto problem = [](absl::string_view field) {
    return EventProblem(absl::StrCat("{\"id\":\"e\",", field, "}"));
  };
  EXPECT_THAT(problem(R"("title":5)"), HasSubstr("title must be text, not"));
  EXPECT_THAT(problem(R"("tags":"a")"), HasSubstr("tags must be a list"));
  EXPECT_THAT(problem(R"("tags":["a",1])"), HasSubstr("tags must be a list"));
  EXPECT_THAT(problem(R"("organizer":1)"), HasSubstr("organizer must be"));
  EXPECT_THAT(problem(R"("latitude":"36")"), HasSubstr("latitude must be a"));
  EXPECT_THAT(problem(R"("latitude":36)"), HasSubstr("must come together"));
  EXPECT_THAT(problem(R"("latitude":91,"longitude":0)"),
              HasSubstr("not a place on the earth"));
  EXPECT_THAT(problem(R"("start_time":"soon")"),
              HasSubstr("start_time must be a time"));
  EXPECT_THAT(problem(R"("start_time":1496275200000)"),
              HasSubstr("start_time must be a time"));
  EXPECT_THAT(problem(R"("start_time":true)"),
              HasSubstr("start_time must be a time"));
  EXPECT_THAT(problem(R"("price":-1)"), HasSubstr("price -1 is negative"));
  EXPECT_THAT(problem(R"("price":1e300)"), HasSubstr("price"));
  EXPECT_THAT(problem(R"("price":1e999)"), HasSubstr("e.jsonl:2: "));
  EXPECT_THAT(problem(R"("capacity":1.5)"), HasSubstr("capacity 1.5"));
  EXPECT_THAT(problem(R"("capacity":9999999999)"), HasSubstr("capacity"));
  EXPECT_THAT(problem(R"("status":"open")"), HasSubstr("status \"open\""));
  EXPECT_THAT(problem(R"("embedding":[1,"a"])"), HasSubstr("embedding must"));
  EXPECT_THAT(problem(R"("embedding":[1e39])"), HasSubstr("embedding must"));
}

TEST(ReadEventsTest, WantsEmbeddingsOfOneLength) {
  ReadReport report;
  const std::vector<Event> events = Events(R"({"id":"e1","embedding":[1,2]})"
                                           "\n"
                                           R"({"id":"e2","embedding":[1,2,3]})"
                                           "\n"
                                           R"({"id":"e3"})"
                                           "\n",
                                           &report);
  EXPECT_EQ(events.size(), 2);
  EXPECT_THAT(report.first_errors,
              ElementsAre(HasSubstr("e.jsonl:2: embedding has 3 numbers")));
}

TEST(ReadEventsTest, LaterLineReplacesAnEarlierOneAndIsCounted) {
  ReadReport report;
  const std::vector<Event> events = Events(
      "{\"id\":\"e1\",\"title\":\"old\",\"city\":\"x\"}\n{\"id\":\"e2\"}\n"
      "{\"id\":\"e1\",\"title\":\"new\"}\n{\"id\":\"e1\",\"title\":\"last\"}\n",
      &report);
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0].title, "last");
  EXPECT_EQ(events[0].city, "");
  EXPECT_EQ(report.rows, 2);
  EXPECT_EQ(report.duplicates, 2);
  EXPECT_EQ(report.bad, 2);
  EXPECT_THAT(report.first_errors,
              ElementsAre(HasSubstr("e.jsonl:3: id \"e1\" was on line 1"),
                          HasSubstr("e.jsonl:4: id \"e1\" was on line 3")));
}

TEST(ReadEventsTest, FailsAboveTheAllowedShareOfBadLines) {
  const ScratchFolder folder;
  ReadReport report;
  const absl::Status status =
      ReadEvents(folder.Write("e.jsonl", "{\"id\":\"e1\"}\n{}\n"), {}, &report)
          .status();
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("1 of 2 lines"), HasSubstr("e.jsonl:2: id is"),
                    HasSubstr("--max_bad_fraction")));
}

TEST(ReadEventsTest, ReadsGzipAndManyBlocks) {
  const ScratchFolder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppend(&text, "{\"id\":\"e", i, "\",\"description\":\"",
                    std::string(1000, 'd'), "\"}\r\n");
  }
  ReadReport report;
  const auto events =
      ReadEvents(folder.Write("e.jsonl.gz", Gzipped(text)), {}, &report);
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->size(), 5000);
  EXPECT_EQ(events->back().id, "e4999");
  EXPECT_EQ(report.rows, 5000);
}

TEST(ReadUsersTest, ReadsEveryField) {
  ReadReport report;
  const std::vector<User> users = Users(
      R"({"id":"u1","latitude":1,"longitude":2.5,"city":"x","tags":["t"],)"
      R"("groups":[{"id":"g1","joined":5},{"id":"g2"},{"joined":"",)"
      R"("id":"g3"}],"joined_time":"1970-01-01T00:00:07Z"})",
      &report);
  ASSERT_EQ(users.size(), 1);
  const User& user = users[0];
  EXPECT_EQ(user.location.longitude, 2.5f);
  EXPECT_EQ(user.city, "x");
  EXPECT_THAT(user.tags, ElementsAre("t"));
  ASSERT_EQ(user.groups.size(), 3);
  EXPECT_EQ(user.groups[0].id, "g1");
  EXPECT_EQ(user.groups[0].joined, 5 * kSecond);
  EXPECT_EQ(user.groups[1].joined, kNoTime);
  EXPECT_EQ(user.groups[2].joined, kNoTime);
  EXPECT_EQ(user.joined_time, 7 * kSecond);
  EXPECT_THAT(user.features, IsEmpty());
}

TEST(ReadUsersTest, OtherTextsAndNumbersBecomeFeaturesByName) {
  ReadReport report;
  const std::vector<User> users = Users(
      R"({"user_type":"student","id":"u1","birth_year":1990,"degree":"BSc",)"
      R"("score":0.5,"empty":"","none":null,"yes":true,"list":[1],)"
      R"("degree":"MSc"})",
      &report);
  ASSERT_EQ(users.size(), 1);
  EXPECT_EQ(report.bad, 0);
  EXPECT_THAT(
      users[0].features,
      ElementsAre(Pair("birth_year", VariantWith<double>(1990)),
                  Pair("degree", VariantWith<std::string>("MSc")),
                  Pair("score", VariantWith<double>(0.5)),
                  Pair("user_type", VariantWith<std::string>("student"))));
}

TEST(ReadUsersTest, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(UserProblem("{\"city\":\"x\"}"),
              HasSubstr("u.jsonl:1: id is missing"));
  EXPECT_THAT(UserProblem(R"({"id":"u","city":1})"),
              HasSubstr("city must be text"));
  EXPECT_THAT(UserProblem(R"({"id":"u","groups":["g1"]})"),
              HasSubstr("groups must be"));
  EXPECT_THAT(UserProblem(R"({"id":"u","groups":{"id":"g1"}})"),
              HasSubstr("groups must be"));
  EXPECT_THAT(UserProblem(R"({"id":"u","groups":[{"joined":5}]})"),
              HasSubstr("id of a group is missing"));
  EXPECT_THAT(UserProblem(R"({"id":"u","groups":[{"id":"g","joined":"x"}]})"),
              HasSubstr("joined of a group must be a time"));
  EXPECT_THAT(UserProblem(R"({"id":"u","joined_time":[]})"),
              HasSubstr("joined_time must be a time"));
  EXPECT_THAT(UserProblem(R"({"id":"u","latitude":0,"longitude":200})"),
              HasSubstr("not a place"));
}

TEST(ReadUsersTest, LaterLineReplacesAnEarlierOne) {
  ReadReport report;
  const std::vector<User> users =
      Users("{\"id\":\"u1\",\"city\":\"a\"}\n{\"id\":\"u1\",\"city\":\"b\"}\n",
            &report);
  ASSERT_EQ(users.size(), 1);
  EXPECT_EQ(users[0].city, "b");
  EXPECT_EQ(report.duplicates, 1);
}

}  // namespace
}  // namespace usher
