// UTF-8 text measured in the columns that a terminal gives it.
//
// Letters take one column, East Asian wide characters and emoji two, combining
// marks and joiners none. That is a short table, not the whole of Unicode's
// rules: good for names and titles.
#ifndef USHER_SERVING_USHERCTL_DISPLAY_TEXT_H_
#define USHER_SERVING_USHERCTL_DISPLAY_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace usher::ctl {

bool IsUtf8(absl::string_view text);

// `text` as one harmless line: white space becomes single blanks, none at the
// ends; bytes that are no UTF-8 become U+FFFD; control characters (they could
// drive the terminal) and characters that turn the writing direction go.
std::string Printable(absl::string_view text);

// In columns. Bytes that are no UTF-8 count as one each.
int DisplayWidth(absl::string_view text);

// At most `width` columns; what is cut ends in an ellipsis. Empty for a width
// below 1.
std::string Truncate(absl::string_view text, int width);

// Blanks up to `width` columns, at the end or, for numbers, at the beginning.
std::string PadRight(absl::string_view text, int width);
std::string PadLeft(absl::string_view text, int width);

// 12,345.
std::string CountText(int64_t count);
// "1 event", "12,345 events".
std::string CountText(int64_t count, absl::string_view things);

// Lines of at most `width` columns, broken at blanks; a longer word gets a line
// of its own and sticks out. Empty for an empty text.
std::vector<std::string> Wrap(absl::string_view text, int width);

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_DISPLAY_TEXT_H_
