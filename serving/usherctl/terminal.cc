#include "serving/usherctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

namespace usher::ctl {
namespace {

bool WantsStyle() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         absl::string_view(term) != "dumb";
}

}  // namespace

Terminal StandardOutput() {
  Terminal terminal;
  terminal.now = absl::Now();
  terminal.progress_in_place = isatty(STDERR_FILENO) != 0;
  if (isatty(STDOUT_FILENO) == 0) return terminal;
  terminal.styled = WantsStyle();
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = size.ws_col;
  }
  return terminal;
}

}  // namespace usher::ctl
