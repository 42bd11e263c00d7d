#include "index/base/flags.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// Unix seconds of the year 9999.
constexpr double kLastSecond = 253402300799.0;

const FlagSpec* Find(absl::Span<const FlagSpec> specs, absl::string_view name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(),
                   [&](const FlagSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<Flags> Flags::Parse(absl::Span<const std::string> words,
                                   absl::Span<const FlagSpec> specs) {
  Flags flags;
  for (const FlagSpec& spec : specs) {
    flags.fallbacks_.emplace(spec.name, spec.fallback);
  }
  for (size_t i = 0; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (word.substr(0, 2) != "--") {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", word, "\" is not a flag; see --help"));
    }
    word.remove_prefix(2);
    const size_t equals = word.find('=');
    const absl::string_view name = word.substr(0, equals);
    const FlagSpec* spec = Find(specs, name);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", name, "; see --help"));
    }
    std::string value;
    if (equals != absl::string_view::npos) {
      value = std::string(word.substr(equals + 1));
    } else if (spec->value.empty()) {
      value = "true";
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", name, " needs a value: --", name, "=", spec->value));
    }
    if (spec->value.empty() && value != "true" && value != "false") {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, "=", value, ": a switch is true or false"));
    }
    if (!flags.given_.emplace(name, value).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is given twice"));
    }
  }
  return flags;
}

bool Flags::Has(absl::string_view name) const {
  const auto found = given_.find(name);
  return found != given_.end() && found->second != "false";
}

std::string Flags::Text(absl::string_view name) const {
  const auto given = given_.find(name);
  if (given != given_.end()) return given->second;
  const auto fallback = fallbacks_.find(name);
  return fallback == fallbacks_.end() ? "" : fallback->second;
}

absl::StatusOr<int64_t> Flags::Integer(absl::string_view name, int64_t least,
                                       int64_t most) const {
  const std::string text = Text(name);
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < least || value > most) {
    return absl::InvalidArgumentError(absl::StrCat("--", name, "=", text,
                                                   ": not a whole number from ",
                                                   least, " to ", most));
  }
  return value;
}

absl::StatusOr<double> Flags::Number(absl::string_view name, double least,
                                     double most) const {
  const std::string text = Text(name);
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !(value >= least) ||
      !(value <= most)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", name, "=", text, ": not a number from ", least, " to ", most));
  }
  return value;
}

absl::StatusOr<std::optional<Micros>> Flags::Time(
    absl::string_view name) const {
  const std::string text = Text(name);
  if (text.empty()) return std::optional<Micros>();
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    if (std::abs(seconds) <= kLastSecond) {
      return std::optional<Micros>(std::llround(seconds * kSecond));
    }
  } else {
    absl::Time time;
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
      return std::optional<Micros>(absl::ToUnixMicros(time));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, "=", text,
                   ": not unix seconds, nor a time such as "
                   "2026-06-01T19:00:00Z"));
}

absl::Status Flags::Require(
    std::initializer_list<absl::string_view> names) const {
  for (const absl::string_view name : names) {
    if (Text(name).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is required; see --help"));
    }
  }
  return absl::OkStatus();
}

std::string FlagsHelp(absl::Span<const FlagSpec> specs) {
  std::string help;
  for (const FlagSpec& spec : specs) {
    std::string left = absl::StrCat("  --", spec.name);
    if (!spec.value.empty()) absl::StrAppend(&left, "=", spec.value);
    left.resize(std::max<size_t>(left.size() + 1, 28), ' ');
    absl::StrAppend(&help, left, spec.help);
    if (!spec.fallback.empty()) {
      absl::StrAppend(&help, " (", spec.fallback, ")");
    }
    help += '\n';
  }
  return help;
}

}  // namespace usher
