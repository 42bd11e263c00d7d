#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {
namespace {

constexpr int kLeastWidth = 40;

absl::Status WrongFlag(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' ", why));
}

absl::Status SetServer(absl::string_view text, Options& options) {
  if (text.find(':') == absl::string_view::npos) {
    return WrongFlag(text, "names no port; write HOST:PORT");
  }
  options.server = std::string(text);
  return absl::OkStatus();
}

absl::Status SetTimeout(absl::string_view text, Options& options) {
  if (!absl::ParseDuration(text, &options.timeout) ||
      options.timeout <= absl::ZeroDuration()) {
    return WrongFlag(text, "is no time to wait; write 5s, 500ms or 1m");
  }
  return absl::OkStatus();
}

absl::Status SetJson(absl::string_view text, Options& options) {
  if (text != "true" && text != "false") {
    return WrongFlag(text, "is neither true nor false");
  }
  options.json = text == "true";
  return absl::OkStatus();
}

absl::Status SetWidth(absl::string_view text, Options& options) {
  if (!absl::SimpleAtoi(text, &options.width) || options.width < kLeastWidth) {
    return WrongFlag(text,
                     absl::StrCat("is no width; write a number of columns, ",
                                  kLeastWidth, " or more"));
  }
  return absl::OkStatus();
}

absl::Status SetToken(absl::string_view text, Options& options) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      // Not shown: it may be a secret with a slip of the hand.
      return absl::InvalidArgumentError(
          "has a character that no token has, such as a blank");
    }
  }
  options.token = std::string(text);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileText(absl::string_view path) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return WrongFlag(path, "is no file that can be read, or is empty");
  }
  return text.str();
}

absl::Status SetTokenFile(absl::string_view path, Options& options) {
  const absl::StatusOr<std::string> text = FileText(path);
  if (!text.ok()) return text.status();
  return SetToken(absl::StripAsciiWhitespace(*text), options);
}

absl::Status SetTls(absl::string_view text, Options& options) {
  if (text != "true" && text != "false") {
    return WrongFlag(text, "is neither true nor false");
  }
  options.tls = text == "true";
  return absl::OkStatus();
}

template <std::string Options::*field>
absl::Status SetPem(absl::string_view path, Options& options) {
  absl::StatusOr<std::string> text = FileText(path);
  if (!text.ok()) return text.status();
  options.*field = *std::move(text);
  return absl::OkStatus();
}

constexpr GlobalFlag kGlobalFlags[] = {
    {"server", "HOST:PORT", "the server to ask (default 127.0.0.1:50051)",
     &SetServer},
    {"token_file", "FILE",
     "the token that the server asks for; also --token=TOKEN, which others on "
     "this machine can see, or USHER_TOKEN in the environment",
     &SetTokenFile},
    {"tls", "", "encrypt; trust the servers that the system trusts", &SetTls},
    {"tls_ca", "F.pem", "encrypt; trust the servers that these vouch for",
     &SetPem<&Options::tls_ca>},
    {"tls_cert", "F.pem", "our certificate, for a server that asks for one",
     &SetPem<&Options::tls_cert>},
    {"tls_key", "F.pem", "the key of --tls_cert", &SetPem<&Options::tls_key>},
    {"timeout", "TIME",
     "how long to wait, such as 500ms (default 5s; where a model is loaded or "
     "all is read, 5m)",
     &SetTimeout},
    {"json", "", "print the response as one JSON object, fields as in the API",
     &SetJson},
    {"width", "N",
     "lay out for N columns (default: the terminal's, or 100 elsewhere)",
     &SetWidth},
    {"token", "TOKEN", "see --token_file", &SetToken},
};

}  // namespace

absl::Span<const GlobalFlag> GlobalFlags() { return kGlobalFlags; }

}  // namespace usher::ctl
