#include "serving/usherctl/help.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "serving/usherctl/display_text.h"

namespace usher::ctl {
namespace {

constexpr int kWidth = 80;
constexpr int kIndent = 30;  // Where explanations begin.

constexpr char kNotes[] = R"(
TIME is unix seconds (1496275200) or RFC 3339 (2017-06-01T00:00:00Z). A list is
written with commas or by repeating the flag; a backslash before a comma, or
before a colon in a seed, makes it part of the id. Flags are written
--flag=value or --flag value.
)";

constexpr char kExits[] = R"(
Exit status: 0 answered, 1 the server could not be reached or said no, or a file
has bad lines, 2 a wrong command line.
)";

// "  left   explanation", wrapped; a long left side has its line alone.
std::string Entry(absl::string_view left, absl::string_view explanation) {
  std::string text = absl::StrCat("  ", left);
  if (DisplayWidth(text) + 2 > kIndent) {
    absl::StrAppend(&text, "\n", std::string(kIndent, ' '));
  } else {
    text = PadRight(text, kIndent);
  }
  bool first = true;
  for (const std::string& line : Wrap(explanation, kWidth - kIndent)) {
    absl::StrAppend(&text, first ? "" : std::string(kIndent, ' '), line, "\n");
    first = false;
  }
  return text;
}

std::string FlagEntry(absl::string_view name, absl::string_view value,
                      absl::string_view explanation) {
  return Entry(absl::StrCat("--", name, value.empty() ? "" : "=", value),
               explanation);
}

std::string GlobalEntries() {
  std::string text;
  for (const GlobalFlag& flag : GlobalFlags()) {
    absl::StrAppend(&text, FlagEntry(flag.name, flag.value, flag.help));
  }
  return absl::StrCat(text, FlagEntry("help", "", "say this"));
}

std::string Examples(const Command& command) {
  std::string text;
  for (absl::string_view example : command.examples) {
    absl::StrAppend(&text, "  usherctl ", example, "\n");
  }
  return text;
}

std::string GeneralHelp() {
  std::string text =
      "Asks a running Usher server.\n\n"
      "Usage: usherctl [--server=HOST:PORT] COMMAND [FLAGS]\n\nCommands:\n";
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, Entry(command.name, command.summary));
  }
  absl::StrAppend(&text, Entry("help COMMAND", "the flags of a command"),
                  "\nFlags of every command:\n", GlobalEntries(),
                  "\nExamples:\n");
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, "  usherctl ", command.examples.front(), "\n");
  }
  return absl::StrCat(text, kExits);
}

std::string CommandHelp(const Command& command) {
  std::string text =
      absl::StrCat("usherctl ", command.name, ": ", command.summary, "\n");
  if (!command.details.empty()) absl::StrAppend(&text, "\n");
  for (const std::string& line : Wrap(command.details, kWidth)) {
    absl::StrAppend(&text, line, "\n");
  }
  for (const FlagGroup& group : command.groups) {
    absl::StrAppend(&text, "\n", group.title, ":\n");
    for (const Flag& flag : group.flags) {
      absl::StrAppend(&text, FlagEntry(flag.name, flag.value, flag.help));
    }
  }
  return absl::StrCat(text, "\nFlags of every command:\n", GlobalEntries(),
                      command.groups.empty() ? "" : kNotes, "\nExamples:\n",
                      Examples(command));
}

}  // namespace

std::string HelpText(const Command* command) {
  return command == nullptr ? GeneralHelp() : CommandHelp(*command);
}

}  // namespace usher::ctl
