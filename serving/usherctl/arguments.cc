#include "serving/usherctl/arguments.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "serving/usherctl/display_text.h"
#include "serving/usherctl/field_text.h"

namespace usher::ctl {
namespace {

constexpr int kMisspelled = 2;  // So many letters off is still a guess.

// Levenshtein's distance.
int EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i) + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const int replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

// "; did you mean --limit?", or nothing.
std::string Guess(absl::string_view word, absl::string_view dashes,
                  const std::vector<absl::string_view>& names) {
  absl::string_view best;
  int least = kMisspelled + 1;
  for (absl::string_view name : names) {
    const int distance = EditDistance(word, name);
    if (distance < least && distance < static_cast<int>(name.size())) {
      best = name;
      least = distance;
    }
  }
  if (best.empty()) return "";
  return absl::StrCat("; did you mean ", dashes, best, "?");
}

std::string HelpOf(const Command* command) {
  if (command == nullptr) return "; see usherctl --help";
  return absl::StrCat("; see usherctl ", command->name, " --help");
}

// Reads the arguments one after the other.
class Reader {
 public:
  explicit Reader(absl::Span<const std::string> args) : args_(args) {}

  absl::StatusOr<Arguments> Read();

 private:
  // The flag at next_, and its value when that is an argument of its own.
  absl::Status ReadFlag();
  absl::Status ReadCommand();
  absl::Status SetFlag(absl::string_view name, absl::string_view text);
  absl::Status UnknownFlag(absl::string_view name) const;
  absl::Status CheckNeeds() const;
  absl::Status Error(absl::string_view what) const;

  const absl::Span<const std::string> args_;
  size_t next_ = 0;
  Arguments arguments_;
  std::vector<std::string> given_;
};

absl::Status Reader::Error(absl::string_view what) const {
  const Command* command = arguments_.command;
  return absl::InvalidArgumentError(Printable(
      command == nullptr ? what : absl::StrCat(command->name, ": ", what)));
}

absl::Status Reader::UnknownFlag(absl::string_view name) const {
  const Command* command = arguments_.command;
  std::vector<absl::string_view> names = {"help"};
  for (const GlobalFlag& flag : GlobalFlags()) names.push_back(flag.name);
  if (command != nullptr) {
    for (const FlagGroup& group : command->groups) {
      for (const Flag& flag : group.flags) names.push_back(flag.name);
    }
  }
  const std::string guess = Guess(name, "--", names);
  return Error(absl::StrCat("unknown flag --", name,
                            command == nullptr ? " before the command" : "",
                            guess.empty() ? HelpOf(command) : guess));
}

absl::Status Reader::SetFlag(absl::string_view name, absl::string_view text) {
  if (text.empty()) return Error(absl::StrCat("--", name, " has no value"));
  absl::Status status;
  if (const GlobalFlag* flag = FindGlobalFlag(name)) {
    status = flag->set(text, arguments_.options);
  } else {
    const Flag* own = FindFlag(*arguments_.command, name);
    status = own->field.empty()
                 ? own->set(text, arguments_.extras, *arguments_.request)
                 : SetField(*arguments_.request, own->field, text);
    given_.emplace_back(name);
  }
  if (status.ok()) return status;
  return Error(absl::StrCat("--", name, ": ", status.message()));
}

absl::Status Reader::ReadFlag() {
  const absl::string_view whole = absl::string_view(args_[next_++]).substr(2);
  const size_t equals = whole.find('=');
  const std::string name =
      absl::StrReplaceAll(whole.substr(0, equals), {{"-", "_"}});
  if (name == "help") {
    arguments_.help = true;
    return absl::OkStatus();
  }
  const GlobalFlag* global = FindGlobalFlag(name);
  const Flag* own = arguments_.command == nullptr
                        ? nullptr
                        : FindFlag(*arguments_.command, name);
  if (global == nullptr && own == nullptr) return UnknownFlag(name);
  if (equals != absl::string_view::npos) {
    return SetFlag(name, whole.substr(equals + 1));
  }
  const absl::string_view value =
      global != nullptr ? global->value : own->value;
  if (value.empty()) return SetFlag(name, "true");
  if (next_ == args_.size() || absl::StartsWith(args_[next_], "--")) {
    return Error(
        absl::StrCat("--", name, " has no value; write --", name, "=", value));
  }
  return SetFlag(name, args_[next_++]);
}

absl::Status Reader::ReadCommand() {
  const absl::string_view word = args_[next_++];
  if (arguments_.command != nullptr) {
    return Error(absl::StrCat("unexpected argument '", word, "'",
                              HelpOf(arguments_.command)));
  }
  if (word == "help" && !arguments_.help) {
    arguments_.help = true;
    return absl::OkStatus();
  }
  arguments_.command = FindCommand(word);
  // Some have two words.
  if (arguments_.command == nullptr && next_ < args_.size()) {
    arguments_.command = FindCommand(absl::StrCat(word, " ", args_[next_]));
    if (arguments_.command != nullptr) ++next_;
  }
  if (arguments_.command == nullptr) {
    std::vector<absl::string_view> names;
    for (const Command& command : Commands()) names.push_back(command.name);
    const std::string guess = Guess(word, "", names);
    return Error(absl::StrCat(
        "unknown command '", word, "'",
        !guess.empty() ? guess
                       : absl::StrCat("; one of ", absl::StrJoin(names, ", "),
                                      "; see usherctl --help")));
  }
  if (arguments_.options.timeout == absl::ZeroDuration()) {
    arguments_.options.timeout = arguments_.command->patience;
  }
  arguments_.request = arguments_.command->new_request();
  return absl::OkStatus();
}

absl::Status Reader::CheckNeeds() const {
  const absl::string_view needs = arguments_.command->needs;
  if (needs.empty()) return absl::OkStatus();
  for (absl::string_view choice : absl::StrSplit(needs, '|')) {
    const std::vector<std::string> names = absl::StrSplit(choice, '+');
    if (std::all_of(names.begin(), names.end(), [this](const auto& name) {
          return std::find(given_.begin(), given_.end(), name) != given_.end();
        })) {
      return absl::OkStatus();
    }
  }
  const bool several = absl::StrContains(needs, '+');
  return Error(absl::StrCat(
      "give --",
      absl::StrReplaceAll(
          needs, {{"|", several ? ", or --" : " or --"}, {"+", " and --"}}),
      HelpOf(arguments_.command)));
}

absl::StatusOr<Arguments> Reader::Read() {
  while (next_ < args_.size()) {
    absl::Status status;
    if (args_[next_] == "-h") {
      arguments_.help = true;
      ++next_;
    } else if (absl::StartsWith(args_[next_], "--")) {
      status = ReadFlag();
    } else if (absl::StartsWith(args_[next_], "-")) {
      status = Error(absl::StrCat("unknown argument '", args_[next_],
                                  "'; flags begin with two dashes"));
    } else {
      status = ReadCommand();
    }
    if (!status.ok()) return status;
  }
  if (arguments_.help) return std::move(arguments_);
  if (arguments_.command == nullptr) {
    return Error("no command; see usherctl --help");
  }
  const absl::Status status = CheckNeeds();
  if (!status.ok()) return status;
  return std::move(arguments_);
}

}  // namespace

absl::StatusOr<Arguments> ParseArguments(absl::Span<const std::string> args) {
  return Reader(args).Read();
}

}  // namespace usher::ctl
