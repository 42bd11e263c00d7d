// Finds many users those who are like them.
#ifndef USHER_SERVING_PRECOMPUTE_BLOCK_NEIGHBOURS_H_
#define USHER_SERVING_PRECOMPUTE_BLOCK_NEIGHBOURS_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/model/factors.h"
#include "index/vector/scan.h"
#include "serving/ranking/people.h"
#include "serving/ranking/similar_users.h"

namespace usher {

// What SimilarUsers() gives each user. By taste one pass over all vectors
// serves the whole block; two users whose cosines differ by less than a
// rounding may then change places at the end of a list. Immutable: any number
// of threads.
class BlockNeighbours {
 public:
  static constexpr int64_t kBlock = 64;

  // Borrows the snapshot.
  BlockNeighbours(const Snapshot* snapshot, SimilarityBasis basis);
  BlockNeighbours(const BlockNeighbours&) = delete;
  BlockNeighbours& operator=(const BlockNeighbours&) = delete;

  std::vector<std::vector<ScoredUser>> Find(absl::Span<const UserRow> users,
                                            int limit) const;

 private:
  std::vector<ScoredUser> Rescored(UserRow user,
                                   const std::vector<ScoredRow>& near,
                                   int limit) const;

  const SimilarityBasis basis_;
  const People people_;
  Factors directions_;  // Users' vectors at length 1; empty but for kTaste.
  std::unique_ptr<const ExactScan> scan_;
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_BLOCK_NEIGHBOURS_H_
