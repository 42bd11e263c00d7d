#include <cstdio>

#include "absl/strings/str_cat.h"
#include "index/artifact/version.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"
#include "trainer/command.h"
#include "trainer/load_dataset.h"
#include "trainer/progress.h"
#include "trainer/publish_gate.h"
#include "trainer/train_algorithm.h"
#include "trainer/train_config.h"
#include "trainer/train_version.h"

namespace usher {
namespace {

constexpr FlagSpec kTrainFlags[] = {
    {"interactions", "FILE",
     "interactions.csv or .csv.gz; this or --state is required"},
    {"events", "FILE", "events.jsonl or .jsonl.gz"},
    {"users", "FILE", "users.jsonl or .jsonl.gz"},
    {"state", "FILE",
     "learn from what usher-serve --state=FILE recorded, instead of files. "
     "What "
     "an earlier version had from files alone is not in it and is forgotten: "
     "events, people, histories"},
    {"model_dir", "DIR", "where versions are published; required"},
    {"config", "FILE", "text proto of usher.config.TrainConfig"},
    {"algorithm", "NAME",
     "hybrid, or one of the table by itself: popularity, item_knn, user_knn, "
     "als, logistic_mf, svd, tag_svd, content_tfidf, content_embedding, "
     "content_words, ncf, gru",
     "hybrid"},
    {"until", "TIME",
     "leave out what came to pass at or after this time; a server with this "
     "--state adds it again"},
    {"force", "",
     "publish it even when it is worse than the published version; without, "
     "that ends with exit code 3"},
    {"max_bad_fraction", "X", "share of bad lines that is borne", "0.001"},
};

absl::Status CheckSource(const Flags& flags) {
  if (!flags.Has("state")) return flags.Require({"interactions"});
  for (const char* file : {"interactions", "events", "users"}) {
    if (!flags.Has(file)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--state and --", file, " exclude each other"));
  }
  return absl::OkStatus();
}

// Aborted when the published version had better stay.
absl::Status CheckAgainstPublished(const std::string& dir,
                                   const TrainingRecord& made,
                                   Progress& progress) {
  const absl::StatusOr<int64_t> current = CurrentVersion(dir);
  const absl::StatusOr<Manifest> published =
      current.ok() ? ReadManifest(dir, *current)
                   : absl::StatusOr<Manifest>(current.status());
  if (published.ok()) return CheckNotWorse(*published, made);
  progress.Line(absl::IsNotFound(published.status())
                    ? absl::StrCat("warning: nothing is published in ", dir,
                                   " that it could be compared with")
                    : absl::StrCat("warning: not compared with what is "
                                   "published: ",
                                   published.status().message()));
  return absl::OkStatus();
}

absl::Status RunTrain(const Flags& flags) {
  RETURN_IF_ERROR(flags.Require({"model_dir"}));
  RETURN_IF_ERROR(CheckSource(flags));
  RETURN_IF_ERROR(CheckAlgorithm(flags.Text("algorithm")));
  ASSIGN_OR_RETURN(const TrainOptions options, TrainOptionsOf(flags));
  const std::string dir = flags.Text("model_dir");
  RETURN_IF_ERROR(CheckWritable(dir));
  Progress progress;
  VersionInfo source;
  ASSIGN_OR_RETURN(const Dataset dataset,
                   flags.Has("state") ? LoadStateOf(flags, progress, &source)
                                      : LoadDatasetOf(flags, progress));
  ASSIGN_OR_RETURN(
      TrainedVersion trained,
      TrainVersion(flags.Text("algorithm"), dataset, options, LogTo(progress)));
  trained.snapshot.info.state_position = source.state_position;
  trained.snapshot.info.state_id = source.state_id;
  trained.snapshot.info.state_until = source.state_until;
  trained.snapshot.info.created = Clock::System().Now();
  TrainingRecord record;
  record.config = TrainConfigText(options);
  record.data_fingerprint = dataset.fingerprint;
  record.metrics = std::move(trained.metrics);
  record.notes = std::move(trained.notes);
  const absl::Status gate = CheckAgainstPublished(dir, record, progress);
  if (!flags.Has("force")) RETURN_IF_ERROR(gate);
  if (!gate.ok()) {
    progress.Line(
        absl::StrCat("--force: published although: ", gate.message()));
  }
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
    kTrainFlags, &RunTrain};

}  // namespace usher
