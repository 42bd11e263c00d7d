#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/command_groups.h"
#include "usher/v1/experiment.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::ExperimentService;

constexpr Flag kReportFlags[] = {
    {"experiment", "experiment", "NAME", "one of the server's --experiments"},
};
constexpr FlagGroup kReportGroups[] = {{"Flags", kReportFlags}};

constexpr Flag kAssignFlags[] = {{"user", "user_id", "ID", "this user"}};
constexpr FlagGroup kAssignGroups[] = {{"Flags", kAssignFlags}};

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

constexpr absl::string_view kReportExamples[] = {
    "experiment report --experiment=near",
};
constexpr absl::string_view kAssignExamples[] = {
    "experiment assign --user=ann",
};

constexpr Command kExperimentCommands[] = {
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
};

}  // namespace

absl::Span<const Command> ExperimentCommands() { return kExperimentCommands; }

}  // namespace usher::ctl
