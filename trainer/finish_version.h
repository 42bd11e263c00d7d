// From a trained model to all that is served from it.
#ifndef USHER_TRAINER_FINISH_VERSION_H_
#define USHER_TRAINER_FINISH_VERSION_H_

#include "absl/status/status.h"
#include "index/model/factors.h"
#include "trainer/train_hybrid.h"
#include "trainer/training_steps.h"

namespace usher {

// Gives a snapshot that has its catalogue and its model the vectors of events
// and users, the index, and its type's name; measures the index. `embeddings`
// has a row for each event. Errors of VectorIndex::Build().
absl::Status FinishVersion(Factors embeddings, const TrainOptions& options,
                           TrainingSteps& steps, TrainedVersion& trained);

}  // namespace usher

#endif  // USHER_TRAINER_FINISH_VERSION_H_
