#include "serving/usherctl/command.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/client_context.h"
#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/data_line.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/upload.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/experiment.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::AdminService;
using v1::CatalogService;
using v1::ExperimentService;
using v1::InteractionService;
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

absl::Status SetToken(absl::string_view text, Options& options) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      // Not shown: it may be a secret with a slip of the hand.
      return absl::InvalidArgumentError(
          "has a character that no token has, such as a blank");
    }
  }
  options.token = std::string(text);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileText(absl::string_view path) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return Wrong(path, "is no file that can be read, or is empty");
  }
  return text.str();
}

absl::Status SetTokenFile(absl::string_view path, Options& options) {
  const absl::StatusOr<std::string> text = FileText(path);
  if (!text.ok()) return text.status();
  return SetToken(absl::StripAsciiWhitespace(*text), options);
}

absl::Status SetTls(absl::string_view text, Options& options) {
  if (text != "true" && text != "false") {
    return Wrong(text, "is neither true nor false");
  }
  options.tls = text == "true";
  return absl::OkStatus();
}

template <std::string Options::*field>
absl::Status SetPem(absl::string_view path, Options& options) {
  absl::StatusOr<std::string> text = FileText(path);
  if (!text.ok()) return text.status();
  options.*field = *std::move(text);
  return absl::OkStatus();
}

constexpr GlobalFlag kGlobalFlags[] = {
    {"server", "HOST:PORT", "the server to ask (default 127.0.0.1:50051)",
     &SetServer},
    {"token_file", "FILE",
     "the token that the server asks for; also --token=TOKEN, which others on "
     "this machine can see, or USHER_TOKEN in the environment",
     &SetTokenFile},
    {"tls", "", "encrypt; trust the servers that the system trusts", &SetTls},
    {"tls_ca", "F.pem", "encrypt; trust the servers that these vouch for",
     &SetPem<&Options::tls_ca>},
    {"tls_cert", "F.pem", "our certificate, for a server that asks for one",
     &SetPem<&Options::tls_cert>},
    {"tls_key", "F.pem", "the key of --tls_cert", &SetPem<&Options::tls_key>},
    {"timeout", "TIME",
     "how long to wait, such as 500ms (default 5s; where a model is loaded or "
     "all is read, 5m)",
     &SetTimeout},
    {"json", "", "print the response as one JSON object, fields as in the API",
     &SetJson},
    {"width", "N",
     "lay out for N columns (default: the terminal's, or 100 elsewhere)",
     &SetWidth},
    {"token", "TOKEN", "see --token_file", &SetToken},
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
    {"diversity", "diversity", "X",
     "how much the results should differ, from 0 (default) to 1"},
    {"exposure", "exposure", "served|deferred|none",
     "the list counts as shown (default), when show says so, or never: none "
     "keeps a look of yours out of experiments"},
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

constexpr Flag kGetEventFlags[] = {{"event", "event_id", "ID", "this event"}};
constexpr FlagGroup kGetEventGroups[] = {{"Flags", kGetEventFlags}};

constexpr Flag kGetUserFlags[] = {{"user", "user_id", "ID", "this user"}};
constexpr FlagGroup kGetUserGroups[] = {{"Flags", kGetUserFlags}};

constexpr Flag kUpsertEventsFlags[] = {
    {"file", "", "FILE.jsonl",
     "an event a line, as events.jsonl of usher-train; may end in .gz; - is "
     "standard input"},
    {"fields", "update_mask.paths", "NAME,...",
     "change these fields only, such as title,price (default: all; a field "
     "that a line leaves out is unset)"},
};
constexpr FlagGroup kUpsertEventsGroups[] = {{"Flags", kUpsertEventsFlags}};

constexpr Flag kUpsertUsersFlags[] = {
    {"file", "", "FILE.jsonl",
     "a user a line, as users.jsonl of usher-train; may end in .gz; - is "
     "standard input"},
    {"fields", "update_mask.paths", "NAME,...",
     "change these fields only, such as city,location (default: all; a field "
     "that a line leaves out is unset); features are the profile"},
};
constexpr FlagGroup kUpsertUsersGroups[] = {{"Flags", kUpsertUsersFlags}};

constexpr Flag kDeleteEventsFlags[] = {
    {"event", "event_ids", "ID,...", "these events"}};
constexpr FlagGroup kDeleteEventsGroups[] = {{"Flags", kDeleteEventsFlags}};

// Fields of an interaction.
constexpr Flag kRecordFlags[] = {
    {"user", "user_id", "ID", "who did it"},
    {"event", "event_id", "ID", "with this event"},
    {"kind", "kind", "KIND", "what: rsvp_yes, view, rating, ..."},
    {"time", "occurred_at", "TIME", "when (default: the server's clock)"},
    {"value", "value", "X", "a rating, a play count, seconds"},
    {"id", "interaction_id", "TEXT",
     "two with one id are one (default: user, event, kind and time tell)"},
    {"recommendation", "recommendation_id", "ID", "the list that they saw"},
    {"position", "position", "N", "the place on that list, from 1"},
    {"device", "device", "TEXT", "what they held, such as mobile"},
    {"near", "location", "LAT,LON", "where they were, in degrees"},
};
constexpr Flag kRecordFileFlags[] = {
    {"file", "", "FILE.csv",
     "an interaction a line, as interactions.csv of usher-train; may end in "
     ".gz; - is standard input. With --time, rows without a timestamp get "
     "that one"},
};
constexpr FlagGroup kRecordGroups[] = {{"One interaction", kRecordFlags},
                                       {"Or many", kRecordFileFlags}};

constexpr Flag kShowFlags[] = {
    {"recommendation", "recommendation_id", "ID", "the list"},
    {"position", "positions", "N,...",
     "these results were shown (default: all of the list)"},
};
constexpr FlagGroup kShowGroups[] = {{"Flags", kShowFlags}};

constexpr Flag kReportFlags[] = {
    {"experiment", "experiment", "NAME", "one of the server's --experiments"},
};
constexpr FlagGroup kReportGroups[] = {{"Flags", kReportFlags}};

constexpr Flag kAssignFlags[] = {{"user", "user_id", "ID", "this user"}};
constexpr FlagGroup kAssignGroups[] = {{"Flags", kAssignFlags}};

constexpr Flag kPinFlags[] = {
    {"version", "version", "N", "one that usherctl versions lists"}};
constexpr FlagGroup kPinGroups[] = {{"Flags", kPinFlags}};

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

template <class Service, class Request, class Response>
using Method = grpc::Status (Service::Stub::*)(grpc::ClientContext*,
                                               const Request&, Response*);

template <class Request, class Response>
using Layout = std::string (*)(const Request&, const Response&,
                               const Terminal&);

// Asks the method of a service once.
template <class Service, class Request, class Response>
absl::StatusOr<Response> Call(Method<Service, Request, Response> method,
                              const Request& request, const Session& session) {
  const auto stub = Service::NewStub(session.channel);
  grpc::ClientContext context;
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + session.options.timeout));
  if (!session.options.token.empty()) {
    context.AddMetadata("authorization", "Bearer " + session.options.token);
  }
  Response response;
  const grpc::Status status = ((*stub).*method)(&context, request, &response);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }
  return response;
}

