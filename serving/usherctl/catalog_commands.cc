#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/command_groups.h"
#include "serving/usherctl/data_line.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/upload.h"
#include "usher/v1/catalog.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::CatalogService;

constexpr Flag kGetEventFlags[] = {{"event", "event_id", "ID", "this event"}};
constexpr FlagGroup kGetEventGroups[] = {{"Flags", kGetEventFlags}};

constexpr Flag kGetUserFlags[] = {{"user", "user_id", "ID", "this user"}};
constexpr FlagGroup kGetUserGroups[] = {{"Flags", kGetUserFlags}};

constexpr Flag kUpsertEventsFlags[] = {
    {"file", "", "FILE.jsonl",
     "an event a line, as events.jsonl of usher-train; may end in .gz; - is "
     "standard input",
     &SetFile},
    {"fields", "update_mask.paths", "NAME,...",
     "change these fields only, such as title,price (default: all; a field "
     "that a line leaves out is unset)"},
};
constexpr FlagGroup kUpsertEventsGroups[] = {{"Flags", kUpsertEventsFlags}};

constexpr Flag kUpsertUsersFlags[] = {
    {"file", "", "FILE.jsonl",
     "a user a line, as users.jsonl of usher-train; may end in .gz; - is "
     "standard input",
     &SetFile},
    {"fields", "update_mask.paths", "NAME,...",
     "change these fields only, such as city,location (default: all; a field "
     "that a line leaves out is unset); features are the profile"},
};
constexpr FlagGroup kUpsertUsersGroups[] = {{"Flags", kUpsertUsersFlags}};

constexpr Flag kDeleteEventsFlags[] = {
    {"event", "event_ids", "ID,...", "these events"}};
constexpr FlagGroup kDeleteEventsGroups[] = {{"Flags", kDeleteEventsFlags}};

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

absl::StatusOr<std::string> ForgetUser(const Message& request,
                                       const Session& session) {
  return Ask<CatalogService>(&CatalogService::Stub::ForgetUser, &ForgottenText,
                             request, session);
}

absl::StatusOr<std::string> ExportUser(const Message& request,
                                       const Session& session) {
  const auto stub = CatalogService::NewStub(session.channel);
  grpc::ClientContext context;
  Prepare(session, context);
  const auto reader = stub->ExportUser(
      &context, static_cast<const v1::ExportUserRequest&>(request));
  v1::ExportUserResponse response;
  while (reader->Read(&response)) {
    *session.out << ToJson(response, Terminal());
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status);
  return "";
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

constexpr Command kCatalogCommands[] = {
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
};

}  // namespace

absl::Span<const Command> CatalogCommands() { return kCatalogCommands; }

}  // namespace usher::ctl
