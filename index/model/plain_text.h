// Text without markup.
#ifndef USHER_INDEX_MODEL_PLAIN_TEXT_H_
#define USHER_INDEX_MODEL_PLAIN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace usher {

// `html` with what is no language replaced by spaces: tags, comments, scripts
// and style sheets with their content, URLs and e-mail addresses. Character
// references become their letter (&#233; and &eacute; both give an accented e)
// or a space when they name none. Anything goes in, also broken markup and
// invalid UTF-8, whose bytes come out as they were.
std::string PlainText(absl::string_view html);

}  // namespace usher

#endif  // USHER_INDEX_MODEL_PLAIN_TEXT_H_
