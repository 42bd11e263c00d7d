#include "trainer/progress.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace usher {
namespace {

constexpr Micros kBarInterval = kSecond / 10;
constexpr Micros kLineInterval = 5 * kSecond;

}  // namespace

Progress::Progress()
    : terminal_(::isatty(STDERR_FILENO) == 1), last_(Clock::System().Now()) {}

void Progress::Update(absl::string_view what, int64_t done, int64_t total) {
  const Micros now = Clock::System().Now();
  if (now - last_ < (terminal_ ? kBarInterval : kLineInterval)) return;
  last_ = now;
  const std::string text =
      total > 0 ? absl::StrFormat("%s: %.0f %%", what,
                                  100.0 * static_cast<double>(done) /
                                      static_cast<double>(total))
                : absl::StrCat(what, " ...");
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    bar_shown_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void Progress::Line(absl::string_view line) {
  ClearBar();
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void Progress::ClearBar() {
  if (bar_shown_) std::fprintf(stderr, "\r\033[K");
  bar_shown_ = false;
}

}  // namespace usher
