// Playing a replay against the code that serves, and against simple rules.
#ifndef USHER_TRAINER_EVALUATION_PLAY_H_
#define USHER_TRAINER_EVALUATION_PLAY_H_

#include <functional>
#include <string>
#include <vector>

#include "index/artifact/snapshot.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/replay.h"

namespace usher {

// Gets the list for each query, in order: event ids, best first.
using AnswerSink = std::function<void(const ReplayQuery& query,
                                      const std::vector<std::string>& list)>;

// Moves `snapshot` through the steps as live writes would and answers every
// query with RankEvents. Parameters stay frozen; histories, counts, followed
// organizers and vectors of new events move.
void PlayRanker(const Replay& replay, const RankingPolicy& policy, int k,
                Snapshot& snapshot, const AnswerSink& sink);

// The rule that needs no learning: organizers this user went to before, by how
// often, then most rsvp_yes so far, then soonest. With `personal` false, the
// last two alone: popularity.
void PlayOwnOrganizerRule(const Replay& replay, bool personal, int k,
                          const AnswerSink& sink);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_PLAY_H_
