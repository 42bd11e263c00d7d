#include "serving/usherctl/command.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/client_context.h"
#include "serving/usherctl/answer_text.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::AdminService;
using v1::RecommendationService;

// ---- Flags.

constexpr int kLeastWidth = 40;

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' ", why));
}

absl::Status SetServer(absl::string_view text, Options& options) {
  if (text.find(':') == absl::string_view::npos) {
    return Wrong(text, "names no port; write HOST:PORT");
  }
  options.server = std::string(text);
  return absl::OkStatus();
}

absl::Status SetTimeout(absl::string_view text, Options& options) {
  if (!absl::ParseDuration(text, &options.timeout) ||
      options.timeout <= absl::ZeroDuration()) {
    return Wrong(text, "is no time to wait; write 5s, 500ms or 1m");
  }
  return absl::OkStatus();
}

absl::Status SetJson(absl::string_view text, Options& options) {
  if (text != "true" && text != "false") {
    return Wrong(text, "is neither true nor false");
  }
  options.json = text == "true";
  return absl::OkStatus();
}

absl::Status SetWidth(absl::string_view text, Options& options) {
  if (!absl::SimpleAtoi(text, &options.width) || options.width < kLeastWidth) {
    return Wrong(text, absl::StrCat("is no width; write a number of columns, ",
                                    kLeastWidth, " or more"));
  }
  return absl::OkStatus();
}

constexpr GlobalFlag kGlobalFlags[] = {
    {"server", "HOST:PORT", "the server to ask (default 127.0.0.1:50051)",
     &SetServer},
    {"timeout", "TIME", "how long to wait, such as 500ms (default 5s)",
     &SetTimeout},
    {"json", "", "print the response as one JSON object, fields as in the API",
     &SetJson},
    {"width", "N",
     "lay out for N columns (default: the terminal's, or 100 elsewhere)",
     &SetWidth},
};

constexpr Flag kLimit = {"limit", "limit", "N",
                         "how many to return (default 20)"};
constexpr Flag kSeed = {
    "seed", "seeds", "EVENT[:KIND[:WEIGHT]],...",
    "events that the visitor liked, or what they did with them: rsvp_yes "
    "(default), click, not_interested, ..."};

constexpr Flag kRecommendFlags[] = {
    {"user", "user_id", "ID", "for whom; none: a visitor without an account"},
    kSeed,
    kLimit,
    {"detail", "detail", "none|reasons|features",
     "say nothing about each result, why it is here (default), or each "
     "feature's part in the score"},
    {"max_per_organizer", "max_per_organizer", "N",
     "at most N results of one organizer"},
    {"max_per_venue", "max_per_venue", "N", "at most N results of one venue"},
    {"max_per_series", "max_per_series", "N",
     "at most N results of one organizer and title"},
    {"request_id", "request_id", "TEXT", "a name for the server's logs"},
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
    {"Flags", kRecommendFlags},
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

constexpr Flag kAudienceFlags[] = {
    {"event", "event_id", "ID", "who would go to this event"},
    kLimit,
    {"include_interacted", "include_interacted", "",
     "also users who have answered the event"},
    {"now", "context.now", "TIME",
     "the instant to answer for (default: the server's clock)"},
};

constexpr FlagGroup kAudienceGroups[] = {{"Flags", kAudienceFlags}};

// ---- Calls.

std::string ToJson(const Message& message, const Terminal& terminal) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = terminal.styled;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

// Asks the method of a service once; `show` lays out the response.
template <class Service, class Request, class Response>
absl::StatusOr<std::string> Ask(
    grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                          Response*),
    std::string (*show)(const Request&, const Response&, const Terminal&),
    const Message& message, const Session& session) {
  const auto& request = static_cast<const Request&>(message);
  const auto stub = Service::NewStub(session.channel);
  grpc::ClientContext context;
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + session.options.timeout));
  Response response;
  const grpc::Status status = ((*stub).*method)(&context, request, &response);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }
  return session.options.json ? ToJson(response, session.terminal)
                              : show(request, response, session.terminal);
}

