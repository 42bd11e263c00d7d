// All that a version takes: the model, and the ranker on top of it.
#ifndef USHER_TRAINER_TRAIN_VERSION_H_
#define USHER_TRAINER_TRAIN_VERSION_H_

#include "absl/status/statusor.h"
#include "trainer/data/dataset.h"
#include "trainer/examination.h"
#include "trainer/train_hybrid.h"

namespace usher {

// `train` on everything. Where the data are dated and enough, a model of
// the earlier part is asked, as it would have been, what people then went to.
// That judges the version (metrics of publish_gate.h, beside those of rules
// that need no learning), and trees learn from its lists (trainer/ranker).
// Deterministic as `train` is. What cannot be learned
// is left at its default, and a note says why; errors are those of
// `train`.
absl::StatusOr<TrainedVersion> TrainVersion(const Dataset& dataset,
                                            const TrainOptions& options,
                                            const TrainingLog& log = {},
                                            TrainFunction train = TrainHybrid);

}  // namespace usher

#endif  // USHER_TRAINER_TRAIN_VERSION_H_
