#include "serving/usherctl/command.h"

#include <vector>

#include "serving/usherctl/command_groups.h"

namespace usher::ctl {
namespace {

std::vector<Command> AllCommands() {
  std::vector<Command> all;
  for (const absl::Span<const Command> group :
       {RecommendationCommands(), CatalogCommands(), InteractionCommands(),
        ExperimentCommands(), AdminCommands()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

template <class Entry>
const Entry* FindNamed(absl::Span<const Entry> entries,
                       absl::string_view name) {
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

absl::Span<const Command> Commands() {
  static const std::vector<Command>& all =
      *new std::vector<Command>(AllCommands());
  return all;
}

const Command* FindCommand(absl::string_view name) {
  return FindNamed(Commands(), name);
}

const GlobalFlag* FindGlobalFlag(absl::string_view name) {
  return FindNamed(GlobalFlags(), name);
}

const Flag* FindFlag(const Command& command, absl::string_view name) {
  for (const FlagGroup& group : command.groups) {
    if (const Flag* flag = FindNamed(group.flags, name)) return flag;
  }
  return nullptr;
}

absl::Status SetFile(absl::string_view text, Extras& extras,
                     google::protobuf::Message&) {
  extras.file = std::string(text);
  return absl::OkStatus();
}

}  // namespace usher::ctl
