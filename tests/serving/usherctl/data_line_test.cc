#include "serving/usherctl/data_line.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace usher::ctl {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class Message>
void ExpectIs(const Message& message, const char* text) {
  Message expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected));
  EXPECT_TRUE(MessageDifferencer::Equals(message, expected))
      << message.DebugString();
}

std::string ErrorOfEvent(absl::string_view line) {
  v1::Event event;
  const absl::Status status = ReadEventLine(line, event);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
  return std::string(status.message());
}

std::string ErrorOfUser(absl::string_view line) {
  v1::User user;
  const absl::Status status = ReadUserLine(line, user);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
  return std::string(status.message());
}

TEST(DataLineTest, ReadsEveryFieldOfAnEvent) {
  v1::Event event;
  ASSERT_TRUE(ReadEventLine(
                  R"({"id": "e1", "title": "Jazz, \"late\"",
                      "description": "d", "tags": ["a,b", "c"],
                      "category": "music", "organizer": "o1",
                      "organizer_name": "Blue", "venue": "Room",
                      "city": "Nashville", "latitude": 36.16,
                      "longitude": -86.78, "start_time": 1496430000,
                      "end_time": "2017-06-02T21:00:00Z",
                      "announce_time": "1496000000.5", "price": 12.5,
                      "currency": "USD", "capacity": 80,
                      "status": "sold_out", "time_zone": "America/Chicago",
                      "embedding": [0.5, -1], "colour": {"r": 1}})",
                  event)
                  .ok());
  ExpectIs(event, R"pb(
    id: "e1"
    title: "Jazz, \"late\""
    description: "d"
    tags: "a,b"
    tags: "c"
    category: "music"
    organizer: "o1"
    organizer_name: "Blue"
    venue: "Room"
    city: "Nashville"
    location { latitude: 36.16 longitude: -86.78 }
    start_time { seconds: 1496430000 }
    end_time { seconds: 1496437200 }
    announce_time { seconds: 1496000000 nanos: 500000000 }
    price: 12.5
    currency: "USD"
    capacity: 80
    status: EVENT_STATUS_SOLD_OUT
    time_zone: "America/Chicago"
    embedding: 0.5
    embedding: -1
  )pb");
}

TEST(DataLineTest, NullsAndEmptyTextsOfAnEventAreAbsent) {
  v1::Event event;
  ASSERT_TRUE(ReadEventLine(R"({"id": "e1", "title": null, "capacity": null,
                                "latitude": null, "tags": null, "status": "",
                                "start_time": "", "price": 0})",
                            event)
                  .ok());
  ExpectIs(event, R"pb(id: "e1" price: 0)pb");
}

TEST(DataLineTest, UnknownTextsAndNumbersOfAUserAreFeatures) {
  v1::User user;
  ASSERT_TRUE(ReadUserLine(R"({"id": "ann", "latitude": 1, "longitude": 2.5,
                       "city": "Nashville", "tags": ["jazz"],
                       "groups": [{"id": "o1", "joined": 1496430000},
                                  {"id": "o2", "role": "host"}],
                       "joined_time": "2017-06-02 19:00:00Z",
                       "degree": "MSc", "birth_year": 1985, "nick": "",
                       "friend": true, "location": "west"})",
                           user)
                  .ok());
  ExpectIs(user, R"pb(
    id: "ann"
    location { latitude: 1 longitude: 2.5 }
    city: "Nashville"
    tags: "jazz"
    groups {
      id: "o1"
      joined { seconds: 1496430000 }
    }
    groups { id: "o2" }
    joined_time { seconds: 1496430000 }
    features {
      key: "degree"
      value { text: "MSc" }
    }
    features {
      key: "birth_year"
      value { number: 1985 }
    }
    features {
      key: "location"
      value { text: "west" }
    }
  )pb");
}

