#include "serving/precompute/result_lines.h"

#include <variant>

#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

TEST(ResultLinesTest, AnEventIsShownWithTheNamesOfTheDataFiles) {
  Event event;
  event.id = std::string("e1");
  event.title = std::string("A \"jazz\"\n\x01 night \\ é");
  event.description = std::string("d");
  event.tags = {"a", "b"};
  event.organizer_name = std::string("Club");
  event.venue = std::string("v");
  event.city = std::string("Ghent");
  event.location = {51.5f, 3.75f};
  event.start_time = 1'700'000'000 * kSecond;
  event.end_time = event.start_time + kSecond / 2;
  event.time_zone = std::string("Europe/Brussels");
  event.price = 12.5f;
  EXPECT_EQ(EventDetails(event),
            "{\"id\":\"e1\",\"title\":\"A \\\"jazz\\\"\\u000a\\u0001 night "
            "\\\\ é\",\"description\":\"d\",\"tags\":[\"a\",\"b\"],"
            "\"organizer_name\":\"Club\",\"venue\":\"v\",\"city\":\"Ghent\","
            "\"latitude\":51.5,\"longitude\":3.75,"
            "\"start_time\":\"2023-11-14T22:13:20Z\","
            "\"end_time\":\"2023-11-14T22:13:20.5Z\","
            "\"time_zone\":\"Europe/Brussels\",\"price\":12.5");
}

TEST(ResultLinesTest, AUserIsShownWithTheirProfile) {
  User user;
  user.id = std::string("u1");
  user.tags = {"jazz"};
  user.groups = {{"g1", 0}, {"g2", kNoTime}};
  user.features = {{"age", 30.0}, {"degree", std::string("phd")}};
  EXPECT_EQ(UserDetails(user),
            "{\"id\":\"u1\",\"tags\":[\"jazz\"],\"groups\":[{\"id\":\"g1\","
            "\"joined\":\"1970-01-01T00:00:00Z\"},{\"id\":\"g2\"}],"
            "\"age\":30,\"degree\":\"phd\"");
}

TEST(ResultLinesTest, ALineIsOneObjectOfOneUser) {
  const Snapshot snapshot = TinySnapshot(TinyCatalog());
  const LiveView view = BuildLiveView(snapshot, RankingPolicy(), kTinyNow, 0);
  const ResultLines lines(&snapshot, view);
  RankedList about;
  about.batch = std::string("b1");
  about.model_version = 7;
  about.generated_at = 0;
  Ranking ranking;
  EXPECT_EQ(lines.Line("a\"b", about, ranking),
            "{\"user_id\":\"a\\\"b\",\"batch\":\"b1\",\"model_version\":7,"
            "\"generated_at\":\"1970-01-01T00:00:00Z\",\"results\":[]}\n");
  RankedEvent event;
  event.event = snapshot.catalog.FindEvent("jazz1");
  event.score = 0.5f;
  event.distance_km = 1.25f;
  ranking.results = {event};
  const std::string line = lines.Line("u", about, ranking);
  EXPECT_NE(line.find("\"results\":[{\"id\":\"jazz1\",\"title\":\"The event "
                      "jazz1\""),
            std::string::npos);
  EXPECT_NE(line.find("\"score\":0.5,\"distance_km\":1.25}]}\n"),
            std::string::npos);
}

}  // namespace
}  // namespace usher
