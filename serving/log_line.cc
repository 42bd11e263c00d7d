#include "serving/log_line.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"

namespace usher {
namespace {

bool IsPlain(absl::string_view value) {
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](unsigned char c) {
           return absl::ascii_isgraph(c) && c != '"' && c != '=' && c != '\\';
         });
}

std::string Quoted(absl::string_view value) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
}

class LogfmtFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    const absl::string_view payload(message.payload.data(),
                                    message.payload.size());
    const absl::string_view level(
        spdlog::level::to_string_view(message.level).data());
    std::string line = absl::StrCat(
        "time=",
        absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromChrono(message.time),
                         absl::UTCTimeZone()),
        " level=", level, " ");
    if (absl::StartsWith(payload, "event=")) {
      absl::StrAppend(&line, payload, "\n");
    } else {
      absl::StrAppend(&line, LogLine("note").Add("text", payload).text(), "\n");
    }
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LogfmtFormatter>();
  }
};

}  // namespace

LogLine::LogLine(absl::string_view event)
    : text_(absl::StrCat("event=", event)) {}

LogLine& LogLine::Add(absl::string_view key, absl::string_view value) {
  absl::StrAppend(&text_, " ", key, "=");
  absl::StrAppend(&text_, IsPlain(value) ? std::string(value) : Quoted(value));
  return *this;
}

void StartLog() {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("usher"));
  spdlog::set_formatter(std::make_unique<LogfmtFormatter>());
}

}  // namespace usher
