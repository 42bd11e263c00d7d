// The hybrid vectors of all users.
#ifndef USHER_SERVING_RANKING_USER_VECTORS_H_
#define USHER_SERVING_RANKING_USER_VECTORS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/rows.h"
#include "index/model/factors.h"

namespace usher {

// The trained vectors; users who are new or have acted since are folded in, as
// for their own requests. Immutable; shares the snapshot's matrix.
class UserVectors {
 public:
  // Works on all threads of the machine.
  explicit UserVectors(const Snapshot& snapshot);

  size_t size() const { return slots_.size(); }
  absl::Span<const float> Row(UserRow user) const;
  // Euclidean length; 0 when nothing is known of the user's taste.
  float Norm(UserRow user) const { return norms_[Index(user)]; }

  // The inner product of `query` (dim floats) with every user's vector.
  std::vector<float> Products(absl::Span<const float> query) const;

 private:
  void FoldIn(const Snapshot& snapshot);

  size_t dim_;
  std::shared_ptr<const Factors> trained_;  // May be null.
  std::vector<int32_t> slots_;  // By user: row of folded_, -1 for trained_.
  std::vector<UserRow> folded_users_;
  Factors folded_;
  std::vector<float> norms_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_USER_VECTORS_H_
