// Other ways to judge than to walk the stream.
#ifndef USHER_TRAINER_EVALUATION_PROTOCOLS_H_
#define USHER_TRAINER_EVALUATION_PROTOCOLS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/data/dataset.h"
#include "trainer/data/split_csv.h"
#include "trainer/evaluation/replay.h"

namespace usher {

// One cut, everything after it: all later events are announced at the cut, and
// each user is asked for once, then and there, with all that they would find
// later. Nothing is revealed: the model and the state stay as they were.
Replay SnapshotReplay(Replay replay);

// The same questions to who has learned from less: the latest `share` of the
// dated interactions before the cut, and no undated ones. Events, users and
// whom they follow stay as they are. Requires 0 < share <= 1; with 1 nothing is
// left out.
Replay LearningFromLatest(const Replay& replay, double share);

// The part of a pair; pairs without one train.
using PartOfPair = std::function<SplitPart(absl::string_view user_id,
                                           absl::string_view event_id)>;

// A fifth of the pairs, drawn by a hash of their ids, are the test.
SplitPart PartByHash(absl::string_view user_id, absl::string_view event_id,
                     uint64_t seed);

// A rating that was held out.
struct HeldOutRating {
  int32_t user = 0;  // Of Replay::users.
  std::string event_id;
  float value = 0;
};

struct Holdout {
  Replay replay;
  std::vector<HeldOutRating> ratings;
};

// The classic judgement of collaborative filtering: what is in the test part is
// to be found among all events by what is in the training part, whatever came
// when. Events lose their times, so that each is always live; a user is asked
// for once, and no pair of the training part, of whatever kind, can be
// recommended. What should be found is of a positive taste (TasteWeight()).
// The validation part is for choosing what is judged here: it belongs to the
// training part. InvalidArgument when nothing is held out, or nothing is left
// to learn from.
absl::StatusOr<Holdout> HoldoutReplay(const Dataset& dataset,
                                      const PartOfPair& part);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_PROTOCOLS_H_
