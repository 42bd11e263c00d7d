// Lists as lines of JSON that are ready to show.
#ifndef USHER_SERVING_PRECOMPUTE_RESULT_LINES_H_
#define USHER_SERVING_PRECOMPUTE_RESULT_LINES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "index/artifact/snapshot.h"
#include "serving/lists/ranked_list.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/rank_events.h"
#include "serving/ranking/scored_user.h"

namespace usher {

// {"id": ..., "title": ..., ...} without the last brace, with the names of
// events.jsonl; what is not known is left out. Times are RFC 3339, UTC.
std::string EventDetails(const Event& event);

// The same of a user, with the names of users.jsonl.
std::string UserDetails(const User& user);

// One line a user. Immutable; borrows the snapshot.
class ResultLines {
 public:
  // Writes the details of all events of the view, on all threads.
  ResultLines(const Snapshot* snapshot, const LiveView& view);
  // For lists of users alone.
  explicit ResultLines(const Snapshot* snapshot) : snapshot_(*snapshot) {}

  // {"user_id", "batch", "model_version", "generated_at", "results": [{"id",
  // ..., "score", "distance_km"}]}, and the end of the line. `about` has what
  // is not in the ranking.
  std::string Line(absl::string_view user_id, const RankedList& about,
                   const Ranking& ranking) const;
  std::string Line(absl::string_view user_id, const NeighbourList& about,
                   const std::vector<ScoredUser>& users) const;

 private:
  const Snapshot& snapshot_;
  std::shared_ptr<const LiveColumns> live_;
  std::vector<std::string> details_;  // By slot.
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_RESULT_LINES_H_
