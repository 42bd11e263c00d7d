#include "serving/ranking/rank_events.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "index/catalog/filter.h"

namespace usher {
namespace {

// What one query lets through.
struct Allowed {
  const Query& query;
  const UserState& user;
  const CompiledFilter& filter;
  const LiveView& view;
  const Catalog& catalog;

  DropReason Check(EventRow row) const {
    const DropReason reason =
        WhyNotLive(catalog.events.columns[Index(row)], query.now,
                   {query.filter.include_running, view.undated_lifetime});
    if (reason != DropReason::kNone) return reason;
    if (!query.filter.include_interacted &&
        std::binary_search(user.answered.begin(), user.answered.end(), row)) {
      return DropReason::kAnswered;
    }
    return filter.Matches(row) ? DropReason::kNone : DropReason::kFiltered;
  }
};

void Count(DropReason reason, Ranking& ranking) {
  ++ranking.dropped[static_cast<size_t>(reason)];
}

// The rows that may be shown. Those at the edge of the minute are looked at
// again when they have become candidates.
RowBitmap AllowedRows(const Allowed& allowed, Ranking& ranking) {
  const LiveColumns& live = allowed.view.columns;
  const Query& query = allowed.query;
  ranking.dropped = live.not_live;
  RowBitmap rows = live.upcoming;
  if (query.filter.include_running) {
    ranking.dropped = live.not_live_nor_running;
    live.running.ForEach([&](size_t row) { rows.Set(row); });
  }
  if (!query.filter.include_interacted) {
    for (const EventRow row : allowed.user.answered) {
      if (!rows.Test(Index(row))) continue;
      rows.Clear(Index(row));
      Count(DropReason::kAnswered, ranking);
    }
  }
  if (allowed.filter.trivial()) return rows;
  const RowBitmap before = rows;
  before.ForEach([&](size_t row) {
    if (allowed.filter.Matches(EventRow{static_cast<int32_t>(row)})) return;
    rows.Clear(row);
    Count(DropReason::kFiltered, ranking);
  });
  return rows;
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
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const DropReason reason = allowed.Check(candidate.event);
    if (reason != DropReason::kNone) Count(reason, ranking);
    return reason != DropReason::kNone;
  });
  return candidates;
}

std::vector<RankedEvent> Scored(const std::vector<Candidate>& candidates,
                                const RankingPolicy& policy,
                                const UserState& user, const LiveView& view,
                                const Snapshot& snapshot) {
  std::vector<EventRow> events;
  events.reserve(candidates.size());
  for (const Candidate& c : candidates) events.push_back(c.event);
  const FeatureMatrix features =
      ComputeFeatures(events, user, view.columns, snapshot);
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
  const int32_t slot = live.slot_of[Index(event.event)];
  event.distance_km = DistanceKm(
      user.place, catalog.events.columns[Index(event.event)].location);
  event.lead_hours = live.lead_hours[slot];
  event.fresh_hours = live.fresh_hours[slot];
  event.upcoming = live.num_upcoming;
}

// Takes from the front what the caps allow.
class Caps {
 public:
  Caps(const Query& query, const Catalog& catalog)
      : query_(query), catalog_(catalog) {}

  bool Take(EventRow row) {
    const EventColumns& event = catalog_.events.columns[Index(row)];
    const std::pair<int, int64_t> keys[] = {
        {query_.max_per_organizer, Key(0, static_cast<int>(event.organizer))},
        {query_.max_per_venue, Key(1, event.venue)},
        {query_.max_per_series, Key(2, event.series)}};
    for (const auto& [cap, key] : keys) {
      if (cap > 0 && key >= 0 && taken_[key] >= cap) return false;
    }
    for (const auto& [cap, key] : keys) {
      if (cap > 0 && key >= 0) ++taken_[key];
    }
    return true;
  }

 private:
  static int64_t Key(int64_t what, int32_t row) {
    return row < 0 ? -1 : what << 32 | row;
  }

  const Query& query_;
  const Catalog& catalog_;
  absl::flat_hash_map<int64_t, int> taken_;
};

}  // namespace

Ranking RankEvents(const Query& query, const RankingPolicy& policy,
                   const LiveView& view, const Snapshot& snapshot) {
  const Catalog& catalog = snapshot.catalog;
  const UserState user = BuildUserState(query, snapshot, view.columns);
  const CompiledFilter filter(query.filter, catalog, user.place);
  const Allowed allowed{query, user, filter, view, catalog};
  Ranking ranking;
  ranking.cold_user = user.cold;
  std::vector<RankedEvent> ranked =
      Scored(Candidates(policy, allowed, snapshot, ranking), policy, user, view,
             snapshot);
  DropUnscored(ranking, ranked);
  SortBest(catalog, ranked);
  Caps caps(query, catalog);
  for (RankedEvent& event : ranked) {
    if (ranking.results.size() >= static_cast<size_t>(query.limit)) break;
    if (!caps.Take(event.event)) continue;
    Describe(user, view.columns, catalog, event);
    ranking.results.push_back(event);
  }
  return ranking;
}

}  // namespace usher
