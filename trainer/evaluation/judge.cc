#include "trainer/evaluation/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "index/base/clock.h"
#include "trainer/evaluation/scores.h"

namespace usher {
namespace {

// Queries of which the retrieval score is looked at, at most.
constexpr int64_t kRetrievalQueries = 1000;

class SecondsOfAsking {
 public:
  double operator()() const {
    return static_cast<double>(Clock::System().Now() - start_) / kSecond;
  }

 private:
  const Micros start_ = Clock::System().Now();
};

// The errors of predicted ratings, cut to the scale that training saw.
void JudgeRatings(const Holdout& holdout, const RankingPolicy& policy,
                  const Snapshot& snapshot, int threads, Judgement& judgement) {
  float least = std::numeric_limits<float>::infinity();
  float most = -least;
  for (const InteractionRecord& row : holdout.replay.training.interactions) {
    if (row.kind != InteractionKind::kRating || !std::isfinite(row.value)) {
      continue;
    }
    least = std::min(least, row.value);
    most = std::max(most, row.value);
  }
  std::vector<std::pair<int32_t, std::string>> pairs;
  for (const HeldOutRating& rating : holdout.ratings) {
    pairs.emplace_back(rating.user, rating.event_id);
  }
  const std::vector<double> scores =
      ScorePairs(holdout.replay, pairs, policy, snapshot, threads);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) continue;
    judgement.ratings.Add(std::clamp<double>(scores[i], least, most) -
                          holdout.ratings[i].value);
  }
}

void JudgeRetrieval(const Replay& replay, const RankingPolicy& policy,
                    int threads, Snapshot snapshot, Judgement& judgement) {
  PlayOptions options;
  options.threads = threads;
  options.every = std::max<int64_t>(
      1, static_cast<int64_t>(replay.queries.size()) / kRetrievalQueries);
  int64_t wanted = 0;
  PlayRetrieval(replay, policy, options, snapshot,
                [&](const ReplayQuery&, const std::vector<int64_t>& places) {
                  ++judgement.retrieval_queries;
                  for (const int64_t place : places) {
                    ++wanted;
                    for (size_t i = 0; i < kRetrievalDepths.size(); ++i) {
                      judgement.retrieved[i] +=
                          place >= 0 && place < kRetrievalDepths[i];
                    }
                  }
                });
  for (double& retrieved : judgement.retrieved) {
    retrieved /= static_cast<double>(std::max<int64_t>(1, wanted));
  }
}

}  // namespace

Judgement JudgeVersion(const Holdout& questions, const RankingPolicy& policy,
                       Snapshot snapshot, const JudgeOptions& options) {
  const Replay& replay = questions.replay;
  const auto queries = static_cast<int64_t>(replay.queries.size());
  Judgement judgement;
  judgement.showable = ShowableEvents(replay);
  if (options.predicts_ratings) {
    JudgeRatings(questions, policy, snapshot, options.threads, judgement);
  }
  Snapshot untouched = snapshot.Share();
  PlayOptions play;
  play.limit = options.depth;
  play.threads = options.threads;
  const SecondsOfAsking seconds;
  PlayRankings(replay, policy, play, snapshot,
               [&](const ReplayQuery& query, const Ranking& ranking,
                   const Catalog& catalog) {
                 std::vector<std::string> list;
                 for (const RankedEvent& event : ranking.results) {
                   list.emplace_back(catalog.EventId(event.event));
                 }
                 judgement.Add(query,
                               ScoreList(list, query.relevant, options.depth));
                 judgement.traits.Add(query, ranking, catalog);
                 judgement.moves.Add(ranking, policy);
                 if (options.answers) options.answers(query, list);
                 if (options.progress) options.progress(query.number, queries);
               });
  judgement.ask_seconds = seconds();
  // Neighbours do not come by the retrieval score.
  if (snapshot.model->neighbours.empty()) {
    JudgeRetrieval(replay, policy, options.threads, std::move(untouched),
                   judgement);
  }
  return judgement;
}

Judgement JudgeRule(const Replay& replay, PlainRule rule,
                    const JudgeOptions& options) {
  const auto queries = static_cast<int64_t>(replay.queries.size());
  Judgement judgement;
  judgement.showable = ShowableEvents(replay);
  PlayRule(replay, rule, options.depth,
           [&](const ReplayQuery& query, const std::vector<std::string>& list) {
             judgement.Add(query,
                           ScoreList(list, query.relevant, options.depth));
             if (options.progress) options.progress(query.number, queries);
           });
  return judgement;
}

}  // namespace usher
