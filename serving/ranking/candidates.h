// Which events are worth ranking for a user.
#ifndef USHER_SERVING_RANKING_CANDIDATES_H_
#define USHER_SERVING_RANKING_CANDIDATES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/row_bitmap.h"
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
};
inline constexpr int kNumCandidateSources = 6;

// "scan", "organizer", "neighbours", "nearby", "only", "rule".
absl::string_view CandidateSourceName(CandidateSource source);

struct Candidate {
  EventRow event = kNoEvent;
  uint8_t sources = 0;
};

// The union of all sources over the allowed rows: each event once, ascending by
// row, so that the order says nothing. A source that fails leaves its name in
// `degraded` and the others go on.
std::vector<Candidate> CollectCandidates(const RankingPolicy& policy,
                                         const UserState& user,
                                         const RowBitmap& allowed,
                                         const LiveView& view,
                                         const Snapshot& snapshot,
                                         std::vector<std::string>& degraded);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_CANDIDATES_H_
