#include "serving/precompute/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace usher {
namespace {

constexpr Micros kTerminalPeriod = kSecond / 5;
constexpr Micros kLinePeriod = 5 * kSecond;

}  // namespace

std::string ProgressText(int64_t done, int64_t total, double rate) {
  std::string text = absl::StrFormat("%d of %d users", done, total);
  if (rate > 0) {
    absl::StrAppendFormat(&text, ", %.0f/s, %.0f s left", rate,
                          std::ceil(static_cast<double>(total - done) / rate));
  }
  return text;
}

ProgressLine::ProgressLine(int64_t done, int64_t total)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      first_(done),
      total_(total),
      started_(Clock::System().Now()),
      shown_(started_) {}

ProgressLine::~ProgressLine() {
  if (line_open_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Update(int64_t done) {
  const Micros now = Clock::System().Now();
  if (now - shown_ < (terminal_ ? kTerminalPeriod : kLinePeriod)) return;
  shown_ = now;
  const double seconds =
      static_cast<double>(std::max<Micros>(1, now - started_)) / kSecond;
  const std::string text =
      ProgressText(done, total_, static_cast<double>(done - first_) / seconds);
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "usher-precompute: %s\n",
               text.c_str());
  line_open_ = terminal_;
}

}  // namespace usher