template <class Request>
std::unique_ptr<Message> New() {
  return std::make_unique<Request>();
}

std::unique_ptr<Message> NewRecommendRequest() {
  auto request = std::make_unique<v1::RecommendRequest>();
  request->set_include_events(true);
  request->set_detail(v1::REASONS);
  return request;
}

std::unique_ptr<Message> NewSimilarEventsRequest() {
  auto request = std::make_unique<v1::SimilarEventsRequest>();
  request->set_include_events(true);
  return request;
}

absl::StatusOr<std::string> Recommend(const Message& request,
                                      const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::Recommend,
                                    &RecommendText, request, session);
}

absl::StatusOr<std::string> SimilarEvents(const Message& request,
                                          const Session& session) {
  return Ask<RecommendationService>(&RecommendationService::Stub::SimilarEvents,
                                    &SimilarEventsText, request, session);
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

absl::StatusOr<std::string> Status(const Message& request,
                                   const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::GetStatus, &StatusText, request,
                           session);
}

// ---- Commands.

constexpr absl::string_view kRecommendExamples[] = {
    "recommend --user=ann --limit=5",
    "recommend --user=ann --now=2017-06-01T12:00:00Z --within_km=10",
    "recommend --seed=e12,e40:click --near=36.16,-86.78",
    "recommend --user=ann --only=e12,e40 --detail=features",
};
constexpr absl::string_view kSimilarEventsExamples[] = {
    "similar-events --event=e12 --limit=5",
    "similar-events --seed=e12,e40 --start_before=2017-07-01T00:00:00Z",
};
constexpr absl::string_view kSimilarUsersExamples[] = {
    "similar-users --user=ann --basis=profile",
};
constexpr absl::string_view kAudienceExamples[] = {
    "audience --event=e12 --limit=100 --json",
};
constexpr absl::string_view kStatusExamples[] = {
    "--server=usher.internal:50051 status",
};

constexpr char kRowsOfEvents[] =
    "Each row has the position, title, start (in the event's time zone), "
    "place, distance in km, price, score and id; below it why it is there.";

constexpr Command kCommands[] = {
    {"recommend", "what a user should go to", kRowsOfEvents, "user|seed|near",
     kRecommendGroups, kRecommendExamples, &NewRecommendRequest, &Recommend},
    {"similar-events", "events like an event, or like several", kRowsOfEvents,
     "event|seed", kSimilarEventsGroups, kSimilarEventsExamples,
     &NewSimilarEventsRequest, &SimilarEvents},
    {"similar-users", "users like a user", "", "user", kSimilarUsersGroups,
     kSimilarUsersExamples, &New<v1::SimilarUsersRequest>, &SimilarUsers},
    {"audience", "users who would go to an event", "", "event", kAudienceGroups,
     kAudienceExamples, &New<v1::FindAudienceRequest>, &Audience},
    {"status",
     "what the server serves, from what, since when",
     "",
     "",
     {},
     kStatusExamples,
     &New<v1::GetStatusRequest>,
     &Status},
};

template <class Entry>
const Entry* Find(absl::Span<const Entry> entries, absl::string_view name) {
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

absl::Span<const Command> Commands() { return kCommands; }

absl::Span<const GlobalFlag> GlobalFlags() { return kGlobalFlags; }

const Command* FindCommand(absl::string_view name) {
  return Find(Commands(), name);
}

const GlobalFlag* FindGlobalFlag(absl::string_view name) {
  return Find(GlobalFlags(), name);
}

const Flag* FindFlag(const Command& command, absl::string_view name) {
  for (const FlagGroup& group : command.groups) {
    if (const Flag* flag = Find(group.flags, name)) return flag;
  }
  return nullptr;
}

}  // namespace usher::ctl
