// The commands of usher-train.
#ifndef USHER_TRAINER_COMMAND_H_
#define USHER_TRAINER_COMMAND_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/base/flags.h"

namespace usher {

// A command: its flags, and what runs with them. Plain data, for a table.
struct Command {
  absl::string_view name;
  absl::string_view summary;
  absl::string_view example;
  absl::Span<const FlagSpec> flags;
  // Aborted: done, but the outcome was refused (exit code 3).
  absl::Status (*run)(const Flags& flags);
};

extern const Command kTrainCommand;     // train_command.cc
extern const Command kEvaluateCommand;  // evaluate_command.cc
extern const Command kTuneCommand;      // tune_command.cc
extern const Command kSynthCommand;     // synth_command.cc
extern const Command kInspectCommand;   // inspect_command.cc

}  // namespace usher

#endif  // USHER_TRAINER_COMMAND_H_
