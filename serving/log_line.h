// The server's log: a line for each thing that changed, in logfmt.
#ifndef USHER_SERVING_LOG_LINE_H_
#define USHER_SERVING_LOG_LINE_H_

#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace usher {

// "event=model_serving version=3 reason=\"two words\"". Values that are not
// plain are quoted, so that whatever is in them a line stays one line and its
// keys stay its keys. Written by spdlog::info(line.text()) and its like.
class LogLine {
 public:
  explicit LogLine(absl::string_view event);

  LogLine& Add(absl::string_view key, absl::string_view value);
  template <class Number>
  requires(std::is_arithmetic_v<Number>) LogLine& Add(absl::string_view key,
                                                      Number value) {
    return Add(key, absl::string_view(absl::StrCat(value)));
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The program's log goes to stderr, each line "time=T level=L " and then what
// was logged: a LogLine as it is, any other text as event=note text="...".
void StartLog();

}  // namespace usher

#endif  // USHER_SERVING_LOG_LINE_H_