TEST(DataLineTest, SaysWhatIsWrongWithAnObject) {
  EXPECT_THAT(ErrorOfEvent("{"), StartsWith("not valid JSON: "));
  EXPECT_EQ(ErrorOfEvent("[1]"), "not a JSON object: [1]");
  EXPECT_THAT(ErrorOfEvent("id,title"), StartsWith("not a JSON object: "));
  EXPECT_THAT(ErrorOfEvent(R"({"id": "e1"} {})"),
              StartsWith("not valid JSON: "));
  EXPECT_EQ(ErrorOfEvent("{\"id\": \"\xff\"}"), "not UTF-8");
  EXPECT_EQ(ErrorOfEvent("{}"), "id is missing");
  EXPECT_EQ(ErrorOfEvent(R"({"id": 7})"), "id must be text, not 7");
  EXPECT_EQ(ErrorOfEvent(R"({"id": ")" + std::string(129, 'x') + "\"}"),
            "id has 129 bytes; an id has 128 at most");
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "price": "5"})"),
            "price must be a number, not \"5\"");
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "capacity": 1.5})"),
            "capacity must be a whole number, not 1.5");
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "tags": "jazz"})"),
            "tags must be a list of texts, not \"jazz\"");
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "tags": ["jazz", 1]})"),
            "tags must be a list of texts, not [\"jazz\",1]");
  EXPECT_THAT(ErrorOfEvent(R"({"id": "e", "embedding": [1e39]})"),
              StartsWith("embedding must be a list of numbers"));
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "latitude": 1})"),
            "latitude and longitude must come together");
  EXPECT_EQ(ErrorOfEvent(R"({"id": "e", "status": "over"})"),
            "status: 'over' is not one of scheduled, cancelled, sold_out, "
            "hidden");
  EXPECT_THAT(ErrorOfEvent(R"({"id": "e", "start_time": "soon"})"),
              StartsWith("start_time: 'soon' is no time; write "));
  EXPECT_THAT(ErrorOfEvent(R"({"id": "e", "start_time": 1496430000000})"),
              StartsWith("start_time: '1496430000000' is no time; write "));
  EXPECT_THAT(ErrorOfEvent(R"({"id": "e", "start_time": true})"),
              StartsWith("start_time must be a time"));
  EXPECT_THAT(ErrorOfUser(R"({"id": "u", "groups": ["o1"]})"),
              StartsWith("groups must be a list of objects with an id"));
  EXPECT_EQ(ErrorOfUser(R"({"id": "u", "groups": [{"joined": 1}]})"),
            "groups: id is missing");
}

TEST(DataLineTest, ReadsRowsBelowAHeaderInAnyOrder) {
  const absl::StatusOr<InteractionRows> rows = InteractionRows::Below(
      "event_id,user_id,latitude,longitude,kind,value,timestamp,device,mood");
  ASSERT_TRUE(rows.ok()) << rows.status();
  v1::Interaction full;
  ASSERT_TRUE(
      rows->Read("e1,ann,36.16,-86.78,rating,4.5,1496430000,mobile,x", full)
          .ok());
  ExpectIs(full, R"pb(
    user_id: "ann"
    event_id: "e1"
    kind: INTERACTION_KIND_RATING
    value: 4.5
    occurred_at { seconds: 1496430000 }
    device: "mobile"
    location { latitude: 36.16 longitude: -86.78 }
  )pb");
  v1::Interaction bare;
  ASSERT_TRUE(rows->Read(R"("e,""1""",ann,,,view,,,,)", bare).ok());
  ExpectIs(bare,
           R"pb(
             user_id: "ann" event_id: "e,\"1\"" kind: INTERACTION_KIND_VIEW
           )pb");
}

TEST(DataLineTest, SaysWhatIsWrongWithAHeaderOrARow) {
  const auto error_of_header = [](absl::string_view header) {
    return std::string(InteractionRows::Below(header).status().message());
  };
  EXPECT_EQ(error_of_header("user_id,event_id,value,timestamp"),
            "the header lacks column kind; needed are "
            "user_id,event_id,kind,value,timestamp");
  const std::string header = "user_id,event_id,kind,value,timestamp";
  EXPECT_EQ(error_of_header(header + ",kind"),
            "the header has column 'kind' twice");
  EXPECT_THAT(error_of_header(header + ",latitude"), HasSubstr("both"));

  const absl::StatusOr<InteractionRows> rows =
      InteractionRows::Below(header + ",latitude,longitude");
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto error = [&rows](absl::string_view row) {
    v1::Interaction interaction;
    const absl::Status status = rows->Read(row, interaction);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row;
    return std::string(status.message());
  };
  EXPECT_EQ(error("ann,e1,view"), "3 fields where the header has 7");
  EXPECT_EQ(error(",e1,view,,,,"), "user_id must have 1 to 128 bytes");
  EXPECT_EQ(error("ann,,view,,,,"), "event_id must have 1 to 128 bytes");
  EXPECT_EQ(error("ann,e1,,,,,"),
            "kind is empty; rsvp_yes, view, ... are "
            "kinds");
  EXPECT_THAT(error("ann,e1,viewed,,,,"),
              StartsWith("kind: 'viewed' is not one of rsvp_yes, "));
  EXPECT_EQ(error("ann,e1,view,much,,,"), "value: 'much' is no number");
  EXPECT_THAT(error("ann,e1,view,,now,,"),
              StartsWith("timestamp: 'now' is no time; write "));
  EXPECT_THAT(error("ann,e1,view,,,91,0"),
              StartsWith("latitude and longitude: '91,0' is no place"));
  EXPECT_THAT(error("ann,e1,view,,,,5"),
              StartsWith("latitude and longitude: ',5' is no place"));
  EXPECT_THAT(error("\"ann,e1,view,,,,"), HasSubstr("not closed"));
  EXPECT_THAT(error("\"ann\"x,e1,view,,,,"), HasSubstr("closing quote"));
  EXPECT_THAT(error("a\"n,e1,view,,,,"), HasSubstr("a quote within"));
  EXPECT_EQ(error("\xff,e1,view,,,,"), "not UTF-8");
}

}  // namespace
}  // namespace usher::ctl
