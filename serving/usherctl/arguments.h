// The command line, read against the table of commands.
#ifndef USHER_SERVING_USHERCTL_ARGUMENTS_H_
#define USHER_SERVING_USHERCTL_ARGUMENTS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

struct Arguments {
  bool help = false;                 // Then only `command` is set.
  const Command* command = nullptr;  // Null: help on all commands.
  Options options;
  Extras extras;
  std::unique_ptr<google::protobuf::Message> request;
};

// `args` without the program's name: [GLOBAL FLAGS] COMMAND [FLAGS]. A flag is
// written --flag=value or --flag value, a bool also --flag; dashes and
// underscores in its name are the same. Of a flag given twice the last counts;
// lists grow. "--help" anywhere, "-h", and "help COMMAND" ask for help.
// InvalidArgument: one line that names the argument and the way out.
absl::StatusOr<Arguments> ParseArguments(absl::Span<const std::string> args);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_ARGUMENTS_H_
