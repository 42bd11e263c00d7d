#include "trainer/examination.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/scores.h"
#include "trainer/ranker/collect_lessons.h"
#include "trainer/ranker/learn_ranker.h"
#include "trainer/train_algorithm.h"

namespace usher {
namespace {

// Of the dated answers: the model that is asked learns from what lies before.
constexpr double kLessonCut = 0.5;
// Fewer lists teach less than the defaults know,
constexpr size_t kLeastLessons = 200;
// and fewer say nothing about a version.
constexpr size_t kLeastJudged = 30;
constexpr int kDepth = 10;

void Say(const TrainingLog& log, absl::string_view line) {
  if (log.line) log.line(line);
}

double NdcgOfRule(const Replay& replay, const RankingLessons& lessons,
                  PlainRule rule) {
  MeanScores scores;
  PlayRule(
      replay, rule, kDepth,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        scores.Add(query.user, ScoreList(list, query.relevant, kDepth));
      },
      [&](const ReplayQuery& query) {
        return lessons.judged_numbers.contains(query.number);
      });
  return scores.Mean().ndcg;
}

}  // namespace

absl::StatusOr<Examination> Examine(absl::string_view algorithm,
                                    const Dataset& dataset,
                                    const TrainOptions& options,
                                    const TrainingLog& log) {
  ReplayOptions replay_options;
  replay_options.cut = kLessonCut;
  replay_options.clock = ClockOf(dataset);
  ASSIGN_OR_RETURN(const Replay replay, BuildReplay(dataset, replay_options));
  if (replay.queries.size() < kLeastJudged) {
    return absl::FailedPreconditionError(
        absl::StrCat("only ", replay.queries.size(),
                     " answers in the second half of the data"));
  }
  Say(log, absl::StrCat("asking for the ", replay.queries.size(),
                        " lists of the second half; a model of what was "
                        "before it:"));
  ASSIGN_OR_RETURN(TrainedVersion before,
                   TrainByName(algorithm, replay.training, options, log));
  ASSIGN_OR_RETURN(
      const RankingPolicy policy,
      ApplyRankingConfig(RankingPolicy(), before.snapshot.info.ranking_config));
  LessonOptions lesson_options;
  lesson_options.seed = options.seed;
  lesson_options.threads = options.threads;
  const auto tell = [&](absl::string_view what, int64_t done, int64_t total) {
    if (log.progress) log.progress(what, done, total);
  };
  const RankingLessons lessons =
      CollectLessons(replay, policy, before.snapshot, lesson_options,
                     [&](int64_t done, int64_t total) {
                       tell("asking for lists", done, total);
                     });
  if (lessons.judged.queries() < kLeastJudged) {
    return absl::FailedPreconditionError(
        absl::StrCat("only ", lessons.judged.queries(),
                     " lists to judge by, less than ", kLeastJudged));
  }
  Examination examination;
  examination.lists = lessons.judged.queries();
  examination.own_organizers =
      NdcgOfRule(replay, lessons, PlainRule::kOwnOrganizers);
  examination.popularity = NdcgOfRule(replay, lessons, PlainRule::kPopularity);
  if (algorithm == "hybrid" && options.learn_ranker &&
      replay.queries.size() >= kLeastLessons) {
    ASSIGN_OR_RETURN(examination.ranker,
                     LearnRanker(lessons, options.ranker, options.seed, tell));
  } else {
    examination.ranker = JudgeLinear(lessons);
  }
  return examination;
}

}  // namespace usher
