#include "serving/usherctl/instant_text.h"

#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace usher::ctl {
namespace {

constexpr double kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z.
constexpr double kEndSecond = 253402300800;    // 10000-01-01T00:00:00Z.
constexpr size_t kDateSize = 10;               // 2017-06-01.

bool ParseSeconds(absl::string_view text, double* seconds) {
  return text.find_first_not_of("-.0123456789") == absl::string_view::npos &&
         absl::SimpleAtod(text, seconds);
}

bool ParseRfc3339(absl::string_view text, absl::Time* time) {
  // Abseil would also take blanks around it, and "infinite-future".
  if (text.find_first_not_of("-+:.0123456789TtZz ") !=
      absl::string_view::npos) {
    return false;
  }
  std::string dated(text);
  if (dated.size() <= kDateSize || dated.back() == ' ') return false;
  if (dated[kDateSize] == ' ') dated[kDateSize] = 'T';
  return absl::ParseTime(absl::RFC3339_full, dated, time, nullptr);
}

}  // namespace

absl::StatusOr<absl::Time> ParseInstant(absl::string_view text) {
  absl::Time time;
  double seconds = 0;
  if (ParseSeconds(text, &seconds)) {
    if (seconds >= kFirstSecond && seconds < kEndSecond) {
      return absl::FromUnixMicros(
          static_cast<int64_t>(std::llround(seconds * 1e6)));
    }
  } else if (ParseRfc3339(text, &time)) {
    seconds = absl::ToDoubleSeconds(time - absl::UnixEpoch());
    if (seconds >= kFirstSecond && seconds < kEndSecond) return time;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is no time; write unix seconds (1496275200) or RFC 3339 "
                   "(2017-06-01T00:00:00Z)"));
}

std::string FormatInstant(absl::Time time, const std::string& time_zone,
                          absl::Time now) {
  absl::TimeZone zone = absl::UTCTimeZone();
  const bool local = !time_zone.empty() && absl::LoadTimeZone(time_zone, &zone);
  if (!local) zone = absl::UTCTimeZone();
  const absl::CivilDay day = absl::ToCivilDay(time, zone);
  const bool this_year = day.year() == absl::ToCivilDay(now, zone).year();
  return absl::StrCat(
      absl::FormatTime("%a ", time, zone), day.day(),
      absl::FormatTime(this_year ? " %b %H:%M" : " %b %Y %H:%M", time, zone),
      local ? "" : " UTC");
}

}  // namespace usher::ctl
