#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "trainer/command.h"

namespace {

using usher::Command;

constexpr int kFailed = 1;
constexpr int kMisused = 2;
constexpr int kRefused = 3;

const Command* const kCommands[] = {
    &usher::kTrainCommand, &usher::kEvaluateCommand, &usher::kTuneCommand,
    &usher::kSynthCommand, &usher::kInspectCommand};

std::string Usage() {
  std::string text =
      "usher-train: learns from what people did, and publishes models for "
      "usher-serve\n\n"
      "usage: usher-train COMMAND [--flag=value ...]\n"
      "       usher-train COMMAND --help\n\ncommands:\n";
  for (const Command* command : kCommands) {
    std::string name = absl::StrCat("  ", command->name);
    name.resize(12, ' ');
    absl::StrAppend(&text, name, command->summary, "\n");
  }
  return text;
}

std::string UsageOf(const Command& command) {
  return absl::StrCat("usher-train ", command.name, ": ", command.summary,
                      "\n\nflags:\n", usher::FlagsHelp(command.flags),
                      "\nexample:\n  ", command.example, "\n");
}

bool IsHelp(absl::string_view word) {
  return word == "--help" || word == "-h" || word == "help";
}

int Run(const Command& command, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (IsHelp(word)) {
      std::fputs(UsageOf(command).c_str(), stdout);
      return 0;
    }
  }
  const absl::StatusOr<usher::Flags> flags =
      usher::Flags::Parse(words, command.flags);
  const absl::Status status = flags.ok() ? command.run(*flags) : flags.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "usher-train %s: %s\n",
               std::string(command.name).c_str(),
               std::string(status.message()).c_str());
  if (!flags.ok()) return kMisused;
  return absl::IsAborted(status) ? kRefused : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || IsHelp(words[0])) {
    std::fputs(Usage().c_str(), words.empty() ? stderr : stdout);
    return words.empty() ? kMisused : 0;
  }
  for (const Command* command : kCommands) {
    if (command->name == words[0]) {
      return Run(*command, {words.begin() + 1, words.end()});
    }
  }
  std::fprintf(stderr,
               "usher-train: \"%s\" is not a command; see usher-train --help\n",
               words[0].c_str());
  return kMisused;
}
