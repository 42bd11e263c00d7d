#include "serving/ranking/rank_events.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/catalog/filter.h"
#include "serving/ranking/arrange.h"

namespace usher {
namespace {

// What one query lets through.
struct Allowed {
  const Query& query;
  const UserState& user;
  const CompiledFilter& filter;
  const std::vector<CompiledRule>& rules;
  const LiveView& view;
  const Catalog& catalog;

  DropReason Check(EventRow row) const {
    const DropReason reason = WhyNotLive(
        catalog.events.columns[Index(row)], query.now,
        {query.filter.include_running, view.columns->undated_lifetime()});
    if (reason != DropReason::kNone) return reason;
    if (!query.filter.include_interacted &&
        std::binary_search(user.answered.begin(), user.answered.end(), row)) {
      return DropReason::kAnswered;
    }
    if (!filter.Matches(row)) return DropReason::kFiltered;
    return IsExcluded(rules, row) ? DropReason::kRule : DropReason::kNone;
  }
};

void Count(DropReason reason, Ranking& ranking) {
  ++ranking.dropped[static_cast<size_t>(reason)];
}

// The rows that may be shown. Those at the edge of the minute are looked at
// again when they have become candidates.
RowBitmap AllowedRows(const Allowed& allowed, Ranking& ranking) {
  const LiveColumns& live = *allowed.view.columns;
  const Query& query = allowed.query;
  ranking.dropped = live.not_live();
  RowBitmap rows = live.upcoming();
  if (query.filter.include_running) {
    ranking.dropped = live.not_live_nor_running();
    live.running().ForEach([&](size_t row) { rows.Set(row); });
  }
  if (!query.filter.include_interacted) {
    for (const EventRow row : allowed.user.answered) {
      if (!rows.Test(Index(row))) continue;
      rows.Clear(Index(row));
      Count(DropReason::kAnswered, ranking);
    }
  }
  const bool excludes = std::any_of(
      allowed.rules.begin(), allowed.rules.end(),
      [](const CompiledRule& r) { return r.action == RuleAction::kExclude; });
  if (allowed.filter.trivial() && !excludes) return rows;
  const RowBitmap before = rows;
  before.ForEach([&](size_t row) {
    const EventRow event{static_cast<int32_t>(row)};
    const bool filtered = !allowed.filter.Matches(event);
    if (!filtered && !IsExcluded(allowed.rules, event)) return;
    rows.Clear(row);
    Count(filtered ? DropReason::kFiltered : DropReason::kRule, ranking);
  });
  return rows;
}

// What a rule lifts has to be a candidate: of each such rule the events with
// the best live bias.
void AddOfRules(const Allowed& allowed, const RowBitmap& rows,
                std::vector<Candidate>& candidates) {
  constexpr size_t kPerRule = 100;
  constexpr uint8_t kSource = uint8_t{1}
                              << static_cast<int>(CandidateSource::kRule);
  for (const CompiledRule& rule : allowed.rules) {
    if (rule.action == RuleAction::kExclude ||
        (rule.action == RuleAction::kBoost && rule.boost <= 1)) {
      continue;
    }
    std::vector<std::pair<float, EventRow>> best;
    rows.ForEach([&](size_t row) {
      const EventRow event{static_cast<int32_t>(row)};
      if (rule.filter.Matches(event)) {
        best.emplace_back(-allowed.view.bias[row], event);
      }
    });
    const size_t kept = std::min(best.size(), kPerRule);
    std::partial_sort(best.begin(), best.begin() + kept, best.end());
    for (size_t i = 0; i < kept; ++i) {
      candidates.push_back({best[i].second, kSource});
    }
  }
  std::sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.event < b.event; });
  size_t unique = 0;
  for (const Candidate& candidate : candidates) {
    if (unique > 0 && candidates[unique - 1].event == candidate.event) {
      candidates[unique - 1].sources |= candidate.sources;
    } else {
      candidates[unique++] = candidate;
    }
  }
  candidates.resize(unique);
}

std::vector<Candidate> OnlyCandidates(const Allowed& allowed,
                                      Ranking& ranking) {
  std::vector<Candidate> candidates;
  ranking.dropped[static_cast<size_t>(DropReason::kFiltered)] +=
      allowed.filter.unknown_only();
  for (const EventRow row : *allowed.filter.only()) {
    const DropReason reason = allowed.Check(row);
    if (reason != DropReason::kNone) {
      Count(reason, ranking);
    } else {
      candidates.push_back(
          {row, uint8_t{1} << static_cast<int>(CandidateSource::kOnly)});
    }
  }
  return candidates;
}

