#include "trainer/train_version.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/evaluation/play.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/scores.h"
#include "trainer/publish_gate.h"
#include "trainer/ranker/collect_lessons.h"
#include "trainer/ranker/learn_ranker.h"

namespace usher {
namespace {

// Of the dated answers: the model that is asked learns from what lies before.
constexpr double kLessonCut = 0.75;
// Fewer lists teach less than the defaults know,
constexpr size_t kLeastLessons = 200;
// and fewer say nothing about a version.
constexpr size_t kLeastJudged = 30;
constexpr int kDepth = 10;

// What came of asking a model of the earlier part about the last stretch.
struct Examination {
  LearnedRanker ranker;
  size_t lists = 0;
  // NDCG@10 of the same lists by rules that need no learning.
  double own_organizers = 0;
  double popularity = 0;
};

void Say(const TrainingLog& log, absl::string_view line) {
  if (log.line) log.line(line);
}

double NdcgOfRule(const Replay& replay, const RankingLessons& lessons,
                  bool personal) {
  MeanScores scores;
  PlayOwnOrganizerRule(
      replay, personal, kDepth,
      [&](const ReplayQuery& query, const std::vector<std::string>& list) {
        if (!lessons.judged_numbers.contains(query.number)) return;
        scores.Add(query.user, ScoreList(list, query.relevant, kDepth));
      });
  return scores.Mean().ndcg;
}

std::string TableOf(const Examination& examination) {
  std::string table = absl::StrFormat(
      "NDCG@10 of the last %d lists: popularity %.4f, own organizers %.4f",
      examination.lists, examination.popularity, examination.own_organizers);
  const LearnedRanker& ranker = examination.ranker;
  for (size_t i = 0; i < ranker.trials.size(); ++i) {
    absl::StrAppendFormat(&table, ", %s %.4f%s", ranker.trials[i].name,
                          ranker.trials[i].ndcg,
                          i == ranker.chosen ? " (taken)" : "");
  }
  return table;
}

// FailedPrecondition with the reason where there is nothing to ask about.
absl::StatusOr<Examination> Examine(const Dataset& dataset,
                                    const TrainOptions& options,
                                    const TrainingLog& log) {
  ReplayOptions replay_options;
  replay_options.cut = kLessonCut;
  replay_options.clock = ClockOf(dataset);
  ASSIGN_OR_RETURN(const Replay replay, BuildReplay(dataset, replay_options));
  if (replay.queries.size() < kLeastJudged) {
    return absl::FailedPreconditionError(
        absl::StrCat("only ", replay.queries.size(),
                     " answers in the last quarter, less than ", kLeastJudged));
  }
  Say(log, absl::StrCat("asking for the ", replay.queries.size(),
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
  Examination examination;
  examination.lists = lessons.judged.queries();
  examination.own_organizers = NdcgOfRule(replay, lessons, true);
  examination.popularity = NdcgOfRule(replay, lessons, false);
  if (options.learn_ranker && replay.queries.size() >= kLeastLessons) {
    ASSIGN_OR_RETURN(examination.ranker,
                     LearnRanker(lessons, options.seed, tell));
  } else {
    examination.ranker = JudgeLinear(lessons);
  }
  return examination;
}

void Record(const Examination& examination, TrainedVersion& trained) {
  const LearnedRanker& ranker = examination.ranker;
  const RankerTrial& taken = ranker.trials[ranker.chosen];
  const std::pair<const char*, double> metrics[] = {
      {kJudgedLists, static_cast<double>(examination.lists)},
      {kJudgedNdcg, taken.ndcg},
      {kJudgedNdcgLow, taken.interval.low},
      {kJudgedNdcgHigh, taken.interval.high},
      {"linear_ndcg_at_10", ranker.trials[0].ndcg},
      {"own_organizers_ndcg_at_10", examination.own_organizers},
      {"popularity_ndcg_at_10", examination.popularity},
  };
  trained.metrics.insert(trained.metrics.end(), std::begin(metrics),
                         std::end(metrics));
  trained.notes.push_back(TableOf(examination));
}

}  // namespace

absl::StatusOr<TrainedVersion> TrainVersion(const Dataset& dataset,
                                            const TrainOptions& options,
                                            const TrainingLog& log) {
  const absl::StatusOr<Examination> examination =
      Examine(dataset, options, log);
  ASSIGN_OR_RETURN(TrainedVersion trained, TrainHybrid(dataset, options, log));
  if (!examination.ok()) {
    trained.notes.push_back(
        absl::StrCat("not judged, and ranked by the linear score alone: ",
                     examination.status().message()));
    Say(log, trained.notes.back());
    return trained;
  }
  ASSIGN_OR_RETURN(RankingPolicy policy,
                   ApplyRankingConfig(RankingPolicy(),
                                      trained.snapshot.info.ranking_config));
  policy.trees = examination->ranker.trees;
  policy.calibration = examination->ranker.calibration;
  trained.snapshot.info.ranking_config = RankingConfigText(policy);
  Record(*examination, trained);
  Say(log, trained.notes.back());
  return trained;
}

}  // namespace usher
