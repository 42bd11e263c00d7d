// The commands of each service, in the order of the help.
#ifndef USHER_SERVING_USHERCTL_COMMAND_GROUPS_H_
#define USHER_SERVING_USHERCTL_COMMAND_GROUPS_H_

#include "absl/types/span.h"
#include "serving/usherctl/command.h"

namespace usher::ctl {

absl::Span<const Command> RecommendationCommands();
absl::Span<const Command> CatalogCommands();
absl::Span<const Command> InteractionCommands();
absl::Span<const Command> ExperimentCommands();
absl::Span<const Command> AdminCommands();

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_COMMAND_GROUPS_H_