std::vector<Candidate> Candidates(const RankingPolicy& policy,
                                  const Allowed& allowed,
                                  const Snapshot& snapshot, Ranking& ranking) {
  if (allowed.filter.only().has_value()) {
    return OnlyCandidates(allowed, ranking);
  }
  const RowBitmap rows = AllowedRows(allowed, ranking);
  std::vector<Candidate> candidates = CollectCandidates(
      policy, allowed.user, rows, allowed.view, snapshot, ranking.degraded);
  if (!allowed.rules.empty()) AddOfRules(allowed, rows, candidates);
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const DropReason reason = allowed.Check(candidate.event);
    if (reason != DropReason::kNone) Count(reason, ranking);
    return reason != DropReason::kNone;
  });
  return candidates;
}

void CountSources(const std::vector<Candidate>& candidates, Ranking& ranking) {
  for (const Candidate& candidate : candidates) {
    for (int i = 0; i < kNumCandidateSources; ++i) {
      ranking.candidates[i] += candidate.sources >> i & 1;
    }
  }
}

void End(Stage stage, StageTimes* times) {
  if (times != nullptr) times->End(stage);
}

std::vector<RankedEvent> Scored(const std::vector<Candidate>& candidates,
                                const RankingPolicy& policy,
                                const UserState& user, const LiveView& view,
                                const Snapshot& snapshot) {
  std::vector<EventRow> events;
  events.reserve(candidates.size());
  for (const Candidate& c : candidates) events.push_back(c.event);
  const FeatureMatrix features =
      ComputeFeatures(events, user, *view.columns, snapshot);
  std::vector<RankedEvent> ranked(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    ranked[i].event = candidates[i].event;
    ranked[i].sources = candidates[i].sources;
    const absl::Span<const float> row = features.Row(i);
    std::copy(row.begin(), row.end(), ranked[i].features.begin());
    for (size_t f = 0; f < kNumFeatures; ++f) {
      ranked[i].score += policy.weights[f] * row[f];
    }
  }
  return ranked;
}

// A NaN has no place in an order.
void DropUnscored(Ranking& ranking, std::vector<RankedEvent>& ranked) {
  const size_t unscored = std::erase_if(ranked, [](const RankedEvent& event) {
    return !std::isfinite(event.score);
  });
  if (unscored == 0) return;
  ranking.degraded.push_back(
      absl::StrCat("score: ", unscored, " events have no finite one"));
}

void SortBest(const Catalog& catalog, std::vector<RankedEvent>& ranked) {
  std::sort(
      ranked.begin(), ranked.end(),
      [&](const RankedEvent& a, const RankedEvent& b) {
        if (a.score != b.score) return a.score > b.score;
        const Micros start_a = catalog.events.columns[Index(a.event)].start;
        const Micros start_b = catalog.events.columns[Index(b.event)].start;
        return start_a != start_b ? start_a < start_b : a.event < b.event;
      });
}

// What the features were made of, for whoever explains the event.
void Describe(const UserState& user, const LiveColumns& live,
              const Catalog& catalog, RankedEvent& event) {
  const LiveSlot& slot = live[static_cast<size_t>(live.SlotOf(event.event))];
  event.distance_km = DistanceKm(
      user.place, catalog.events.columns[Index(event.event)].location);
  event.lead_hours = slot.lead_hours;
  event.fresh_hours = slot.fresh_hours;
  event.upcoming = live.num_upcoming();
}

}  // namespace

Ranking RankEvents(const Query& query, const RankingPolicy& policy,
                   const LiveView& view, const Snapshot& snapshot,
                   StageTimes* times) {
  const Catalog& catalog = snapshot.catalog;
  const UserState user = BuildUserState(query, snapshot, *view.columns);
  End(Stage::kUser, times);
  const CompiledFilter filter(query.filter, catalog, user.place);
  const std::vector<CompiledRule> rules =
      CompileRules(query, catalog, user.place);
  const Allowed allowed{query, user, filter, rules, view, catalog};
  Ranking ranking;
  ranking.cold_user = user.cold;
  const std::vector<Candidate> candidates =
      Candidates(policy, allowed, snapshot, ranking);
  CountSources(candidates, ranking);
  End(Stage::kCandidates, times);
  std::vector<RankedEvent> ranked =
      Scored(candidates, policy, user, view, snapshot);
  DropUnscored(ranking, ranked);
  SortBest(catalog, ranked);
  const size_t limit = static_cast<size_t>(query.limit);
  for (const size_t i : Arrange(query, rules, snapshot, ranked)) {
    if (ranking.results.size() >= limit) {
      ranking.further.push_back(ranked[i].event);
    } else {
      ranking.results.push_back(ranked[i]);
      Describe(user, *view.columns, catalog, ranking.results.back());
    }
  }
  End(Stage::kRank, times);
  return ranking;
}

}  // namespace usher
