// Lists to learn an order from, as they would have been served.
#ifndef USHER_TRAINER_RANKER_COLLECT_LESSONS_H_
#define USHER_TRAINER_RANKER_COLLECT_LESSONS_H_

#include <cstdint>
#include <functional>

#include "index/artifact/snapshot.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/replay.h"
#include "trainer/ranker/learn_ranker.h"

namespace usher {

struct LessonOptions {
  int64_t max_queries = 30000;  // Of more, every n-th is asked.
  int64_t max_judged = 3000;
  double judged_share = 1.0 / 3;  // The last part of the queries.
  // Part of the queries that do not say their device, so that trees have met
  // such requests, whatever the interactions say.
  double hidden_devices = 1.0 / 3;
  uint64_t seed = 1;
  int threads = 0;
};

// Plays the replay on `snapshot`, which was trained on what came before it, and
// keeps what RankEvents() shows by the linear score of `policy`. Equal at any
// number of threads.
RankingLessons CollectLessons(
    const Replay& replay, const RankingPolicy& policy, Snapshot& snapshot,
    const LessonOptions& options,
    const std::function<void(int64_t done, int64_t total)>& progress = nullptr);

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_COLLECT_LESSONS_H_
