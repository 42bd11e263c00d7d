#include "trainer/ranker/collect_lessons.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "serving/ranking/rank_events.h"
#include "trainer/evaluation/play.h"

namespace usher {
namespace {

constexpr int kWholeList = std::numeric_limits<int>::max() / 2;
// Features of so many live events in all are worth computing.
constexpr int64_t kMaxLooks = 400'000'000;

// Pairs that end in a commitment after the cut.
using Attended = absl::flat_hash_set<std::pair<int32_t, absl::string_view>>;

Attended AttendedOf(const Replay& replay) {
  Attended attended;
  for (const ReplayStep& step : replay.steps) {
    if (step.kind == ReplayStep::Kind::kReveal && IsCommitment(step.answer)) {
      attended.insert({step.user, step.id});
    }
  }
  return attended;
}

int64_t PartOf(int64_t queries, int64_t most) {
  return std::max<int64_t>(1,
                           (queries + most - 1) / std::max<int64_t>(1, most));
}

void AddList(const Ranking& ranking, const ReplayQuery& query,
             const std::vector<RankingExamples::Label>& labels,
             absl::Span<const size_t> rows, RankingExamples& examples) {
  examples.AddQuery(static_cast<int32_t>(query.relevant.size()), query.user);
  for (const size_t row : rows) {
    examples.AddRow(ranking.results[row], labels[row]);
  }
}

}  // namespace

RankingLessons CollectLessons(
    const Replay& replay, const RankingPolicy& policy, Snapshot& snapshot,
    const LessonOptions& options,
    const std::function<void(int64_t done, int64_t total)>& progress) {
  RankingPolicy linear = policy;
  linear.trees = nullptr;
  // What is behind them is not ranked when somebody asks.
  linear.scan_candidates =
      std::min(linear.scan_candidates, static_cast<int>(kScannedClosely));
  const auto queries = static_cast<int64_t>(replay.queries.size());
  const auto events = static_cast<int64_t>(snapshot.catalog.num_events());
  PlayOptions play;
  play.limit = kWholeList;
  play.threads = options.threads;
  play.hidden_devices = options.hidden_devices;
  play.every = PartOf(
      queries,
      std::min(options.max_queries, kMaxLooks / std::max<int64_t>(1, events)));
  const auto first_judged = static_cast<int64_t>(static_cast<double>(queries) *
                                                 (1 - options.judged_share));
  const int64_t judged_every =
      PartOf((queries - first_judged) / play.every, options.max_judged);
  const Attended attended = AttendedOf(replay);
  RankingLessons lessons;
  int64_t late = 0;
  PlayRankings(
      replay, linear, play, snapshot,
      [&](const ReplayQuery& query, const Ranking& ranking,
          const Catalog& catalog) {
        std::vector<RankingExamples::Label> labels(ranking.results.size());
        std::vector<bool> relevant(labels.size());
        for (size_t i = 0; i < labels.size(); ++i) {
          const absl::string_view id =
              catalog.EventId(ranking.results[i].event);
          labels[i].relevant =
              std::find(query.relevant.begin(), query.relevant.end(), id) !=
              query.relevant.end();
          labels[i].attended = attended.contains({query.user, id});
          relevant[i] = labels[i].relevant;
        }
        AddList(ranking, query, labels,
                SampleOfList(relevant, options.seed +
                                           static_cast<uint64_t>(query.number)),
                lessons.samples);
        if (query.number < first_judged) {
          lessons.before_judged = lessons.samples.queries();
        } else if (late++ % judged_every == 0) {
          std::vector<size_t> all(labels.size());
          for (size_t i = 0; i < all.size(); ++i) all[i] = i;
          AddList(ranking, query, labels, all, lessons.judged);
          lessons.judged_numbers.insert(query.number);
        }
        if (progress) progress(query.number, queries);
      });
  return lessons;
}

}  // namespace usher