template <class Request, class Response>
std::string Lay(Layout<Request, Response> show, const Request& request,
                const Response& response, const Session& session) {
  return session.options.json ? ToJson(response, session.terminal)
                              : show(request, response, session.terminal);
}

// Asks once; `show` lays out the response.
template <class Service, class Request, class Response>
absl::StatusOr<std::string> Ask(Method<Service, Request, Response> method,
                                Layout<Request, Response> show,
                                const Message& message,
                                const Session& session) {
  const auto& request = static_cast<const Request&>(message);
  const absl::StatusOr<Response> response =
      Call<Service>(method, request, session);
  if (!response.ok()) return response.status();
  return Lay(show, request, *response, session);
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

absl::StatusOr<std::string> Status(const Message& request,
                                   const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::GetStatus, &StatusText, request,
                           session);
}

absl::StatusOr<std::string> Show(const Message& request,
                                 const Session& session) {
  return Ask<InteractionService>(&InteractionService::Stub::RecordExposures,
                                 &ShownText, request, session);
}

absl::StatusOr<std::string> Report(const Message& request,
                                   const Session& session) {
  return Ask<ExperimentService>(&ExperimentService::Stub::GetReport,
                                &ReportText, request, session);
}

absl::StatusOr<std::string> Assign(const Message& request,
                                   const Session& session) {
  return Ask<ExperimentService>(&ExperimentService::Stub::Assign, &AssignText,
                                request, session);
}

