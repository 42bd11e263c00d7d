// What several commands read from their flags.
#ifndef USHER_TRAINER_LOAD_DATASET_H_
#define USHER_TRAINER_LOAD_DATASET_H_

#include "absl/status/statusor.h"
#include "index/artifact/version_info.h"
#include "index/base/flags.h"
#include "trainer/data/dataset.h"
#include "trainer/progress.h"
#include "trainer/train_hybrid.h"

namespace usher {

// The dataset of --events, --users, --interactions, as of --until where the
// command has it, with --max_bad_fraction. Bad lines and progress are shown.
absl::StatusOr<Dataset> LoadDatasetOf(const Flags& flags, Progress& progress);

// The dataset of --state as of --until, and in `info` which rows of which state
// it holds. Damaged rows are passed over and told.
absl::StatusOr<Dataset> LoadStateOf(const Flags& flags, Progress& progress,
                                    VersionInfo* info);

// The training options of --config, or the defaults.
absl::StatusOr<TrainOptions> TrainOptionsOf(const Flags& flags);

// Shows what training says of itself. `progress` must outlive the log.
TrainingLog LogTo(Progress& progress);

}  // namespace usher

#endif  // USHER_TRAINER_LOAD_DATASET_H_
