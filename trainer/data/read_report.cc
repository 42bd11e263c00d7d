#include "trainer/data/read_report.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace usher {
namespace {

constexpr size_t kMaxQuotedBytes = 60;

}  // namespace

void BadLines::Add(int64_t line, absl::string_view what, int64_t lines) {
  report_.bad += lines;
  if (report_.first_errors.size() >= kMaxShownErrors) return;
  report_.first_errors.push_back(absl::StrCat(path_, ":", line, ": ", what));
  if (options_.warn) options_.warn(report_.first_errors.back());
}

absl::Status BadLines::Finish() const {
  const int64_t bad = report_.bad;
  if (bad == 0) return absl::OkStatus();
  const int64_t shown = static_cast<int64_t>(report_.first_errors.size());
  if (options_.warn && bad > shown) {
    options_.warn(absl::StrCat(path_, ": ", bad - shown, " more bad lines"));
  }
  const double total = static_cast<double>(report_.rows + bad);
  if (static_cast<double>(bad) <= options_.max_bad_fraction * total) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: %d of %.0f lines are bad, a share of more than "
                      "--max_bad_fraction=%g; the first: %s",
                      path_, bad, total, options_.max_bad_fraction,
                      report_.first_errors.front()));
}

std::string Quoted(absl::string_view text) {
  if (text.size() <= kMaxQuotedBytes) {
    return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text), "\"");
  }
  size_t cut = kMaxQuotedBytes;  // Not within a character.
  while (cut > 0 && (text[cut] & 0xC0) == 0x80) --cut;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, cut)),
                      "...\"");
}

}  // namespace usher
