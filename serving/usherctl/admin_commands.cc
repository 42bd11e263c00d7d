#include "serving/usherctl/answer_text.h"
#include "serving/usherctl/calls.h"
#include "serving/usherctl/command_groups.h"
#include "usher/v1/admin.grpc.pb.h"

namespace usher::ctl {
namespace {

using google::protobuf::Message;
using v1::AdminService;

constexpr Flag kPinFlags[] = {
    {"version", "version", "N", "one that usherctl versions lists"}};
constexpr FlagGroup kPinGroups[] = {{"Flags", kPinFlags}};

absl::StatusOr<std::string> Status(const Message& request,
                                   const Session& session) {
  return Ask<AdminService>(&AdminService::Stub::GetStatus, &StatusText, request,
                           session);
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

constexpr absl::string_view kStatusExamples[] = {
    "--server=usher.internal:50051 status",
};

constexpr absl::string_view kVersionsExamples[] = {"versions"};

constexpr absl::string_view kPinExamples[] = {"pin --version=3"};

constexpr absl::string_view kUnpinExamples[] = {"unpin"};

constexpr absl::string_view kReloadExamples[] = {"reload"};

constexpr Command kAdminCommands[] = {
    {"status",
     "what the server serves, from what, since when",
     "",
     "",
     {},
     kStatusExamples,
     &New<v1::GetStatusRequest>,
     &Status},
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

}  // namespace

absl::Span<const Command> AdminCommands() { return kAdminCommands; }

}  // namespace usher::ctl
