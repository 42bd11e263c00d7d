// The ranking itself: one pure function from a query to a list.
#ifndef USHER_SERVING_RANKING_RANK_EVENTS_H_
#define USHER_SERVING_RANKING_RANK_EVENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "index/artifact/snapshot.h"
#include "index/catalog/eligibility.h"
#include "serving/ranking/candidates.h"
#include "serving/ranking/features.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/query.h"
#include "serving/ranking/ranked_event.h"
#include "serving/ranking/stage_times.h"

namespace usher {

struct Ranking {
  std::vector<RankedEvent> results;  // Best first.
  std::vector<EventRow> further;  // What follows them, query.further at most.
  bool cold_user = false;
  bool from_list = false;  // Some of it came from Shortcuts::list.
  bool topped_up = false;  // The list alone was too short.
  std::vector<std::string> degraded;
  // Events left out, by reason; with only_event_ids, of those asked for, where
  // unknown ids count as filtered.
  std::array<int64_t, kNumDropReasons> dropped{};
  // By source; one of two sources counts for both.
  std::array<int64_t, kNumCandidateSources> candidates{};
};

// Where arranging only cuts the list, so many of the scan's best are ranked,
// and of what is behind them as many as make kRankedAtLeast candidates, or as a
// limit above that asks for; the rest follows as the scan has it. So any limit
// up to kRankedAtLeast cuts the same list. (NDCG@10 of real cities is the same
// with 300 of the scan.)
inline constexpr size_t kScannedClosely = 150;
inline constexpr size_t kRankedAtLeast = 200;

// What is known beforehand. Borrowed for the call; null: it is worked out.
struct Shortcuts {
  // Stands in for the scan and for what is nearby. When fewer than `wanted`
  // results come of it, all sources are asked as well. With only_event_ids it
  // is not looked at. Of a long complete list only the first part is ranked
  // anew; the rest of it are further events, as they stand there.
  const ListedEvents* list = nullptr;
  int wanted = 0;
  // BuildUserState() of the query.
  const UserState* user = nullptr;
  // The best rows of the scan among those that the query allows.
  const std::vector<ScoredRow>* scan = nullptr;
};

// Filter -> candidates -> features -> linear score -> trees -> rules, diversity
// and caps (arrange.h). Pure: equal inputs give an equal ranking; ties go to
// the event that starts sooner, then to the smaller row. An event whose score
// is no finite number is left out, and `degraded` says so. `view` must have
// been built from `snapshot` and `policy` for the minute of query.now. Every
// result is live at query.now, passes the filter and, unless include_interacted
// is set, has no answer of the user. `times`, where given, is told when a stage
// has ended; the list is the same.
Ranking RankEvents(const Query& query, const RankingPolicy& policy,
                   const LiveView& view, const Snapshot& snapshot,
                   const Shortcuts& shortcuts = {},
                   StageTimes* times = nullptr);

// Whether what RankEvents() gave at `since` still is the answer to the same
// query at `now`, in the same minute, if nothing was written: nothing was
// announced meanwhile, and no result has begun. Of further events some may
// have; and what fades with the exact instant has faded by less than a minute.
bool StillHolds(const Ranking& ranking, Micros since, Micros now,
                const LiveView& view, const Catalog& catalog);

// Its first `limit` results, or all; the others are further events.
Ranking FirstOf(const Ranking& ranking, size_t limit);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_RANK_EVENTS_H_
