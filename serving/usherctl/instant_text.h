// Instants as people type and read them.
#ifndef USHER_SERVING_USHERCTL_INSTANT_TEXT_H_
#define USHER_SERVING_USHERCTL_INSTANT_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace usher::ctl {

// Unix seconds ("1496275200", "-3.5") or RFC 3339 text ("2017-06-01T00:00:00Z",
// "2017-06-01 02:00:00.25+02:00"). InvalidArgument for anything else and for
// instants outside of the years 1 to 9999.
absl::StatusOr<absl::Time> ParseInstant(absl::string_view text);

// "Fri 5 Jun 19:00" in the IANA time zone; with the year when it is not the
// year of `now`; in UTC, with " UTC", when the zone is empty or not known here.
std::string FormatInstant(absl::Time time, const std::string& time_zone,
                          absl::Time now);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_INSTANT_TEXT_H_
