#include "serving/usherctl/arguments.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "usher/v1/admin.pb.h"
#include "usher/v1/catalog.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Request>
Request Parse(const std::vector<std::string>& args) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(args);
  EXPECT_TRUE(arguments.ok()) << arguments.status();
  if (!arguments.ok()) return Request();
  return dynamic_cast<const Request&>(*arguments->request);
}

std::string ErrorOf(const std::vector<std::string>& args) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(args);
  EXPECT_EQ(arguments.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(arguments.status().message());
}

TEST(ArgumentsTest, FillsTheRequestFromEveryFlagOfRecommend) {
  const auto request =
      Parse<v1::RecommendRequest>({"recommend",
                                   "--user=ann",
                                   "--limit=5",
                                   "--now=1496430000",
                                   "--near=36.16,-86.78",
                                   "--within_km=10",
                                   "--category=music,tech",
                                   "--tag=jazz",
                                   "--tag=rock",
                                   "--organizer=o1",
                                   "--city=Nashville",
                                   "--max_price=0",
                                   "--start_after=2017-06-02T19:00:00Z",
                                   "--start_before=1496516400",
                                   "--include_running",
                                   "--include_interacted",
                                   "--only=e1,e2",
                                   "--exclude=e3",
                                   "--seed=e4:click:2",
                                   "--detail=features",
                                   "--tags_all=live",
                                   "--exclude_tag=loud",
                                   "--max_per_organizer=1",
                                   "--max_per_venue=2",
                                   "--max_per_series=3",
                                   "--diversity=0.5",
                                   "--request_id=r"});
  v1::RecommendRequest expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        user_id: "ann"
        limit: 5
        context {
          now { seconds: 1496430000 }
          location { latitude: 36.16 longitude: -86.78 }
        }
        filter {
          start_after { seconds: 1496430000 }
          start_before { seconds: 1496516400 }
          include_running: true
          max_distance_km: 10
          categories: "music"
          categories: "tech"
          tags_any: "jazz"
          tags_any: "rock"
          tags_all: "live"
          exclude_tags: "loud"
          organizers: "o1"
          cities: "Nashville"
          exclude_event_ids: "e3"
          only_event_ids: "e1"
          only_event_ids: "e2"
          max_price: 0
          include_interacted: true
        }
        seeds { event_id: "e4" kind: INTERACTION_KIND_CLICK weight: 2 }
        max_per_organizer: 1
        max_per_venue: 2
        max_per_series: 3
        diversity: 0.5
        detail: FEATURES
        request_id: "r"
        include_events: true
      )pb",
      &expected));
  EXPECT_TRUE(MessageDifferencer::Equals(request, expected))
      << request.DebugString();
}

TEST(ArgumentsTest, RecommendAsksForEventsAndReasonsByDefault) {
  const auto request =
      Parse<v1::RecommendRequest>({"recommend", "--user", "ann"});
  EXPECT_EQ(request.user_id(), "ann");
  EXPECT_TRUE(request.include_events());
  EXPECT_EQ(request.detail(), v1::REASONS);
  EXPECT_FALSE(request.has_filter());
}

TEST(ArgumentsTest, TakesValuesAfterEqualsOrAsTheNextArgument) {
  const auto request = Parse<v1::RecommendRequest>(
      {"recommend", "--near", "-33.9,151.2", "--include-running", "--user",
       "a=b", "--include_interacted=false"});
  EXPECT_EQ(request.context().location().latitude(), -33.9);
  EXPECT_TRUE(request.filter().include_running());
  EXPECT_FALSE(request.filter().include_interacted());
  EXPECT_EQ(request.user_id(), "a=b");
}

TEST(ArgumentsTest, TakesGlobalFlagsOnBothSidesOfTheCommand) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments({"--server", "host:1", "--json", "status",
                      "--timeout=250ms", "--width=60", "--server=host:2"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->command->name, "status");
  EXPECT_EQ(arguments->options.server, "host:2");
  EXPECT_EQ(arguments->options.timeout, absl::Milliseconds(250));
  EXPECT_EQ(arguments->options.width, 60);
  EXPECT_TRUE(arguments->options.json);
}

TEST(ArgumentsTest, ReadsTheOtherCommands) {
  const auto events = Parse<v1::SimilarEventsRequest>(
      {"similar-events", "--event=e1", "--limit=3", "--within_km=5"});
  EXPECT_EQ(events.event_id(), "e1");
  EXPECT_EQ(events.limit(), 3);
  EXPECT_EQ(events.filter().max_distance_km(), 5);
  EXPECT_TRUE(events.include_events());
  const auto why = Parse<v1::ExplainRequest>(
      {"explain", "--user=ann", "--event=e1", "--now=7", "--max_price=0"});
  EXPECT_EQ(why.user_id(), "ann");
  EXPECT_EQ(why.event_id(), "e1");
  EXPECT_EQ(why.context().now().seconds(), 7);
  EXPECT_TRUE(why.filter().has_max_price());
  const auto users = Parse<v1::SimilarUsersRequest>(
      {"similar-users", "--user=ann", "--basis=blend"});
  EXPECT_EQ(users.basis(), v1::BLEND);
  const auto audience = Parse<v1::FindAudienceRequest>(
      {"audience", "--event=e1", "--include_interacted"});
  EXPECT_EQ(audience.event_id(), "e1");
  EXPECT_TRUE(audience.include_interacted());
}

