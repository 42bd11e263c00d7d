#include "trainer/train_version.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/replay.h"
#include "trainer/ranker/collect_lessons.h"
#include "trainer/ranker/learn_ranker.h"

namespace usher {
namespace {

// Of the dated answers: the model that is asked learns from what lies before.
constexpr double kLessonCut = 0.75;
// Fewer lists teach less than the defaults know.
constexpr size_t kLeastQueries = 200;

void Say(const TrainingLog& log, absl::string_view line) {
  if (log.line) log.line(line);
}

std::string TableOf(const LearnedRanker& learned) {
  std::string table = "NDCG@10 of the last lists:";
  for (size_t i = 0; i < learned.trials.size(); ++i) {
    absl::StrAppendFormat(&table, "%s %s %.4f%s", i == 0 ? "" : ",",
                          learned.trials[i].name, learned.trials[i].ndcg,
                          i == learned.chosen ? " (taken)" : "");
  }
  return table;
}

// The policy of `trained` with what was learned. FailedPrecondition with the
// reason where there is nothing to learn from.
absl::StatusOr<LearnedRanker> Learn(const Dataset& dataset,
                                    const TrainOptions& options,
                                    const TrainingLog& log) {
  ReplayOptions replay_options;
  replay_options.cut = kLessonCut;
  replay_options.clock = ClockOf(dataset);
  ASSIGN_OR_RETURN(const Replay replay, BuildReplay(dataset, replay_options));
  if (replay.queries.size() < kLeastQueries) {
    return absl::FailedPreconditionError(
        absl::StrCat("only ", replay.queries.size(), " of ", kLeastQueries,
                     " answers to learn from"));
  }
  Say(log, absl::StrCat("learning the ranker from ", replay.queries.size(),
                        " lists of the last quarter; a model of what was "
                        "before it:"));
  ASSIGN_OR_RETURN(TrainedVersion before,
                   TrainHybrid(replay.training, options, log));
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
  return LearnRanker(lessons, options.seed, tell);
}

}  // namespace

absl::StatusOr<TrainedVersion> TrainVersion(const Dataset& dataset,
                                            const TrainOptions& options,
                                            const TrainingLog& log) {
  absl::StatusOr<LearnedRanker> learned =
      options.learn_ranker
          ? Learn(dataset, options, log)
          : absl::FailedPreconditionError("learn_ranker is false");
  ASSIGN_OR_RETURN(TrainedVersion trained, TrainHybrid(dataset, options, log));
  if (!learned.ok()) {
    trained.notes.push_back(absl::StrCat("ranked by the linear score alone: ",
                                         learned.status().message()));
    Say(log, trained.notes.back());
    return trained;
  }
  ASSIGN_OR_RETURN(RankingPolicy policy,
                   ApplyRankingConfig(RankingPolicy(),
                                      trained.snapshot.info.ranking_config));
  policy.trees = learned->trees;
  policy.calibration = learned->calibration;
  trained.snapshot.info.ranking_config = RankingConfigText(policy);
  trained.notes.push_back(TableOf(*learned));
  Say(log, trained.notes.back());
  trained.metrics.emplace_back("linear_ndcg_at_10", learned->trials[0].ndcg);
  trained.metrics.emplace_back("ranker_ndcg_at_10",
                               learned->trials[learned->chosen].ndcg);
  return trained;
}

}  // namespace usher
