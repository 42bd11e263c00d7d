// Whether what was trained may take the place of what is published.
#ifndef USHER_TRAINER_PUBLISH_GATE_H_
#define USHER_TRAINER_PUBLISH_GATE_H_

#include "absl/status/status.h"
#include "index/artifact/manifest.h"

namespace usher {

// Metrics of a version that was judged on its last stretch (train_version.h):
// how many lists there were, their NDCG@10, and 95 % of it.
inline constexpr char kJudgedLists[] = "judged_lists";
inline constexpr char kJudgedNdcg[] = "ndcg_at_10";
inline constexpr char kJudgedNdcgLow[] = "ndcg_at_10_low";
inline constexpr char kJudgedNdcgHigh[] = "ndcg_at_10_high";

// Each was judged on the last stretch of its own data. Of equal data (by
// fingerprint and number of lists) the lower NDCG is the worse version; of
// other data it has to be lower than chance explains, which is the root of the
// sum of squares of both intervals' halves.
//
// Aborted, with both figures, when `made` is worse, or was not judged although
// `published` was. Anything goes where the published one was not judged.
absl::Status CheckNotWorse(const Manifest& published,
                           const TrainingRecord& made);

}  // namespace usher

#endif  // USHER_TRAINER_PUBLISH_GATE_H_