absl::StatusOr<std::string> Versions(const Message& request,
                                     const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::ListModelVersions,
                           &VersionsText, request, session);
}

absl::StatusOr<std::string> Unpin(const Message& request,
                                  const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::PinModelVersion, &PinnedText,
                           request, session);
}

absl::StatusOr<std::string> Pin(const Message& request,
                                const Session& session) {
  if (static_cast<const v1::PinModelVersionRequest&>(request).version() < 1) {
    return absl::InvalidArgumentError(
        "--version: versions begin at 1; usherctl unpin serves what is "
        "published");
  }
  return Unpin(request, session);
}

absl::StatusOr<std::string> Reload(const Message& request,
                                   const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::ReloadModel, &ReloadedText,
                           request, session);
}

absl::StatusOr<std::string> GetEvent(const Message& request,
                                     const Session& session) {
  return Ask<CatalogService>(&CatalogService::Stub::GetEvent, &EventText,
                             request, session);
}

absl::StatusOr<std::string> GetUser(const Message& request,
                                    const Session& session) {
  return Ask<CatalogService>(&CatalogService::Stub::GetUser, &UserText, request,
                             session);
}

absl::StatusOr<std::string> DeleteEvents(const Message& request,
                                         const Session& session) {
  return Ask<CatalogService>(&CatalogService::Stub::DeleteEvents, &DeletedText,
                             request, session);
}

// ---- Files.

absl::StatusOr<std::string> ForgetUser(const Message& request,
                                       const Session& session) {
  return Ask<CatalogService>(&CatalogService::Stub::ForgetUser, &ForgottenText,
                             request, session);
}

absl::StatusOr<std::string> ExportUser(const Message& request,
                                       const Session& session) {
  const auto stub = CatalogService::NewStub(session.channel);
  grpc::ClientContext context;
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + session.options.timeout));
  const auto reader = stub->ExportUser(
      &context, static_cast<const v1::ExportUserRequest&>(request));
  std::string lines;
  v1::ExportUserResponse response;
  while (reader->Read(&response)) {
    lines += ToJson(response, Terminal());
  }
  const grpc::Status status = reader->Finish();
  if (status.ok()) return lines;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

// The error of a file that had bad lines; `done` is what became of the others.
absl::Status ErrorOfBadLines(const Session& session, int64_t bad,
                             absl::string_view done) {
  return absl::InvalidArgumentError(
      absl::StrCat(session.file == "-" ? "standard input" : session.file, ": ",
                   CountText(bad, "lines"), bad == 1 ? " is" : " are",
                   " bad and left out; of the others: ", done));
}

// The places of the files have two keys, those of the API one field.
void NameLocation(google::protobuf::FieldMask& mask) {
  for (std::string& path : *mask.mutable_paths()) {
    if (path == "latitude" || path == "longitude") path = "location";
  }
}

template <class Entry, class Request, class Response>
absl::StatusOr<std::string> Upsert(
    absl::string_view entries,
    absl::Status (*read_line)(absl::string_view, Entry&),
    Method<CatalogService, Request, Response> method, const Message& message,
    const Session& session) {
  auto request = static_cast<const Request&>(message);
  NameLocation(*request.mutable_update_mask());
  Upload upload;
  upload.entries = std::string(entries);
  upload.read_line = [read_line](absl::string_view line, Message& entry) {
    return read_line(line, static_cast<Entry&>(entry));
  };
  upload.send = [&](const Message& batch) {
    return Call<CatalogService>(method, static_cast<const Request&>(batch),
                                session)
        .status();
  };
  const absl::StatusOr<Uploaded> uploaded = SendFile(upload, request, session);
  if (!uploaded.ok()) return uploaded.status();
  const std::string done =
      absl::StrCat(CountText(uploaded->sent, entries), " upserted");
  if (uploaded->bad > 0) return ErrorOfBadLines(session, uploaded->bad, done);
  if (session.options.json) return ToJson(Response(), session.terminal);
  return done + "\n";
}

absl::StatusOr<std::string> UpsertEvents(const Message& request,
                                         const Session& session) {
  return Upsert("events", &ReadEventLine, &CatalogService::Stub::UpsertEvents,
                request, session);
}

