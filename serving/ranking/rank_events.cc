#include "serving/ranking/rank_events.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/catalog/filter.h"
#include "index/catalog/geo_cells.h"
#include "index/vector/best_rows.h"
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

// Calls use(event) for those of `rows` that the filter lets through. Of the
// distance no more is looked at than is cheap: an event on the very edge may
// come, too.
template <class Use>
void ForEachMatching(const Allowed& allowed, const RowBitmap& rows,
                     const Use& use) {
  // Beyond it, most cells are empty.
  constexpr double kFewCellsKm = 1000;
  constexpr double kEdge = 1 + 1e-6;
  const CompiledFilter& filter = allowed.filter;
  const std::optional<GeoDisc> disc = filter.disc();
  if (!disc.has_value() || disc->radius_km > kFewCellsKm) {
    rows.ForEach([&](size_t row) {
      const EventRow event{static_cast<int32_t>(row)};
      if (filter.Matches(event)) use(event);
    });
    return;
  }
  const LiveColumns& live = *allowed.view.columns;
  const UnitVector center = OnUnitSphere(disc->center);
  const double most = ChordOfKm(disc->radius_km * kEdge);
  for (const int32_t cell : CellsAround(*disc)) {
    for (const EventRow event : live.InCell(cell)) {
      if (!rows.Test(Index(event))) continue;
      const auto slot = static_cast<size_t>(live.SlotOf(event));
      if (ChordSquared(center, live.Place(slot)) <= most &&
          filter.MatchesButForPlace(event)) {
        use(event);
      }
    }
  }
}

// The rows that may be shown. Those at the edge of the minute are looked at
// again when they have become candidates.
RowBitmap AllowedRows(const Allowed& allowed, Ranking& ranking) {
  const LiveColumns& live = *allowed.view.columns;
  const Query& query = allowed.query;
  const bool running = query.filter.include_running;
  ranking.dropped = running ? live.not_live_nor_running() : live.not_live();
  RowBitmap rows = running ? live.live() : live.upcoming();
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
  RowBitmap matching(rows.size());
  size_t filtered = rows.Count();
  ForEachMatching(allowed, rows, [&](EventRow event) {
    --filtered;
    if (IsExcluded(allowed.rules, event)) {
      Count(DropReason::kRule, ranking);
    } else {
      matching.Set(Index(event));
    }
  });
  ranking.dropped[static_cast<size_t>(DropReason::kFiltered)] +=
      static_cast<int64_t>(filtered);
  return matching;
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

// What all candidates have in common, and what those of rules add to them.
std::vector<Candidate> Checked(const Allowed& allowed, const RowBitmap& rows,
                               std::vector<Candidate> candidates,
                               Ranking& ranking) {
  if (!allowed.rules.empty()) AddOfRules(allowed, rows, candidates);
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const DropReason reason = allowed.Check(candidate.event);
    if (reason != DropReason::kNone) Count(reason, ranking);
    return reason != DropReason::kNone;
  });
  return candidates;
}

void CountSources(const std::vector<Candidate>& candidates, Ranking& ranking) {
  std::array<int64_t, size_t{1} << kNumCandidateSources> of_sources{};
  for (const Candidate& candidate : candidates) {
    ++of_sources[candidate.sources];
  }
  for (size_t sources = 0; sources < of_sources.size(); ++sources) {
    for (int i = 0; i < kNumCandidateSources; ++i) {
      if ((sources >> i & 1) != 0) ranking.candidates[i] += of_sources[sources];
    }
  }
}

void End(Stage stage, StageTimes* times) {
  if (times != nullptr) times->End(stage);
}

// The union of two sets of candidates, ascending by row.
std::vector<Candidate> Merged(const std::vector<Candidate>& a,
                              const std::vector<Candidate>& b) {
  std::vector<Candidate> merged;
  merged.reserve(a.size() + b.size());
  auto next = b.begin();
  for (const Candidate& candidate : a) {
    while (next != b.end() && next->event < candidate.event) {
      merged.push_back(*next++);
    }
    merged.push_back(candidate);
    if (next != b.end() && next->event == candidate.event) {
      merged.back().sources |= next++->sources;
    }
  }
  merged.insert(merged.end(), next, b.end());
  return merged;
}

// weight * feature, summed up feature after feature.
std::vector<float> ScoresOf(const RankingPolicy& policy,
                            const FeatureMatrix& features) {
  std::vector<float> scores(features.rows(), 0.0f);
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const float weight = policy.weights[f];
    const float* const column = features.Column(static_cast<Feature>(f)).data();
    for (size_t row = 0; row < scores.size(); ++row) {
      scores[row] += weight * column[row];
    }
  }
  if (policy.trees != nullptr) {
    policy.trees->Score(features, absl::MakeSpan(scores));
  }
  return scores;
}

