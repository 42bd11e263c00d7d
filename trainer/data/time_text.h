// Instants as they are written in data files and flags.
#ifndef USHER_TRAINER_DATA_TIME_TEXT_H_
#define USHER_TRAINER_DATA_TIME_TEXT_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"

namespace usher {

// Unix seconds ("1496275200", "-3.5") or RFC 3339 text
// ("2017-06-01T00:00:00Z", "2017-06-01 02:00:00.25+02:00"). Digits below a
// microsecond are dropped. Nullopt for anything else, the empty text, dates
// that do not exist and instants outside of the years 0 to 9999 (which is what
// milliseconds look like).
std::optional<Micros> ParseTime(absl::string_view text);

// Unix seconds as a number. Nullopt as above.
std::optional<Micros> TimeFromSeconds(double seconds);
std::optional<Micros> TimeFromSeconds(int64_t seconds);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_TIME_TEXT_H_
