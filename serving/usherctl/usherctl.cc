#include "serving/usherctl/usherctl.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "serving/usherctl/arguments.h"
#include "serving/usherctl/command.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/help.h"

namespace usher::ctl {
namespace {

enum ExitStatus { kDone = 0, kFailed = 1, kWrongUse = 2 };

// 10,000 users, or 200 events with long texts and embeddings.
constexpr int kLargestAnswer = 64 << 20;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Options& options) {
  if (!options.tls && options.tls_ca.empty() && options.tls_cert.empty()) {
    return grpc::InsecureChannelCredentials();
  }
  return grpc::SslCredentials(
      {options.tls_ca, options.tls_key, options.tls_cert});
}

std::shared_ptr<grpc::Channel> Connect(const Options& options) {
  grpc::ChannelArguments arguments;
  // --server is the address itself; a proxy for the web is not asked.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  return grpc::CreateCustomChannel(options.server, Credentials(options),
                                   arguments);
}

// What to do about it; may be empty.
std::string Hint(absl::StatusCode code, const Arguments& arguments) {
  const Options& options = arguments.options;
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat("is the server running at ", options.server,
                          "? --server=HOST:PORT asks another",
                          "; --tls_ca if it encrypts");
    case absl::StatusCode::kUnauthenticated:
      return "--token_file or USHER_TOKEN says who asks";
    case absl::StatusCode::kPermissionDenied:
      return "ask with the token of somebody who may";
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer within ",
                          absl::FormatDuration(options.timeout),
                          "; --timeout waits longer");
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the server at ", options.server,
                          " does not know this; is it older than usherctl?");
    case absl::StatusCode::kFailedPrecondition:
      return "usherctl status says what the server has loaded";
    case absl::StatusCode::kInvalidArgument:
      return absl::StrCat("see usherctl ", arguments.command->name, " --help");
    case absl::StatusCode::kResourceExhausted:
      return "the server is busy; try again later";
    default:
      return "";
  }
}

void ReportFailure(const absl::Status& status, const Arguments& arguments,
                   std::ostream& err) {
  err << "usherctl: " << absl::StatusCodeToString(status.code()) << ": "
      << Printable(status.message()) << "\n";
  const std::string hint = Hint(status.code(), arguments);
  if (!hint.empty()) err << "  " << hint << "\n";
}

int Write(absl::string_view text, std::ostream& out, std::ostream& err) {
  out << text << std::flush;
  if (out) return kDone;
  err << "usherctl: the answer could not be written to standard output\n";
  return kFailed;
}

}  // namespace

int RunUsherctl(absl::Span<const std::string> args, const Terminal& terminal,
                std::ostream& out, std::ostream& err) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(args);
  if (!arguments.ok()) {
    err << "usherctl: " << arguments.status().message() << "\n";
    return kWrongUse;
  }
  if (arguments->options.tls_cert.empty() !=
      arguments->options.tls_key.empty()) {
    err << "usherctl: --tls_cert and --tls_key belong together\n";
    return kWrongUse;
  }
  if (arguments->help) return Write(HelpText(arguments->command), out, err);
  Session session = {Connect(arguments->options),
                     arguments->options,
                     terminal,
                     arguments->extras,
                     &out,
                     &err};
  if (arguments->options.width > 0) {
    session.terminal.width = arguments->options.width;
  }
  const absl::StatusOr<std::string> text =
      arguments->command->run(*arguments->request, session);
  if (text.ok()) return Write(*text, out, err);
  ReportFailure(text.status(), *arguments, err);
  return kFailed;
}

}  // namespace usher::ctl
