#include "serving/usherctl/answer_text.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace usher::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kTwoEvents[] = R"pb(
  results {
    event_id: "e12"
    score: 1.25
    position: 1
    reasons { code: "followed" text: "You follow Blue Room" }
    reasons { code: "near" text: "It is 0.8 km away" }
    distance_km: 0.84
    event {
      title: "Jazz at the Café"
      venue: "Blue Room"
      city: "Nashville"
      start_time { seconds: 1496430000 }
      time_zone: "America/Chicago"
      price: 12.5
      currency: "USD"
    }
  }
  results {
    event_id: "e40"
    score: -0.5
    position: 2
    distance_km: 23.4
    event { title: "東京 night" city: "Nashville" price: 0 }
  }
  recommendation_id: "r7"
  model_version: 3
  serving_info {
    cold_user: true
    degraded: "no_index"
    dropped { key: "ended" value: 1 }
    dropped { key: "answered" value: 12 }
    dropped { key: "hidden" value: 0 }
  }
)pb";

template <class Message>
Message Of(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

v1::RecommendRequest AskedIn2017() {
  return Of<v1::RecommendRequest>("context { now { seconds: 1496016000 } }");
}

TEST(AnswerTextTest, ShowsARowForEachEventItsReasonsAndALastLine) {
  const std::string text = RecommendText(
      AskedIn2017(), Of<v1::RecommendResponse>(kTwoEvents), {.width = 100});
  EXPECT_EQ(
      text,
      "#  event             when             where                  km      "
      "price   score  id\n"
      "1  Jazz at the Café  Fri 2 Jun 14:00  Blue Room, Nashville  0.8  12.50 "
      "USD   1.250  e12\n"
      "   You follow Blue Room · It is 0.8 km away\n"
      "2  東京 night                         Nashville              23       "
      "free  -0.500  e40\n"
      "\n"
      "model version 3 · cold user · degraded: no_index · left out: 12 "
      "answered, 1 ended\n"
      "recommendation r7\n");
}

TEST(AnswerTextTest, AnEmptyListStillSaysWhatWasLeftOut) {
  EXPECT_EQ(RecommendText({}, Of<v1::RecommendResponse>(R"pb(
                            model_version: 3
                            serving_info { dropped { key: "ended" value: 9 } }
                          )pb"),
                          {}),
            "No events.\n\nmodel version 3 · left out: 9 ended\n");
}

TEST(AnswerTextTest, WithoutTitlesTheIdsStandForTheEvents) {
  EXPECT_EQ(RecommendText({}, Of<v1::RecommendResponse>(R"pb(
                            results { event_id: "e12" score: 1 position: 1 }
                          )pb"),
                          {}),
            "#  event  score\n"
            "1  e12    1.000\n"
            "\n"
            "model version 0\n");
}

TEST(AnswerTextTest, FeaturesAreListedWithTheLargestPartFirst) {
  EXPECT_THAT(
      RecommendText(
          {}, Of<v1::RecommendResponse>(R"pb(
            results {
              event_id: "e12"
              base_value: 0.1
              contributions { feature: "near" value: 2 contribution: 0.25 }
              contributions { feature: "taste" value: 0.5 contribution: -1.5 }
            }
          )pb"),
          {}),
      HasSubstr("\n   base 0.100 · taste -1.500 (0.5) · near +0.250 (2)\n"));
}

TEST(AnswerTextTest, TextOfTheServerCannotDriveTheTerminal) {
  EXPECT_THAT(RecommendText({}, Of<v1::RecommendResponse>(R"pb(
                              results {
                                event_id: "e\033[2J1"
                                reasons { text: "a\033]0;b\007" }
                                event { title: "x\ny" venue: "\r\033[H" }
                              }
                              serving_info { degraded: "\033[5m" }
                              recommendation_id: "\033"
                            )pb"),
                            {}),
              Not(HasSubstr("\x1b")));
}

TEST(AnswerTextTest, SimilarEventsLookLikeRecommendations) {
  EXPECT_EQ(SimilarEventsText({}, Of<v1::SimilarEventsResponse>(R"pb(
                                results {
                                  event_id: "e12"
                                  score: 0.9
                                  event { title: "Jazz" }
                                }
                                model_version: 3
                              )pb"),
                              {}),
            "#  event  score  id\n"
            "1  Jazz   0.900  e12\n"
            "\n"
            "model version 3\n");
}

TEST(AnswerTextTest, UsersAreNumbered) {
  EXPECT_EQ(AudienceText({}, Of<v1::FindAudienceResponse>(R"pb(
                           results { user_id: "ann" score: 2.5 }
                           results { user_id: "bob" score: -0.5 }
                           model_version: 3
                         )pb"),
                         {}),
            "#  user   score\n"
            "1  ann    2.500\n"
            "2  bob   -0.500\n"
            "\n"
            "model version 3\n");
  EXPECT_THAT(SimilarUsersText({}, {}, {}), StartsWith("No users.\n"));
}

TEST(AnswerTextTest, StatusSaysWhetherWritesAreKept) {
  const std::string text =
      StatusText({}, Of<v1::GetStatusResponse>(R"pb(
                   model_version: 3
                   model_created { seconds: 1496430000 }
                   algorithm: "hybrid_als"
                   index_type: "flat"
                   users: 1234567
                   events: 999
                   live_events: 1000
                   warnings: "no state file"
                 )pb"),
                 {.now = absl::FromUnixSeconds(1496430000)});
  EXPECT_EQ(text,
            "model     version 3 · hybrid_als · created Fri 2 Jun 19:00 UTC\n"
            "index     flat\n"
            "users     1,234,567\n"
            "events    999, 1,000 live\n"
            "state     in memory only, lost at exit\n"
            "warning   no state file\n");
  EXPECT_THAT(StatusText({}, {}, {}), HasSubstr("model     none yet\n"));
}

}  // namespace
}  // namespace usher::ctl