// The numbers of the scores, best first. A NaN has no place in an order.
std::vector<ScoredRow> InOrder(const std::vector<float>& scores,
                               Ranking& ranking) {
  std::vector<ScoredRow> order;
  order.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) continue;
    order.push_back({static_cast<int32_t>(i), scores[i]});
  }
  const size_t unscored = scores.size() - order.size();
  if (unscored > 0) {
    ranking.degraded.push_back(
        absl::StrCat("score: ", unscored, " events have no finite one"));
  }
  SortBest(order);
  return order;
}

// Of equal scores the events that start sooner come first, then the smaller
// rows.
void OrderTies(const Catalog& catalog, const std::vector<EventRow>& events,
               std::vector<ScoredRow>& order) {
  const auto rank = [&](const ScoredRow& scored) {
    const EventRow event = events[static_cast<size_t>(scored.row)];
    return std::pair(catalog.events.columns[Index(event)].start, event);
  };
  for (auto first = order.begin(); first != order.end();) {
    const auto last = std::find_if(first + 1, order.end(), [&](const auto& s) {
      return s.score != first->score;
    });
    if (last - first > 1) {
      std::sort(first, last, [&](const auto& a, const auto& b) {
        return rank(a) < rank(b);
      });
    }
    first = last;
  }
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

// One ranking on its way; everything is borrowed.
struct Run {
  const Query& query;
  const RankingPolicy& policy;
  const UserState& user;
  const std::vector<CompiledRule>& rules;
  const LiveView& view;
  const Snapshot& snapshot;
  StageTimes* times;

  // True when arranging only cuts the list.
  bool IsPlain() const {
    return rules.empty() && query.diversity == 0 &&
           query.max_per_organizer == 0 && query.max_per_venue == 0 &&
           query.max_per_series == 0;
  }

  void Rank(const std::vector<Candidate>& candidates, Ranking& ranking) const {
    CountSources(candidates, ranking);
    End(Stage::kCandidates, times);
    std::vector<EventRow> events;
    events.reserve(candidates.size());
    for (const Candidate& c : candidates) events.push_back(c.event);
    const FeatureMatrix features =
        ComputeFeatures(events, user, *view.columns, snapshot);
    std::vector<ScoredRow> order = InOrder(ScoresOf(policy, features), ranking);
    OrderTies(snapshot.catalog, events, order);
    const auto wanted = static_cast<size_t>(query.limit + query.further);
    const size_t count =
        IsPlain() ? std::min(order.size(), wanted) : order.size();
    const auto limit = static_cast<size_t>(query.limit);
    std::vector<RankedEvent> ranked(IsPlain() ? std::min(count, limit) : count);
    for (size_t i = 0; i < ranked.size(); ++i) {
      const auto from = static_cast<size_t>(order[i].row);
      ranked[i].event = events[from];
      ranked[i].score = order[i].score;
      ranked[i].sources = candidates[from].sources;
      ranked[i].features = features.Row(from);
    }
    if (IsPlain()) {
      ranking.further.reserve(count - ranked.size());
      for (size_t i = ranked.size(); i < count; ++i) {
        ranking.further.push_back(events[static_cast<size_t>(order[i].row)]);
      }
      ranking.results = std::move(ranked);
      return;
    }
    for (const size_t i : Arrange(query, rules, snapshot, ranked)) {
      if (ranking.results.size() >= limit) {
        ranking.further.push_back(ranked[i].event);
      } else {
        ranking.results.push_back(ranked[i]);
      }
    }
  }
};

// Of a list, so many of its first events are ranked anew at least, and so many
// for every result.
constexpr size_t kListedAtLeast = 100;
constexpr size_t kListedPerResult = 5;

// Ascending by row.
std::vector<Candidate> FoundBy(CandidateSource source,
                               std::vector<EventRow> events) {
  std::sort(events.begin(), events.end());
  std::vector<Candidate> candidates;
  candidates.reserve(events.size());
  const auto sources = static_cast<uint8_t>(1u << static_cast<int>(source));
  for (const EventRow event : events) candidates.push_back({event, sources});
  return candidates;
}

// What was not looked at follows as it stands in the list.
void AppendFurther(const Run& run, RowBitmap rows,
                   const std::vector<Candidate>& looked_at,
                   absl::Span<const EventRow> list, Ranking& ranking) {
  const auto further = static_cast<size_t>(run.query.further);
  for (const Candidate& candidate : looked_at) {
    rows.Clear(Index(candidate.event));
  }
  for (const EventRow row : list) {
    if (ranking.further.size() >= further) return;
    if (rows.Test(Index(row))) ranking.further.push_back(row);
  }
}

void RankAll(const Run& run, const Allowed& allowed, const Shortcuts& shortcuts,
             Ranking& ranking) {
  RowBitmap rows = AllowedRows(allowed, ranking);
  std::vector<Candidate> listed;
  if (shortcuts.list != nullptr) {
    ListedEvents list = *shortcuts.list;
    // Where arranging only cuts the list, what has been far behind is not
    // looked at for the first page.
    const size_t near =
        std::max(kListedAtLeast,
                 kListedPerResult * static_cast<size_t>(run.query.limit));
    const absl::Span<const EventRow> all = list.events;
    const bool cut = run.IsPlain() && list.complete && all.size() > near;
    if (cut) list.events = all.first(near);
    Ranking of_list = ranking;
    listed = Checked(allowed, rows,
                     CandidatesOfList(list, run.policy, run.user, rows,
                                      run.view, run.snapshot),
                     of_list);
    run.Rank(listed, of_list);
    if (of_list.results.size() >= static_cast<size_t>(shortcuts.wanted)) {
      if (cut) {
        AppendFurther(run, std::move(rows), listed, all.subspan(near), of_list);
      }
      ranking = std::move(of_list);
      return;
    }
    ranking.topped_up = true;
  }
  FoundCandidates found = CollectCandidates(
      run.policy, run.user, rows, run.view, run.snapshot,
      run.IsPlain() ? kScannedClosely : std::numeric_limits<size_t>::max(),
      shortcuts.scan, ranking.degraded);
  std::vector<Candidate>& candidates = found.candidates;
  if (!listed.empty()) candidates = Merged(listed, candidates);
  candidates = Checked(allowed, rows, std::move(candidates), ranking);
  const size_t least =
      std::max(kRankedAtLeast, static_cast<size_t>(run.query.limit));
  std::vector<EventRow>& behind = found.behind;
  while (candidates.size() < least && !behind.empty()) {
    const auto more =
        behind.begin() + static_cast<std::ptrdiff_t>(std::min(
                             behind.size(), least - candidates.size()));
    candidates =
        Merged(candidates,
               Checked(allowed, rows,
                       FoundBy(CandidateSource::kScan, {behind.begin(), more}),
                       ranking));
    behind.erase(behind.begin(), more);
  }
  run.Rank(candidates, ranking);
  AppendFurther(run, std::move(rows), candidates, behind, ranking);
}

bool IsOfList(const RankedEvent& event) {
  return (event.sources >> static_cast<int>(CandidateSource::kList) & 1) != 0;
}

}  // namespace

