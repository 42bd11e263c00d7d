// What --help prints, from the table of commands.
#ifndef USHER_SERVING_USHERCTL_HELP_H_
#define USHER_SERVING_USHERCTL_HELP_H_

#include <string>

#include "serving/usherctl/command.h"

namespace usher::ctl {

// For all commands, when `command` is null, or for one. Lines end.
std::string HelpText(const Command* command);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_HELP_H_
