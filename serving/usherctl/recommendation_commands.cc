#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/command_groups.h"
#include "serving/usherctl/recommend_many.h"
#include "serving/usherctl/recommend_pages.h"
#include "serving/usherctl/rules_file.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::RecommendationService;

constexpr Flag kLimit = {"limit", "limit", "N",
                         "how many to return (default 20)"};
constexpr Flag kSeed = {
    "seed", "seeds", "EVENT[:KIND[:WEIGHT]],...",
    "events that the visitor liked, or what they did with them: rsvp_yes "
    "(default), click, not_interested, ..."};

absl::Status SetPages(absl::string_view text, Extras& extras, Message&) {
  if (!absl::SimpleAtoi(text, &extras.pages) || extras.pages < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is no number of pages; write 1 or more"));
  }
  return absl::OkStatus();
}

constexpr Flag kUserFlags[] = {
    {"user", "user_id", "ID", "for whom; none: a visitor without an account"},
    kSeed,
    {"page_token", "page_token", "TOKEN",
     "next_page_token of the page before, which --json prints; with the same "
     "flags as for that one"},
    {"pages", "", "N", "so many pages of --limit results (default 1)",
     &SetPages},
    {"request_id", "request_id", "TEXT", "a name for the server's logs"},
};

constexpr Flag kUsersFileFlags[] = {
    {"users_file", "", "FILE",
     "for whom: a user id a line; may end in .gz; - is standard input",
     &SetFile},
};

constexpr Flag kListFlags[] = {
    kLimit,
    {"detail", "detail", "none|reasons|features",
     "say nothing about each result, why it is here (default), or each "
     "feature's part in the score"},
    {"max_per_organizer", "max_per_organizer", "N",
     "at most N results of one organizer"},
    {"max_per_venue", "max_per_venue", "N", "at most N results of one venue"},
    {"max_per_series", "max_per_series", "N",
     "at most N results of one organizer and title"},
    {"diversity", "diversity", "X",
     "how much the results should differ, from 0 (default) to 1"},
    {"rules", "", "FILE",
     "what to boost, bury, pin and leave out: a text proto, rules { filter { "
     "organizers: \"g1\" } boost: 2 }, or a list in JSON",
     &SetRules},
    {"scenario", "scenario", "NAME",
     "what the list is for: one of the server's sets of defaults"},
    {"exposure", "exposure", "served|deferred|none",
     "the list counts as shown (default), when show says so, or never: none "
     "keeps a look of yours out of experiments"},
};

constexpr Flag kContextFlags[] = {
    {"now", "context.now", "TIME",
     "the instant to answer for (default: the server's clock)"},
    {"near", "context.location", "LAT,LON",
     "where the user is, in degrees (default: the user's home)"},
};

constexpr Flag kFilterFlags[] = {
    {"within_km", "filter.max_distance_km", "KM", "at most so far away"},
    {"start_after", "filter.start_after", "TIME", "starts then or later"},
    {"start_before", "filter.start_before", "TIME", "starts before then"},
    {"include_running", "filter.include_running", "",
     "also events that have begun and not ended"},
    {"category", "filter.categories", "TEXT,...", "of one of the categories"},
    {"tag", "filter.tags_any", "TEXT,...", "with one of the tags"},
    {"tags_all", "filter.tags_all", "TEXT,...", "with all of the tags"},
    {"exclude_tag", "filter.exclude_tags", "TEXT,...", "with none of the tags"},
    {"organizer", "filter.organizers", "ID,...", "of one of the organizers"},
    {"city", "filter.cities", "TEXT,...", "in one of the cities"},
    {"max_price", "filter.max_price", "PRICE", "for at most so much"},
    {"only", "filter.only_event_ids", "ID,...", "none but these events"},
    {"exclude", "filter.exclude_event_ids", "ID,...", "not these events"},
    {"include_interacted", "filter.include_interacted", "",
     "also events that the user has answered"},
};

constexpr FlagGroup kRecommendGroups[] = {
    {"Whose list", kUserFlags},
    {"Which list", kListFlags},
    {"When and where", kContextFlags},
    {"Which events (all conditions must hold)", kFilterFlags},
};

constexpr FlagGroup kRecommendManyGroups[] = {
    {"Whose lists", kUsersFileFlags},
    {"Which lists", kListFlags},
    {"When and where", kContextFlags},
    {"Which events (all conditions must hold)", kFilterFlags},
};

constexpr Flag kSimilarEventsFlags[] = {
    {"event", "event_id", "ID", "like this event"},
    kSeed,
    kLimit,
};

constexpr FlagGroup kSimilarEventsGroups[] = {
    {"Flags", kSimilarEventsFlags},
    {"When and where", kContextFlags},
    {"Which events (all conditions must hold)", kFilterFlags},
};

constexpr Flag kSimilarUsersFlags[] = {
    {"user", "user_id", "ID", "like this user"},
    {"basis", "basis", "taste|profile|blend",
     "alike in what they go to (default), in their profiles, or the mean of "
     "both"},
    kLimit,
};