Ranking RankEvents(const Query& query, const RankingPolicy& policy,
                   const LiveView& view, const Snapshot& snapshot,
                   const Shortcuts& shortcuts, StageTimes* times) {
  const Catalog& catalog = snapshot.catalog;
  std::optional<UserState> built;
  if (shortcuts.user == nullptr) {
    built = BuildUserState(query, snapshot, *view.columns);
  }
  const UserState& user = built.has_value() ? *built : *shortcuts.user;
  End(Stage::kUser, times);
  const CompiledFilter filter(query.filter, catalog, user.place);
  const std::vector<CompiledRule> rules =
      CompileRules(query, catalog, user.place);
  const Allowed allowed{query, user, filter, rules, view, catalog};
  const Run run{query, policy, user, rules, view, snapshot, times};
  Ranking ranking;
  ranking.cold_user = user.cold;
  if (filter.only().has_value()) {
    run.Rank(OnlyCandidates(allowed, ranking), ranking);
  } else {
    RankAll(run, allowed, shortcuts, ranking);
  }
  ranking.from_list =
      std::any_of(ranking.results.begin(), ranking.results.end(), &IsOfList);
  for (RankedEvent& event : ranking.results) {
    Describe(user, *view.columns, catalog, event);
  }
  End(Stage::kRank, times);
  return ranking;
}

bool StillHolds(const Ranking& ranking, Micros since, Micros now,
                const LiveView& view, const Catalog& catalog) {
  const EligibilityOptions options{false, view.columns->undated_lifetime()};
  return std::all_of(ranking.results.begin(), ranking.results.end(),
                     [&](const RankedEvent& result) {
                       return WhyNotLive(
                                  catalog.events.columns[Index(result.event)],
                                  now, options) == DropReason::kNone;
                     }) &&
         !IsAnyAnnounced(view, catalog, since, now);
}

Ranking FirstOf(const Ranking& ranking, size_t limit) {
  Ranking first = ranking;
  first.results.resize(std::min(limit, first.results.size()));
  first.further.clear();
  for (size_t i = limit; i < ranking.results.size(); ++i) {
    first.further.push_back(ranking.results[i].event);
  }
  first.further.insert(first.further.end(), ranking.further.begin(),
                       ranking.further.end());
  return first;
}

}  // namespace usher