absl::StatusOr<std::string> UpsertUsers(const Message& request,
                                        const Session& session) {
  return Upsert("users", &ReadUserLine, &CatalogService::Stub::UpsertUsers,
                request, session);
}

// A row without a time would be another interaction each time it is sent.
absl::Status CheckTime(const v1::Interaction& interaction) {
  if (interaction.has_occurred_at()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "timestamp is empty; --time=TIME gives one to such rows");
}

absl::StatusOr<std::string> RecordFile(const v1::Interaction& common,
                                       const Session& session) {
  v1::Interaction others = common;
  others.clear_occurred_at();
  if (others.ByteSizeLong() > 0) {
    return absl::InvalidArgumentError(
        "--file takes no other flag of the command but --time: the file says "
        "who did what");
  }
  absl::StatusOr<InteractionRows> rows = absl::UnknownError("no header");
  v1::RecordInteractionsResponse sum;
  Upload upload;
  upload.entries = "interactions";
  upload.read_header = [&rows](absl::string_view line) {
    rows = InteractionRows::Below(line);
    return rows.status();
  };
  upload.read_line = [&](absl::string_view line, Message& entry) {
    auto& interaction = static_cast<v1::Interaction&>(entry);
    interaction = common;
    absl::Status status = rows->Read(line, interaction);
    return status.ok() ? CheckTime(interaction) : status;
  };
  upload.send = [&](const Message& batch) {
    const auto response = Call<InteractionService>(
        &InteractionService::Stub::RecordInteractions,
        static_cast<const v1::RecordInteractionsRequest&>(batch), session);
    if (!response.ok()) return response.status();
    sum.set_accepted(sum.accepted() + response->accepted());
    sum.set_duplicates(sum.duplicates() + response->duplicates());
    return absl::OkStatus();
  };
  v1::RecordInteractionsRequest request;
  const absl::StatusOr<Uploaded> uploaded = SendFile(upload, request, session);
  if (!uploaded.ok()) return uploaded.status();
  if (uploaded->bad > 0) {
    return ErrorOfBadLines(session, uploaded->bad,
                           RecordedText(request, sum, session.terminal));
  }
  return Lay(&RecordedText, request, sum, session);
}