TEST(ArgumentsTest, ReadsTheCommandsThatWrite) {
  const auto interaction = Parse<v1::Interaction>(
      {"record", "--user=ann", "--event=e1", "--kind=rating", "--value=0",
       "--time=1496430000", "--id=i1", "--recommendation=r7", "--position=2",
       "--device=mobile", "--near=1,2"});
  v1::Interaction expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        interaction_id: "i1"
        user_id: "ann"
        event_id: "e1"
        kind: INTERACTION_KIND_RATING
        value: 0
        occurred_at { seconds: 1496430000 }
        recommendation_id: "r7"
        position: 2
        device: "mobile"
        location { latitude: 1 longitude: 2 }
      )pb",
      &expected));
  EXPECT_TRUE(MessageDifferencer::Equals(interaction, expected))
      << interaction.DebugString();
  EXPECT_THAT(Parse<v1::DeleteEventsRequest>({"delete-events", "--event=a,b"})
                  .event_ids(),
              ElementsAre("a", "b"));
  EXPECT_EQ(Parse<v1::PinModelVersionRequest>({"pin", "--version=3"}).version(),
            3);
  EXPECT_EQ(Parse<v1::PinModelVersionRequest>({"unpin"}).version(), 0);
}

TEST(ArgumentsTest, AFileIsNoFieldOfTheRequest) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments({"upsert-events", "--file=-", "--fields=title,price"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->extras.file, "-");
  EXPECT_THAT(dynamic_cast<v1::UpsertEventsRequest&>(*arguments->request)
                  .update_mask()
                  .paths(),
              ElementsAre("title", "price"));
}

TEST(ArgumentsTest, HelpWinsOverWhatIsMissing) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"recommend", "--help"},
                                             {"--help", "recommend"},
                                             {"help", "recommend"},
                                             {"recommend", "-h"}}) {
    const absl::StatusOr<Arguments> arguments = ParseArguments(args);
    ASSERT_TRUE(arguments.ok()) << arguments.status();
    EXPECT_TRUE(arguments->help);
    EXPECT_EQ(arguments->command->name, "recommend");
  }
  EXPECT_EQ(ParseArguments({"--help"})->command, nullptr);
}

TEST(ArgumentsTest, ACommandMayHaveTwoWords) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments({"experiment", "assign", "--user=ann"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->command->name, "experiment assign");
  EXPECT_TRUE(ParseArguments({"help", "experiment", "report"})->help);
  EXPECT_THAT(ErrorOf({"experiment"}),
              testing::StartsWith("unknown command 'experiment'"));
  EXPECT_THAT(ErrorOf({"experiment", "no"}),
              testing::StartsWith("unknown command 'experiment'"));
}

TEST(ArgumentsTest, SaysInOneLineWhatIsWrongAndTheWayOut) {
  EXPECT_EQ(ErrorOf({}), "no command; see usherctl --help");
  EXPECT_EQ(ErrorOf({"recomend"}),
            "unknown command 'recomend'; did you mean recommend?");
  EXPECT_EQ(
      ErrorOf({"x"}),
      "unknown command 'x'; one of recommend, recommend-many, explain, "
      "similar-events, similar-users, audience, get-event, get-user, "
      "export-user, forget-user, upsert-events, upsert-users, delete-events, "
      "record, show, experiment report, experiment assign, status, versions, "
      "pin, unpin, reload; see usherctl --help");
  EXPECT_EQ(ErrorOf({"--user=ann", "recommend"}),
            "unknown flag --user before the command; see usherctl --help");
  EXPECT_EQ(ErrorOf({"recommend", "--limt=3"}),
            "recommend: unknown flag --limt; did you mean --limit?");
  EXPECT_EQ(ErrorOf({"status", "--user=ann"}),
            "status: unknown flag --user; see usherctl status --help");
  EXPECT_EQ(ErrorOf({"recommend", "--user"}),
            "recommend: --user has no value; write --user=ID");
  EXPECT_EQ(ErrorOf({"recommend", "--user", "--limit=3"}),
            "recommend: --user has no value; write --user=ID");
  EXPECT_EQ(ErrorOf({"recommend", "--user="}),
            "recommend: --user has no value");
  EXPECT_EQ(ErrorOf({"recommend", "ann"}),
            "recommend: unexpected argument 'ann'; see usherctl recommend "
            "--help");
  EXPECT_EQ(ErrorOf({"recommend", "-u"}),
            "recommend: unknown argument '-u'; flags begin with two dashes");
  EXPECT_EQ(ErrorOf({"recommend", "--limit=x"}),
            "recommend: --limit: 'x' is no whole number");
  EXPECT_EQ(ErrorOf({"recommend", "--limit=3"}),
            "recommend: give --user or --seed or --near; see usherctl "
            "recommend --help");
  EXPECT_EQ(ErrorOf({"similar-events"}),
            "similar-events: give --event or --seed; see usherctl "
            "similar-events --help");
  EXPECT_EQ(ErrorOf({"upsert-events"}),
            "upsert-events: give --file; see usherctl upsert-events --help");
  EXPECT_EQ(ErrorOf({"record", "--user=ann", "--event=e1"}),
            "record: give --user and --event and --kind, or --file; see "
            "usherctl record --help");
  EXPECT_EQ(ErrorOf({"--server=localhost", "status"}),
            "--server: 'localhost' names no port; write HOST:PORT");
  EXPECT_EQ(ErrorOf({"--timeout=5", "status"}),
            "--timeout: '5' is no time to wait; write 5s, 500ms or 1m");
  EXPECT_THAT(ErrorOf({"--timeout=-1s", "status"}), HasSubstr("--timeout"));
  EXPECT_THAT(ErrorOf({"--width=3", "status"}), HasSubstr("40 or more"));
}

TEST(ArgumentsTest, ErrorsStayOnOneLine) {
  EXPECT_EQ(ErrorOf({"two\nlines"}).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace usher::ctl
