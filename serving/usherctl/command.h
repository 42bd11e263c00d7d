// What usherctl can do: one table that drives parsing, help and calls.
#ifndef USHER_SERVING_USHERCTL_COMMAND_H_
#define USHER_SERVING_USHERCTL_COMMAND_H_

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"
#include "serving/usherctl/terminal.h"

namespace usher::ctl {

// What the flags of a command say that is no field of its request.
struct Extras {
  std::string file;     // To read; "-" is standard input.
  int pages = 1;        // How many to ask for, one after the other.
  bool stream = false;  // Ask over one stream rather than with many calls.
};

// A flag of a command: a field of its request, or what `set` makes of its text.
struct Flag {
  absl::string_view name;   // Without the dashes; words joined by "_".
  absl::string_view field;  // As in SetField(); empty: `set`.
  absl::string_view value;  // What to write after "="; empty for a bool.
  absl::string_view help;
  // InvalidArgument as in SetField().
  absl::Status (*set)(absl::string_view text, Extras& extras,
                      google::protobuf::Message& request) = nullptr;
};

// Flag::set of a file to read.
absl::Status SetFile(absl::string_view text, Extras& extras,
                     google::protobuf::Message& request);

struct FlagGroup {
  absl::string_view title;
  absl::Span<const Flag> flags;
};

// The flags that every command has. `set` reads a text into the options;
// InvalidArgument as in SetField().
struct Options {
  std::string server = "127.0.0.1:50051";
  std::string token;  // Says who asks; may be empty.
  // Connections are encrypted when any of these is set. PEM texts.
  bool tls = false;      // Trusts whom the system trusts,
  std::string tls_ca;    // or whom these certificates vouch for.
  std::string tls_cert;  // Our own, for servers that ask, and its key.
  std::string tls_key;
  absl::Duration timeout;  // Zero: the command's own.
  bool json = false;
  int width = 0;  // 0: the terminal's.
};

struct GlobalFlag {
  absl::string_view name;
  absl::string_view value;
  absl::string_view help;
  absl::Status (*set)(absl::string_view text, Options& options);
};

// What a command runs with.
struct Session {
  std::shared_ptr<grpc::Channel> channel;
  Options options;
  Terminal terminal;
  Extras extras;
  std::ostream* out = nullptr;  // For what does not wait for the end.
  std::ostream* err = nullptr;  // For progress and the lines of bad files.
};

struct Command {
  absl::string_view name;     // One word, or two with a blank between.
  absl::string_view summary;  // One line.
  absl::string_view details;  // Paragraphs for its own help; may be empty.
  // Flags that must be given: one of "event|seed", both of "user+event".
  absl::string_view needs;
  absl::Span<const FlagGroup> groups;
  absl::Span<const absl::string_view> examples;  // What follows "usherctl ".
  // A request with this client's defaults, before any flag is set.
  std::unique_ptr<google::protobuf::Message> (*new_request)();
  // Sends the request and returns what to print (at the end, where it writes to
  // session.out by itself), or the server's error.
  absl::StatusOr<std::string> (*run)(const google::protobuf::Message& request,
                                     const Session& session);
  // How long it may take: longer where the server loads a model or reads all
  // that it has.
  absl::Duration patience = absl::Seconds(5);
};

absl::Span<const Command> Commands();
absl::Span<const GlobalFlag> GlobalFlags();

// Null when there is none of that name.
const Command* FindCommand(absl::string_view name);
const GlobalFlag* FindGlobalFlag(absl::string_view name);
const Flag* FindFlag(const Command& command, absl::string_view name);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_COMMAND_H_