absl::StatusOr<std::string> Record(const Message& message,
                                   const Session& session) {
  const auto& interaction = static_cast<const v1::Interaction&>(message);
  if (!session.file.empty()) return RecordFile(interaction, session);
  v1::RecordInteractionsRequest request;
  *request.add_interactions() = interaction;
  return Ask<InteractionService>(&InteractionService::Stub::RecordInteractions,
                                 &RecordedText, request, session);
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
constexpr absl::string_view kExplainExamples[] = {
    "explain --user=ann --event=e12 --now=2017-06-01T12:00:00Z",
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

constexpr absl::string_view kGetEventExamples[] = {"get-event --event=e12"};
constexpr absl::string_view kGetUserExamples[] = {"get-user --user=ann"};
constexpr absl::string_view kForgetUserExamples[] = {"forget-user --user=ann"};
constexpr absl::string_view kExportUserExamples[] = {
    "export-user --user=ann",
};
constexpr absl::string_view kUpsertEventsExamples[] = {
    "upsert-events --file=events.jsonl",
    "upsert-events --file=prices.jsonl --fields=price,currency",
    "upsert-events --file=- --json",
};
constexpr absl::string_view kUpsertUsersExamples[] = {
    "upsert-users --file=users.jsonl",
    "upsert-users --file=homes.jsonl --fields=city,location",
};
constexpr absl::string_view kDeleteEventsExamples[] = {
    "delete-events --event=e12,e40",
};
constexpr absl::string_view kRecordExamples[] = {
    "record --user=ann --event=e12 --kind=rsvp_yes",
    "record --user=ann --event=e12 --kind=rating --value=4 --id=i7",
    "record --file=interactions.csv",
};
constexpr absl::string_view kShowExamples[] = {
    "show --recommendation=0c2f6a9d41e8b7350c2f6a9d41e8b735 --position=1,2",
};
constexpr absl::string_view kReportExamples[] = {
    "experiment report --experiment=near",
};
constexpr absl::string_view kAssignExamples[] = {
    "experiment assign --user=ann",
};
constexpr absl::string_view kVersionsExamples[] = {"versions"};
constexpr absl::string_view kPinExamples[] = {"pin --version=3"};
constexpr absl::string_view kUnpinExamples[] = {"unpin"};
constexpr absl::string_view kReloadExamples[] = {"reload"};

constexpr char kOfFiles[] =
    "Lines go to the server in batches of 1,000. A bad line is reported as "
    "file:line and left out, the others are sent; the exit status is then 1. "
    "To send a file again does no harm.";

constexpr char kRowsOfEvents[] =
    "Each row has the position, title, start (in the event's time zone), "
    "place, distance in km, price, score and id; below it why it is there.";

constexpr absl::Duration kLongPatience = absl::Minutes(5);

constexpr Command kCommands[] = {
    {"recommend", "what a user should go to", kRowsOfEvents, "user|seed|near",
     kRecommendGroups, kRecommendExamples, &NewRecommendRequest, &Recommend},
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
    {"status",
     "what the server serves, from what, since when",
     "",
     "",
     {},
     kStatusExamples,
     &New<v1::GetStatusRequest>,
     &Status},
    {"get-event", "what the server knows of an event", "", "event",
     kGetEventGroups, kGetEventExamples, &New<v1::GetEventRequest>, &GetEvent},
    {"get-user", "what the server knows of a user", "", "user", kGetUserGroups,
     kGetUserExamples, &New<v1::GetUserRequest>, &GetUser},
    {"export-user", "all that the server knows of a user",
     "A JSON object a line: the profile, then what they did, then what they "
     "were shown.",
     "user", kGetUserGroups, kExportUserExamples, &New<v1::ExportUserRequest>,
     &ExportUser, kLongPatience},
    {"forget-user", "delete all that is known of a user, for good",
     "Nothing of them is kept or taken any more but a hashed mark, which later "
     "models respect.",
     "user", kGetUserGroups, kForgetUserExamples, &New<v1::ForgetUserRequest>,
     &ForgetUser, kLongPatience},
    {"upsert-events", "add or replace events from a file", kOfFiles, "file",
     kUpsertEventsGroups, kUpsertEventsExamples, &New<v1::UpsertEventsRequest>,
     &UpsertEvents},
    {"upsert-users", "add or replace users from a file", kOfFiles, "file",
     kUpsertUsersGroups, kUpsertUsersExamples, &New<v1::UpsertUsersRequest>,
     &UpsertUsers},
    {"delete-events", "take events out: they are not recommended again",
     "Unknown ids are no error.", "event", kDeleteEventsGroups,
     kDeleteEventsExamples, &New<v1::DeleteEventsRequest>, &DeleteEvents},
    {"record", "what users did, one thing or a file of them", kOfFiles,
     "user+event+kind|file", kRecordGroups, kRecordExamples,
     &New<v1::Interaction>, &Record},
    {"show", "say that results of a list were shown",
     "Of a list that was asked for with --exposure=deferred.", "recommendation",
     kShowGroups, kShowExamples, &New<v1::RecordExposuresRequest>, &Show},
    {"experiment report", "what came of an experiment so far",
     "Users are those who have been shown something; an exposure is one event "
     "in a list that was shown. A click is a view or click on it, an RSVP an "
     "rsvp_yes or ticket, an attendance an attend or checkin, recorded with "
     "the "
     "recommendation's id. Nothing else is to be believed when the sample "
     "ratio "
     "is off.",
     "experiment", kReportGroups, kReportExamples, &New<v1::GetReportRequest>,
     &Report},
    {"experiment assign", "which variants a user gets", "", "user",
     kAssignGroups, kAssignExamples, &New<v1::AssignRequest>, &Assign},
    {"versions",
     "the published versions, and which of them is served",
     "",
     "",
     {},
     kVersionsExamples,
     &New<v1::ListModelVersionsRequest>,
     &Versions},
    {"pin", "serve one version, whatever is published",
     "Until another is pinned, unpin, or the server ends.", "version",
     kPinGroups, kPinExamples, &New<v1::PinModelVersionRequest>, &Pin,
     kLongPatience},
    {"unpin",
     "serve the published version again",
     "",
     "",
     {},
     kUnpinExamples,
     &New<v1::PinModelVersionRequest>,
     &Unpin,
     kLongPatience},
    {"reload",
     "look for a new version now, and try a refused one again",
     "",
     "",
     {},
     kReloadExamples,
     &New<v1::ReloadModelRequest>,
     &Reload,
     kLongPatience},
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