constexpr FlagGroup kSimilarUsersGroups[] = {{"Flags", kSimilarUsersFlags}};

constexpr Flag kExplainFlags[] = {
    {"user", "user_id", "ID", "for whom"},
    {"event", "event_id", "ID", "why this event"},
};

constexpr FlagGroup kExplainGroups[] = {
    {"Flags", kExplainFlags},
    {"When and where", kContextFlags},
    {"Which events (all conditions must hold)", kFilterFlags},
};

constexpr Flag kAudienceFlags[] = {
    {"event", "event_id", "ID", "who would go to this event"},
    kLimit,
    {"include_interacted", "include_interacted", "",
     "also users who have answered the event"},
    {"now", "context.now", "TIME",
     "the instant to answer for (default: the server's clock)"},
};

constexpr FlagGroup kAudienceGroups[] = {{"Flags", kAudienceFlags}};

// Rows show titles and reasons.
template <class Request>
std::unique_ptr<Message> NewListRequest() {
  auto request = std::make_unique<Request>();
  request->set_include_events(true);
  request->set_detail(v1::REASONS);
  return request;
}

std::unique_ptr<Message> NewSimilarEventsRequest() {
  auto request = std::make_unique<v1::SimilarEventsRequest>();
  request->set_include_events(true);
  return request;
}

absl::StatusOr<std::string> SimilarEvents(const Message& request,
                                          const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::SimilarEvents,
                                    &SimilarEventsText, request, session);
}

absl::StatusOr<std::string> Explain(const Message& request,
                                    const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::Explain,
                                    &ExplainText, request, session);
}

absl::StatusOr<std::string> SimilarUsers(const Message& request,
                                         const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::SimilarUsers,
                                    &SimilarUsersText, request, session);
}

absl::StatusOr<std::string> Audience(const Message& request,
                                     const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::FindAudience,
                                    &AudienceText, request, session);
}

constexpr absl::string_view kRecommendExamples[] = {
    "recommend --user=ann --limit=5",
    "recommend --user=ann --now=2017-06-01T12:00:00Z --within_km=10",
    "recommend --seed=e12,e40:click --near=36.16,-86.78",
    "recommend --user=ann --only=e12,e40 --detail=features",
    "recommend --user=ann --limit=50 --pages=3 --json",
};

constexpr absl::string_view kRecommendManyExamples[] = {
    "recommend-many --users_file=users.txt --limit=5 --json",
    "recommend-many --users_file=- --scenario=mail --exposure=deferred",
};
constexpr absl::string_view kSimilarEventsExamples[] = {
    "similar-events --event=e12 --limit=5",
    "similar-events --seed=e12,e40 --start_before=2017-07-01T00:00:00Z",
};

constexpr absl::string_view kExplainExamples[] = {
    "explain --user=ann --event=e12 --now=2017-06-01T12:00:00Z",
};

constexpr absl::string_view kSimilarUsersExamples[] = {
    "similar-users --user=ann --basis=profile",
};

constexpr absl::string_view kAudienceExamples[] = {
    "audience --event=e12 --limit=100 --json",
};

constexpr char kRowsOfEvents[] =
    "Each row has the position, title, start (in the event's time zone), "
    "place, distance in km, price, score and id; below it why it is there.";

constexpr Command kRecommendationCommands[] = {
    {"recommend", "what a user should go to", kRowsOfEvents, "user|seed|near",
     kRecommendGroups, kRecommendExamples,
     &NewListRequest<v1::RecommendRequest>, &RecommendPages},
    {"recommend-many", "what many users should go to, as it comes",
     "With --json an object a line, which has all that recommend says; else a "
     "row an event with the user's id first. Lists are made one after the "
     "other, no faster than they are read.",
     "users_file", kRecommendManyGroups, kRecommendManyExamples,
     &NewListRequest<v1::RecommendStreamRequest>, &RecommendMany,
     kLongPatience},
    {"explain", "why a user should go to an event, or why not",
     "With the flags of the recommend command that is to be explained.",
     "user+event", kExplainGroups, kExplainExamples, &New<v1::ExplainRequest>,
     &Explain},
    {"similar-events", "events like an event, or like several", kRowsOfEvents,
     "event|seed", kSimilarEventsGroups, kSimilarEventsExamples,
     &NewSimilarEventsRequest, &SimilarEvents},
    {"similar-users", "users like a user", "", "user", kSimilarUsersGroups,
     kSimilarUsersExamples, &New<v1::SimilarUsersRequest>, &SimilarUsers},
    {"audience", "users who would go to an event", "", "event", kAudienceGroups,
     kAudienceExamples, &New<v1::FindAudienceRequest>, &Audience},
};

}  // namespace

absl::Span<const Command> RecommendationCommands() {
  return kRecommendationCommands;
}

}  // namespace usher::ctl
