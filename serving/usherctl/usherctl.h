// The client of a running server: the whole program but for the process.
#ifndef USHER_SERVING_USHERCTL_USHERCTL_H_
#define USHER_SERVING_USHERCTL_USHERCTL_H_

#include <ostream>
#include <string>

#include "absl/types/span.h"
#include "serving/usherctl/terminal.h"

namespace usher::ctl {

// Runs one command line, `args` without the program's name, and returns the
// exit status: 0 done; 1 the call failed or a file has bad lines, with
// "usherctl: CODE: message" and a hint on `err`; 2 a wrong command line, with
// one line on `err`. Answers and help go to `out`.
int RunUsherctl(absl::Span<const std::string> args, const Terminal& terminal,
                std::ostream& out, std::ostream& err);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_USHERCTL_H_
