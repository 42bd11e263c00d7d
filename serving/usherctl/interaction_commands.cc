#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/command_groups.h"
#include "serving/usherctl/data_line.h"
#include "serving/usherctl/interaction_stream.h"
#include "serving/usherctl/upload.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::InteractionService;

absl::Status SetStream(absl::string_view text, Extras& extras, Message&) {
  if (text != "true" && text != "false") {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is neither true nor false"));
  }
  extras.stream = text == "true";
  return absl::OkStatus();
}

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
     "that one",
     &SetFile},
    {"stream", "", "", "send the file over one stream, not with many calls",
     &SetStream},
};
constexpr FlagGroup kRecordGroups[] = {{"One interaction", kRecordFlags},
                                       {"Or many", kRecordFileFlags}};

constexpr Flag kShowFlags[] = {
    {"recommendation", "recommendation_id", "ID", "the list"},
    {"position", "positions", "N,...",
     "these results were shown (default: all of the list)"},
};
constexpr FlagGroup kShowGroups[] = {{"Flags", kShowFlags}};

absl::StatusOr<std::string> Show(const Message& request,
                                 const Session& session) {
  return Ask<InteractionService>(&InteractionService::Stub::RecordExposures,
                                 &ShownText, request, session);
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
  InteractionStream stream(session);
  upload.send = [&](const Message& message) {
    const auto& batch =
        static_cast<const v1::RecordInteractionsRequest&>(message);
    const auto response =
        session.extras.stream
            ? stream.Send(batch)
            : Call<InteractionService>(
                  &InteractionService::Stub::RecordInteractions, batch,
                  session);
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
  if (!session.extras.file.empty()) return RecordFile(interaction, session);
  if (session.extras.stream) {
    return absl::InvalidArgumentError("--stream goes with --file only");
  }
  v1::RecordInteractionsRequest request;
  *request.add_interactions() = interaction;
  return Ask<InteractionService>(&InteractionService::Stub::RecordInteractions,
                                 &RecordedText, request, session);
}

constexpr absl::string_view kRecordExamples[] = {
    "record --user=ann --event=e12 --kind=rsvp_yes",
    "record --user=ann --event=e12 --kind=rating --value=4 --id=i7",
    "record --file=interactions.csv",
    "record --file=interactions.csv --stream --timeout=1h",
};
constexpr absl::string_view kShowExamples[] = {
    "show --recommendation=0c2f6a9d41e8b7350c2f6a9d41e8b735 --position=1,2",
};

constexpr Command kInteractionCommands[] = {
    {"record", "what users did, one thing or a file of them", kOfFiles,
     "user+event+kind|file", kRecordGroups, kRecordExamples,
     &New<v1::Interaction>, &Record},
    {"show", "say that results of a list were shown",
     "Of a list that was asked for with --exposure=deferred.", "recommendation",
     kShowGroups, kShowExamples, &New<v1::RecordExposuresRequest>, &Show},
};

}  // namespace

absl::Span<const Command> InteractionCommands() { return kInteractionCommands; }

}  // namespace usher::ctl
