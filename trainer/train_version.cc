#include "trainer/train_version.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "trainer/examination.h"
#include "trainer/publish_gate.h"
#include "trainer/train_algorithm.h"

namespace usher {
namespace {

void Tell(const TrainingLog& log, absl::string_view line) {
  if (log.line) log.line(line);
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

void Record(const Examination& examination, TrainedVersion& trained) {
  const LearnedRanker& ranker = examination.ranker;
  const RankerTrial& taken = ranker.trials[ranker.chosen];
  const std::pair<const char*, double> metrics[] = {
      {kJudgedLists, static_cast<double>(examination.lists)},
      {kJudgedNdcg, taken.ndcg},
      {kJudgedNdcgLow, taken.interval.low},
      {kJudgedNdcgHigh, taken.interval.high},
      {"linear_ndcg_at_10", ranker.trials[0].ndcg},
      {kOwnOrganizersNdcg, examination.own_organizers},
      {"popularity_ndcg_at_10", examination.popularity},
  };
  trained.metrics.insert(trained.metrics.end(), std::begin(metrics),
                         std::end(metrics));
  trained.notes.push_back(TableOf(examination));
}

}  // namespace

absl::StatusOr<TrainedVersion> TrainVersion(absl::string_view algorithm,
                                            const Dataset& dataset,
                                            const TrainOptions& options,
                                            const TrainingLog& log) {
  const absl::StatusOr<Examination> examination =
      Examine(algorithm, dataset, options, log);
  ASSIGN_OR_RETURN(TrainedVersion trained,
                   TrainByName(algorithm, dataset, options, log));
  if (!examination.ok()) {
    trained.notes.push_back(absl::StrCat("not judged, and no ranker learned: ",
                                         examination.status().message()));
    Tell(log, trained.notes.back());
    return trained;
  }
  ASSIGN_OR_RETURN(RankingPolicy policy,
                   ApplyRankingConfig(RankingPolicy(),
                                      trained.snapshot.info.ranking_config));
  policy.trees = examination->ranker.trees;
  policy.calibration = examination->ranker.calibration;
  trained.snapshot.info.ranking_config = RankingConfigText(policy);
  Record(*examination, trained);
  Tell(log, trained.notes.back());
  return trained;
}

}  // namespace usher
