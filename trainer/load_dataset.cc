#include "trainer/load_dataset.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "trainer/train_config.h"

namespace usher {

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
  if (report.absent_events > 0) {
    progress.Line(absl::StrCat(
        report.absent_interactions, " interactions are with ",
        report.absent_events, " events that ", flags.Text("events"),
        " does not have: they count as history, and the events are never "
        "recommended"));
  }
  if (until.has_value()) {
    progress.Line(absl::StrCat(
        "left out as not yet known: ", report.events_dropped, " events, ",
        report.interactions_dropped, " interactions"));
  }
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

}  // namespace usher
