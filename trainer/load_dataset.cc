#include "trainer/load_dataset.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/artifact/forgotten_file.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "index/state/state_store.h"
#include "trainer/data/drop_forgotten.h"
#include "trainer/data/state_dataset.h"
#include "trainer/train_config.h"

namespace usher {
namespace {

void SayAbsent(int64_t events, int64_t interactions, absl::string_view source,
               Progress& progress) {
  if (events == 0) return;
  progress.Line(absl::StrCat(interactions, " interactions are with ", events,
                             " events that ", source,
                             " does not describe: they count as history, and "
                             "the events are never recommended"));
}

void SayDropped(int64_t events, int64_t interactions, Progress& progress) {
  progress.Line(absl::StrCat("left out as not yet known: ", events, " events, ",
                             interactions, " interactions"));
}

// Also those whom the model directory names, where the command has one.
absl::Status Forget(const Flags& flags, ForgottenUsers forgotten,
                    Progress& progress, Dataset& dataset) {
  if (flags.Has("model_dir")) {
    ASSIGN_OR_RETURN(const ForgottenUsers of_models,
                     ReadForgotten(flags.Text("model_dir")));
    forgotten.Merge(of_models);
  }
  const int64_t gone = DropForgotten(forgotten, &dataset);
  if (gone > 0) {
    progress.Line(absl::StrCat(gone, " users asked to be forgotten: left out"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Dataset> LoadDatasetOf(const Flags& flags, Progress& progress) {
  ReadOptions options;
  ASSIGN_OR_RETURN(options.max_bad_fraction,
                   flags.Number("max_bad_fraction", 0, 1));
  options.progress = [&](absl::string_view path, int64_t done, int64_t total,
                         int64_t) {
    progress.Update(absl::StrCat("reading ", path), done, total);
  };
  options.warn = [&](absl::string_view message) { progress.Line(message); };
  ASSIGN_OR_RETURN(const std::optional<Micros> until, flags.Time("until"));
  DatasetReport report;
  const Micros start = Clock::System().Now();
  ASSIGN_OR_RETURN(Dataset dataset,
                   LoadDataset({flags.Text("events"), flags.Text("users"),
                                flags.Text("interactions")},
                               options, until, &report));
  progress.Line(absl::StrFormat(
      "%6.2f s  read %d events, %d users, %d interactions",
      static_cast<double>(Clock::System().Now() - start) / 1e6,
      report.events.rows, report.users.rows, report.interactions.rows));
  SayAbsent(report.absent_events, report.absent_interactions,
            flags.Text("events"), progress);
  if (until.has_value()) {
    SayDropped(report.events_dropped, report.interactions_dropped, progress);
  }
  RETURN_IF_ERROR(Forget(flags, {}, progress, dataset));
  return dataset;
}

absl::StatusOr<Dataset> LoadStateOf(const Flags& flags, Progress& progress,
                                    VersionInfo* info) {
  const std::string path = flags.Text("state");
  ASSIGN_OR_RETURN(const std::optional<Micros> until, flags.Time("until"));
  const Micros start = Clock::System().Now();
  ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> state,
                   StateStore::OpenToRead(path));
  StateReport report;
  ASSIGN_OR_RETURN(Dataset dataset, ReadStateDataset(
                                        *state, until,
                                        [&](int64_t done, int64_t total) {
                                          progress.Update(
                                              absl::StrCat("reading ", path),
                                              done, total);
                                        },
                                        &report));
  progress.Line(absl::StrFormat(
      "%6.2f s  read %d events, %d users, %d interactions up to position %d of "
      "%s",
      static_cast<double>(Clock::System().Now() - start) / 1e6, report.events,
      report.users, report.interactions, state->position(), path));
  SayAbsent(report.absent_events, report.absent_interactions, path, progress);
  if (until.has_value()) {
    SayDropped(report.events_dropped, report.interactions_dropped, progress);
    info->state_until = *until;
  }
  info->state_position = state->position();
  info->state_id = state->id();
  for (const std::string& row : state->damaged().told) progress.Line(row);
  if (const int64_t untold = state->damaged().rows -
                             static_cast<int64_t>(state->damaged().told.size());
      untold > 0) {
    progress.Line(absl::StrCat("and ", untold, " more damaged rows of ", path));
  }
  ForgottenUsers forgotten;
  RETURN_IF_ERROR(state->ReadForgotten([&](const Tombstone& tombstone) {
    forgotten.Add(tombstone);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(Forget(flags, std::move(forgotten), progress, dataset));
  return dataset;
}

absl::StatusOr<TrainOptions> TrainOptionsOf(const Flags& flags) {
  if (!flags.Has("config")) return TrainOptions();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(flags.Text("config")));
  absl::StatusOr<TrainOptions> options = ParseTrainConfig(text);
  if (!options.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.Text("config"), ": ", options.status().message()));
  }
  return options;
}

TrainingLog LogTo(Progress& progress) {
  return {[&progress](absl::string_view line) { progress.Line(line); },
          [&progress](absl::string_view what, int64_t done, int64_t total) {
            progress.Update(what, done, total);
          }};
}

}  // namespace usher
