// What a configuration is worth: a model of the earlier part of the data is
// asked, as it would have been, what people then went to.
#ifndef USHER_TRAINER_EXAMINATION_H_
#define USHER_TRAINER_EXAMINATION_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/data/dataset.h"
#include "trainer/ranker/learn_ranker.h"
#include "trainer/train_hybrid.h"

namespace usher {

struct Examination {
  // What its lists taught, and how each way to rank did on the last ones.
  LearnedRanker ranker;
  // The judged lists, at least one.
  size_t lists = 0;
  // NDCG@10 of the same lists by rules that need no learning.
  double own_organizers = 0;
  double popularity = 0;
};

// TrainByName() on the first half of the dated answers, lists of the second
// half, and judgement on the last third of those. "hybrid" learns a
// ranker from them; the others are their own. Deterministic as TrainByName()
// is. FailedPrecondition with the reason where there is too little to ask
// about; errors of TrainByName().
absl::StatusOr<Examination> Examine(absl::string_view algorithm,
                                    const Dataset& dataset,
                                    const TrainOptions& options,
                                    const TrainingLog& log = {});

}  // namespace usher

#endif  // USHER_TRAINER_EXAMINATION_H_
