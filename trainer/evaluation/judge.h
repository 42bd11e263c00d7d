// Asks one way to answer all that there is to ask, and sums up what came of it.
#ifndef USHER_TRAINER_EVALUATION_JUDGE_H_
#define USHER_TRAINER_EVALUATION_JUDGE_H_

#include <cstdint>
#include <functional>

#include "index/artifact/snapshot.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/judgement.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/protocols.h"

namespace usher {

struct JudgeOptions {
  int depth = 10;  // Of the lists.
  int threads = 0;
  bool predicts_ratings = false;  // Scores are held against held-out ratings.
  // Told of each list, in order; may be null.
  AnswerSink answers;
  // Told how many of the queries are answered; may be null.
  std::function<void(int64_t done, int64_t total)> progress;
};

// A version that was trained on questions.replay.training. Name and training
// are the caller's to fill in.
Judgement JudgeVersion(const Holdout& questions, const RankingPolicy& policy,
                       Snapshot snapshot, const JudgeOptions& options);

// A rule that needs no learning.
Judgement JudgeRule(const Replay& replay, PlainRule rule,
                    const JudgeOptions& options);

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_JUDGE_H_
