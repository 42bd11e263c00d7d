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

TEST(AnswerTextTest, AnExplanationAddsUp) {
  EXPECT_EQ(
      ExplainText(
          {}, Of<v1::ExplainResponse>(R"pb(
            recommended: true
            position: 4
            score: 1.35
            base_value: 0.1
            contributions { feature: "taste" value: 0.5 contribution: 1.5 }
            contributions { feature: "near" value: 12.34 contribution: -0.25 }
            model_version: 3
          )pb"),
          {}),
      "recommended, at position 4\n"
      "\n"
      "feature  value  part of the score\n"
      "base                       +0.100\n"
      "taste      0.5             +1.500\n"
      "near      12.3             -0.250\n"
      "score                      +1.350\n"
      "\n"
      "model version 3\n");
  EXPECT_EQ(ExplainText({}, Of<v1::ExplainResponse>(R"pb(
                          dropped_reason: "answered"
                          model_version: 3
                        )pb"),
                        {}),
            "not recommended: answered\n\nmodel version 3\n");
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

TEST(AnswerTextTest, ShowsWhatIsKnownOfAnEvent) {
  const std::string text =
      EventText({}, Of<v1::GetEventResponse>(R"pb(
                  event {
                    id: "e12"
                    title: "Jazz\nnight"
                    description: "Long and longer and longest of all nights."
                    tags: "jazz"
                    tags: "live"
                    organizer: "o7"
                    organizer_name: "Blue Room"
                    venue: "Blue Room"
                    city: "Nashville"
                    location { latitude: 36.16 longitude: -86.78 }
                    start_time { seconds: 1496430000 }
                    price: 12.5
                    currency: "USD"
                    capacity: 1200
                    status: EVENT_STATUS_SOLD_OUT
                    time_zone: "America/Chicago"
                    embedding: 1
                    embedding: 2
                  }
                )pb"),
                {.width = 40, .now = absl::FromUnixSeconds(1496430000)});
  EXPECT_EQ(text,
            "id           e12\n"
            "title        Jazz night\n"
            "status       sold out\n"
            "start        Fri 2 Jun 14:00\n"
            "time zone    America/Chicago\n"
            "place        Blue Room, Nashville\n"
            "location     36.16000,-86.78000\n"
            "organizer    Blue Room (o7)\n"
            "tags         jazz · live\n"
            "price        12.50 USD\n"
            "capacity     1,200\n"
            "embedding    2 numbers\n"
            "description  Long and longer and longest\n"
            "             of all nights.\n");
}

TEST(AnswerTextTest, ShowsWhatIsKnownOfAUser) {
  const std::string text = UserText({}, Of<v1::GetUserResponse>(R"pb(
                                      user {
                                        id: "ann"
                                        city: "Nashville"
                                        groups {
                                          id: "o1"
                                          joined { seconds: 1496430000 }
                                        }
                                        groups { id: "o2" }
                                        features {
                                          key: "degree"
                                          value { text: "MSc" }
                                        }
                                        features {
                                          key: "birth_year"
                                          value { number: 1985 }
                                        }
                                      }
                                    )pb"),
                                    {.now = absl::FromUnixSeconds(1496430000)});
  EXPECT_EQ(text,
            "id           ann\n"
            "city         Nashville\n"
            "groups       o1 since Fri 2 Jun 19:00 UTC · o2\n"
            "profile      birth_year 1985 · degree MSc\n");
}

TEST(AnswerTextTest, VersionsSayWhatIsMadeOfThem) {
  const std::string text =
      VersionsText({}, Of<v1::ListModelVersionsResponse>(R"pb(
                     versions {
                       version: 9
                       created { seconds: 1496430000 }
                       algorithm: "hybrid_als"
                       serving: true
                       pinned: true
                     }
                     versions {
                       version: 10
                       algorithm: "hybrid_als"
                       current: true
                       refused: "vectors.events is damaged"
                     }
                   )pb"),
                   {.now = absl::FromUnixSeconds(1496430000)});
  EXPECT_EQ(text,
            "version  created              algorithm   is\n"
            "      9  Fri 2 Jun 19:00 UTC  hybrid_als  serving · pinned\n"
            "     10                       hybrid_als  published · refused\n"
            "         vectors.events is damaged\n");
  EXPECT_EQ(VersionsText({}, {}, {}), "No versions.\n");
}

TEST(AnswerTextTest, WritesSayWhatTheyDid) {
  EXPECT_EQ(DeletedText(Of<v1::DeleteEventsRequest>(R"pb(event_ids: "a"
                                                         event_ids: "b")pb"),
                        {}, {}),
            "2 deleted\n");
  EXPECT_EQ(RecordedText({},
                         Of<v1::RecordInteractionsResponse>(
                             "accepted: 1200 duplicates: 3"),
                         {}),
            "1,200 accepted, 3 duplicates\n");
  const auto now = Of<v1::PinModelVersionResponse>("model_version: 3");
  EXPECT_EQ(PinnedText(Of<v1::PinModelVersionRequest>("version: 3"), now, {}),
            "version 3 is served, pinned\n");
  EXPECT_EQ(PinnedText({}, now, {}), "version 3 is served, as published\n");
}

TEST(AnswerTextTest, AReportHasCountsRatesAndDifferences) {
  const std::string text = ReportText(
      {}, Of<v1::GetReportResponse>(R"pb(
        experiment: "near"
        variants {
          variant: "control"
          assigned_users: 5010
          users: 5000
          exposures: 100000
          clicks: 9990
          click_rate { value: 0.0999 lower: 0.0979 upper: 0.1019 }
        }
        variants {
          variant: "bold"
          assigned_users: 4990
          users: 4980
          exposures: 99000
          clicks: 10900
          rsvps: 7
          click_rate { value: 0.1101 lower: 0.108 upper: 0.1122 }
          click_difference { value: 0.0102 lower: 0.0073 upper: 0.0131 }
          rsvp_difference { value: -0.001 lower: -0.003 upper: 0.001 }
          attendance_difference {}
        }
        sample_ratio_p_value: 0.84
        warnings: "beware"
      )pb"),
      {});
  EXPECT_EQ(
      text,
      "experiment near\n"
      "sample ratio as configured (p = 0.84)\n"
      "\n"
      "variant  assigned  users  exposures  clicks  rsvps  attendances\n"
      "control     5,010  5,000    100,000   9,990      0            0\n"
      "bold        4,990  4,980     99,000  10,900      7            0\n"
      "\n"
      "variant  click rate              rsvp rate            attendance rate\n"
      "control  9.99 % [9.79, 10.19]    0.00 % [0.00, 0.00]  0.00 % [0.00, "
      "0.00]\n"
      "bold     11.01 % [10.80, 11.22]  0.00 % [0.00, 0.00]  0.00 % [0.00, "
      "0.00]\n"
      "\n"
      "minus control  clicks, % points        rsvps, % points       "
      "attendances, % points\n"
      "bold           +1.02 [+0.73, +1.31] *  -0.10 [-0.30, +0.10]  +0.00 "
      "[+0.00, +0.00]\n"
      "\n"
      "Rates are per exposure, with 95 % intervals that take the user for the "
      "unit; * marks a difference\n"
      "whose interval leaves out 0.\n"
      "warning: beware\n");
}

TEST(AnswerTextTest, ABrokenSplitIsShoutedBeforeAnyFigure) {
  const std::string text = ReportText({}, Of<v1::GetReportResponse>(R"pb(
                                        experiment: "near"
                                        variants { variant: "control" }
                                        variants { variant: "bold" }
                                        sample_ratio_p_value: 2.5e-10
                                      )pb"),
                                      {});
  const size_t shout = text.find("!!! SAMPLE RATIO MISMATCH (p = 2.5e-10) !!!");
  ASSERT_NE(shout, std::string::npos);
  EXPECT_LT(shout, text.find("control"));
}

TEST(AnswerTextTest, AssignmentsAreListed) {
  EXPECT_EQ(AssignText({}, Of<v1::AssignResponse>(R"pb(
                         assignments { experiment: "near" variant: "bold" }
                         assignments { experiment: "sizes" variant: "x" }
                       )pb"),
                       {}),
            "experiment  variant\n"
            "near        bold\n"
            "sizes       x\n");
  EXPECT_EQ(AssignText({}, {}, {}), "In no experiment.\n");
}

TEST(AnswerTextTest, WhatWasShownIsSaid) {
  EXPECT_EQ(
      ShownText(Of<v1::RecordExposuresRequest>("positions: 1 positions: 4"), {},
                {}),
      "2 positions recorded as shown\n");
  EXPECT_EQ(ShownText({}, {}, {}), "all of the list recorded as shown\n");
}

TEST(AnswerTextTest, StatusNamesThePositionOfTheState) {
  EXPECT_THAT(StatusText({}, Of<v1::GetStatusResponse>(R"pb(
                           state: "usher.db"
                           state_position: 12345
                         )pb"),
                         {}),
              HasSubstr("state     usher.db · position 12,345\n"));
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
