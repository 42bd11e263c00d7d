// All that a version takes: the model, and the ranker on top of it.
#ifndef USHER_TRAINER_TRAIN_VERSION_H_
#define USHER_TRAINER_TRAIN_VERSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/data/dataset.h"
#include "trainer/train_hybrid.h"

namespace usher {

// TrainByName() on everything. Where the data are dated and enough, a model of
// the earlier part is asked, as it would have been, what people then went to.
// That judges the version (metrics of publish_gate.h, beside those of rules
// that need no learning), and for "hybrid" trees learn from its lists
// (trainer/ranker). Deterministic as TrainByName() is. What cannot be learned
// is left at its default, and a note says why; errors are those of
// TrainByName().
absl::StatusOr<TrainedVersion> TrainVersion(absl::string_view algorithm,
                                            const Dataset& dataset,
                                            const TrainOptions& options,
                                            const TrainingLog& log = {});

}  // namespace usher

#endif  // USHER_TRAINER_TRAIN_VERSION_H_
