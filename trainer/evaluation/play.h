// Playing a replay against the code that serves, and against simple rules.
#ifndef USHER_TRAINER_EVALUATION_PLAY_H_
#define USHER_TRAINER_EVALUATION_PLAY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
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
  // Part of the queries, by their numbers, that do not say their device.
  double hidden_devices = 0;
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

// The scores of pairs of a user (of replay.users) and an event's id, at the
// cut; NaN for an event that is not live. Walks nothing.
std::vector<double> ScorePairs(
    const Replay& replay,
    const std::vector<std::pair<int32_t, std::string>>& pairs,
    const RankingPolicy& policy, const Snapshot& snapshot, int threads);

// Rules that need no learning. Ties by the soonest start, then by id.
enum class PlainRule {
  kOwnOrganizers,  // Those this user went to before, by how often, then as:
  kPopularity,     // Most commitments so far.
  kSoonest,
};
// With `chosen`, only the queries for which it is true are answered.
void PlayRule(const Replay& replay, PlainRule rule, int k,
              const AnswerSink& sink,
              const std::function<bool(const ReplayQuery&)>& chosen = nullptr);

// Where the retrieval score, user vector . event vector + live bias, has each
// event that a query should find among all that the query allows, from 0; -1
// for one that is not allowed. Walks the replay as above.
using RetrievalSink = std::function<void(const ReplayQuery& query,
                                         const std::vector<int64_t>& places)>;
void PlayRetrieval(const Replay& replay, const RankingPolicy& policy,
                   const PlayOptions& options, Snapshot& snapshot,
                   const RetrievalSink& sink);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_PLAY_H_
