#include "serving/precompute/block_ranker.h"

#include <algorithm>

#include "serving/ranking/candidates.h"
#include "serving/ranking/user_state.h"

namespace usher {
namespace {

Factors LiveVectors(const Snapshot& snapshot, const LiveColumns& live) {
  Factors vectors(live.size(), snapshot.model->dim());
  for (size_t slot = 0; slot < live.size(); ++slot) {
    const absl::Span<const float> vector =
        snapshot.vectors.Row(Index(live[slot].row));
    if (vector.size() != vectors.dim()) continue;
    std::copy(vector.begin(), vector.end(), vectors.MutableRow(slot).begin());
  }
  return vectors;
}

std::vector<float> LiveBias(const LiveView& view) {
  std::vector<float> bias;
  bias.reserve(view.columns->size());
  for (size_t slot = 0; slot < view.columns->size(); ++slot) {
    bias.push_back(view.bias[Index((*view.columns)[slot].row)]);
  }
  return bias;
}

RowBitmap UpcomingSlots(const LiveColumns& live) {
  RowBitmap slots(live.size());
  for (size_t slot = 0; slot < live.size(); ++slot) {
    if (live.upcoming().Test(Index(live[slot].row))) slots.Set(slot);
  }
  return slots;
}

}  // namespace

BlockRanker::BlockRanker(const Snapshot* snapshot, const RankingPolicy& policy,
                         Micros now, Micros undated_lifetime)
    : snapshot_(*snapshot),
      policy_(policy),
      now_(now),
      view_(BuildLiveView(*snapshot, policy, now, undated_lifetime)),
      vectors_(LiveVectors(*snapshot, *view_.columns)),
      bias_(LiveBias(view_)),
      upcoming_(UpcomingSlots(*view_.columns)),
      scan_(&vectors_, {.cached_bytes = kOnlyBatches}) {}

std::vector<Ranking> BlockRanker::Rank(absl::Span<const std::string> user_ids,
                                       int limit) const {
  const LiveColumns& live = *view_.columns;
  const size_t n = user_ids.size();
  std::vector<UserState> users;
  std::vector<std::vector<float>> queries;
  std::vector<RowBitmap> allowed;
  std::vector<ScanQuery> scans;
  users.reserve(n);
  queries.reserve(n);
  allowed.reserve(n);
  Query query;
  query.now = now_;
  query.limit = limit;
  for (const std::string& id : user_ids) {
    query.user_id = id;
    const UserState& user =
        users.emplace_back(BuildUserState(query, snapshot_, live));
    const std::vector<float>& vector =
        queries.emplace_back(RetrievalQuery(policy_, user, snapshot_));
    RowBitmap& slots = allowed.emplace_back(upcoming_);
    for (const EventRow row : user.answered) {
      const int32_t slot = live.SlotOf(row);
      if (slot >= 0) slots.Clear(static_cast<size_t>(slot));
    }
    scans.push_back({vector, policy_.scan_candidates, &slots, bias_});
  }
  std::vector<std::vector<ScoredRow>> hits = scan_.SearchBatch(scans);
  std::vector<Ranking> rankings;
  rankings.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    for (ScoredRow& hit : hits[i]) {
      hit.row = static_cast<int32_t>(live[static_cast<size_t>(hit.row)].row);
    }
    query.user_id = user_ids[i];
    Shortcuts shortcuts;
    shortcuts.user = &users[i];
    shortcuts.scan = &hits[i];
    rankings.push_back(RankEvents(query, policy_, view_, snapshot_, shortcuts));
  }
  return rankings;
}

}  // namespace usher
