#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/artifact/version.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "trainer/command.h"
#include "trainer/data/dataset.h"
#include "trainer/progress.h"
#include "trainer/train_config.h"
#include "trainer/train_hybrid.h"

namespace usher {
namespace {

constexpr FlagSpec kFlags[] = {
    {"interactions", "FILE", "interactions.csv or .csv.gz; required"},
    {"events", "FILE", "events.jsonl or .jsonl.gz"},
    {"users", "FILE", "users.jsonl or .jsonl.gz"},
    {"model_dir", "DIR", "where versions are published; required"},
    {"config", "FILE", "text proto of usher.config.TrainConfig"},
    {"algorithm", "NAME", "hybrid", "hybrid"},
    {"until", "TIME", "leave out what came to pass at or after this time"},
    {"max_bad_fraction", "X", "share of bad lines that is borne", "0.001"},
};

absl::StatusOr<Dataset> Load(const Flags& flags, Progress& progress) {
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
  if (until.has_value()) {
    progress.Line(absl::StrCat(
        "left out as not yet known: ", report.events_dropped, " events, ",
        report.interactions_dropped, " interactions"));
  }
  return dataset;
}

absl::StatusOr<TrainOptions> OptionsOf(const Flags& flags) {
  if (flags.Text("algorithm") != "hybrid") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--algorithm=", flags.Text("algorithm"), ": there is only hybrid"));
  }
  if (!flags.Has("config")) return TrainOptions();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(flags.Text("config")));
  absl::StatusOr<TrainOptions> options = ParseTrainConfig(text);
  if (!options.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.Text("config"), ": ", options.status().message()));
  }
  return options;
}

absl::Status Run(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"interactions", "model_dir"}));
  ASSIGN_OR_RETURN(const TrainOptions options, OptionsOf(flags));
  Progress progress;
  ASSIGN_OR_RETURN(const Dataset dataset, Load(flags, progress));
  ASSIGN_OR_RETURN(TrainedVersion trained,
                   TrainHybrid(dataset, options, [&](absl::string_view line) {
                     progress.Line(line);
                   }));
  trained.snapshot.info.created = Clock::System().Now();
  TrainingRecord record;
  record.config = TrainConfigText(options);
  record.data_fingerprint = dataset.fingerprint;
  record.metrics = std::move(trained.metrics);
  record.notes = std::move(trained.notes);
  const std::string dir = flags.Text("model_dir");
  ASSIGN_OR_RETURN(const int64_t version,
                   WriteVersion(dir, trained.snapshot, record));
  std::printf("published version %lld in %s\n", static_cast<long long>(version),
              dir.c_str());
  return absl::OkStatus();
}

}  // namespace

const Command kTrainCommand = {
    "train", "learns from data files and publishes a model version",
    "usher-train train --events=events.jsonl --users=users.jsonl "
    "--interactions=interactions.csv --model_dir=models",
    kFlags, &Run};

}  // namespace usher
