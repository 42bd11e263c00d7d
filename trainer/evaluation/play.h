// Playing a replay against the code that serves, and against simple rules.
#ifndef USHER_TRAINER_EVALUATION_PLAY_H_
#define USHER_TRAINER_EVALUATION_PLAY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "index/artifact/snapshot.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"
#include "trainer/evaluation/replay.h"

namespace usher {

// Gets the list for each query, in order: event ids, best first.
using AnswerSink = std::function<void(const ReplayQuery& query,
                                      const std::vector<std::string>& list)>;

// Gets the ranking for each query, in order. Rows are those of `catalog`.
using RankingSink = std::function<void(
    const ReplayQuery& query, const Ranking& ranking, const Catalog& catalog)>;

struct PlayOptions {
  int limit = 10;
  int64_t every = 1;  // Ask every n-th query alone; all steps are walked.
  int threads = 1;    // 0: all cores. The rankings are the same.
};

// Moves `snapshot` through the steps as live writes would and answers queries
// with RankEvents. Parameters stay frozen; histories, counts, followed
// organizers and vectors of new events move. The sink is called on the calling
// thread.
void PlayRankings(const Replay& replay, const RankingPolicy& policy,
                  const PlayOptions& options, Snapshot& snapshot,
                  const RankingSink& sink);

// The same as lists of ids.
void PlayRanker(const Replay& replay, const RankingPolicy& policy, int k,
                Snapshot& snapshot, const AnswerSink& sink);

// The rule that needs no learning: organizers this user went to before, by how
// often, then most rsvp_yes so far, then soonest. With `personal` false, the
// last two alone: popularity.
void PlayOwnOrganizerRule(const Replay& replay, bool personal, int k,
                          const AnswerSink& sink);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_PLAY_H_
