// Which events are worth ranking for a user.
#ifndef USHER_SERVING_RANKING_CANDIDATES_H_
#define USHER_SERVING_RANKING_CANDIDATES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/row_bitmap.h"
#include "index/vector/scored_row.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/user_state.h"

namespace usher {

// Where candidates come from; bits of Candidate::sources.
enum class CandidateSource : uint8_t {
  kScan = 0,        // user vector . event vector + live bias, over all allowed.
  kOrganizer = 1,   // Of organizers that the user went to or follows.
  kNeighbours = 2,  // That like-minded users said yes to.
  kNearby = 3,      // Around the user, by distance and live bias.
  kOnly = 4,        // Asked for by id.
  kRule = 5,        // Lifted by a rule.
  kList = 6,        // Of a list that was made before.
};
inline constexpr int kNumCandidateSources = 7;

// "scan", "organizer", "neighbours", "nearby", "only", "rule", "list".
absl::string_view CandidateSourceName(CandidateSource source);

struct Candidate {
  EventRow event = kNoEvent;
  uint8_t sources = 0;
};

// What the scan asks for: the user's vector with each part scaled by its weight
// in the ranking. Zeros when nothing is known of the user.
std::vector<float> RetrievalQuery(const RankingPolicy& policy,
                                  const UserState& user,
                                  const Snapshot& snapshot);

struct FoundCandidates {
  // Each event once, ascending by row, so that the order says nothing.
  std::vector<Candidate> candidates;
  // What the scan found behind them, best first.
  std::vector<EventRow> behind;
};

// The union of all sources over the allowed rows, but of the scan the best
// `scanned` alone. A source that fails leaves its name in `degraded` and the
// others go on. `scan`, unless null, is what the scan would give, best first:
// whoever ranks many users scans for them together.
FoundCandidates CollectCandidates(const RankingPolicy& policy,
                                  const UserState& user,
                                  const RowBitmap& allowed,
                                  const LiveView& view,
                                  const Snapshot& snapshot, size_t scanned,
                                  const std::vector<ScoredRow>* scan,
                                  std::vector<std::string>& degraded);

// Whether an event that may be shown at `now` was announced after `since`.
// Requires that `now` is in the minute of the view, and `since` before it.
bool IsAnyAnnounced(const LiveView& view, const Catalog& catalog, Micros since,
                    Micros now);

// What stands in for the scan and for what is nearby.
struct ListedEvents {
  absl::Span<const EventRow> events;
  // What was written since; and what was announced since comes with it.
  absl::Span<const EventRow> newer;  // Ascending, none twice.
  Micros generated_at = kNoTime;
  // Made by this very model for this very user, of whom nothing new is known:
  // then it has what organizers and neighbours give, or `newer` has.
  bool complete = false;
};

// As above, from a list: its events, the best by the scan's score of those that
// are newer than the list, and those of organizers and neighbours, who know
// what the user did a moment ago.
std::vector<Candidate> CandidatesOfList(const ListedEvents& list,
                                        const RankingPolicy& policy,
                                        const UserState& user,
                                        const RowBitmap& allowed,
                                        const LiveView& view,
                                        const Snapshot& snapshot);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_CANDIDATES_H_
