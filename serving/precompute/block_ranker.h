// Ranks many users for one instant.
#ifndef USHER_SERVING_PRECOMPUTE_BLOCK_RANKER_H_
#define USHER_SERVING_PRECOMPUTE_BLOCK_RANKER_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/base/clock.h"
#include "index/model/factors.h"
#include "index/vector/scan.h"
#include "serving/ranking/live_view.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"

namespace usher {

// What RankEvents() gives each user, id for id, but for the scan, which is one
// pass over the live events' vectors for the whole block. The scan is exact
// also where the snapshot's index is not. Immutable: any number of threads.
class BlockRanker {
 public:
  // Users whose scan shares one pass; a block may be smaller.
  static constexpr int64_t kBlock = 64;

  // Borrows the snapshot.
  BlockRanker(const Snapshot* snapshot, const RankingPolicy& policy, Micros now,
              Micros undated_lifetime);
  BlockRanker(const BlockRanker&) = delete;
  BlockRanker& operator=(const BlockRanker&) = delete;

  // The best `limit` events of each user, in their order. An unknown id is a
  // cold user.
  std::vector<Ranking> Rank(absl::Span<const std::string> user_ids,
                            int limit) const;

  const LiveView& view() const { return view_; }

 private:
  const Snapshot& snapshot_;
  const RankingPolicy policy_;
  const Micros now_;
  const LiveView view_;
  // By slot of the view, whose slots ascend by row as those that were built
  // anew do.
  Factors vectors_;
  std::vector<float> bias_;
  RowBitmap upcoming_;
  const ExactScan scan_;
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_BLOCK_RANKER_H_
