// Whether what was trained may take the place of what is published.
#ifndef USHER_TRAINER_PUBLISH_GATE_H_
#define USHER_TRAINER_PUBLISH_GATE_H_

#include "absl/status/status.h"
#include "index/artifact/manifest.h"

namespace usher {

// Metrics of a version that was judged on its last stretch (train_version.h):
// how many lists there were, their NDCG@10, 95 % of it, and the NDCG@10 of the
// own-organizer rule on the same lists.
inline constexpr char kJudgedLists[] = "judged_lists";
inline constexpr char kJudgedNdcg[] = "ndcg_at_10";
inline constexpr char kJudgedNdcgLow[] = "ndcg_at_10_low";
inline constexpr char kJudgedNdcgHigh[] = "ndcg_at_10_high";
inline constexpr char kOwnOrganizersNdcg[] = "own_organizers_ndcg_at_10";

// Each was judged on the last stretch of its own data. How hard a stretch is,
// the rule that needs no learning says: what a version is above it is its lift.
// Worse is
//   * a lift that is lower beyond chance (a catalogue that lost most of its
//     events is easier to rank, for the rule above all), or
//   * an NDCG that is lower beyond chance, unless the lift is higher beyond
//     chance (a published version that learned from too little).
// Chance is the root of the sum of squares of both intervals' halves; of equal
// data (by fingerprint and number of lists) a quarter of that, for the same
// lists are asked.
//
// Aborted, with both figures, when `made` is worse, or was not judged although
// `published` was. Anything goes where the published one was not judged.
absl::Status CheckNotWorse(const Manifest& published,
                           const TrainingRecord& made);

}  // namespace usher

#endif  // USHER_TRAINER_PUBLISH_GATE_H_
