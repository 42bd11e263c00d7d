// The hybrid vectors of all users.
#ifndef USHER_SERVING_RANKING_USER_VECTORS_H_
#define USHER_SERVING_RANKING_USER_VECTORS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "index/base/cow_vector.h"
#include "index/base/list_column.h"
#include "index/catalog/rows.h"
#include "index/model/factors.h"

namespace usher {

// The trained vectors; users who are new or have acted since are folded in, as
// for their own requests. Shares the snapshot's matrix. Follows the users of
// one model: what Update() gives is what would be built anew. Thread-compatible
// as CowVector is: one thread updates and calls Share(), any number read what
// was shared.
class UserVectors {
 public:
  UserVectors() = default;
  // Works on all threads of the machine.
  explicit UserVectors(const Snapshot& snapshot);

  UserVectors Share();

  // `users` and `events` are the rows of a later state of the same snapshot
  // that are new or no more as they were. False, and nothing has changed, when
  // an event has got another organizer, which anybody's vector may tell: then
  // it has to be built anew. O(users, and events).
  bool Update(const Snapshot& snapshot, absl::Span<const UserRow> users,
              absl::Span<const EventRow> events);

  size_t size() const { return norms_.size(); }
  absl::Span<const float> Row(UserRow user) const;
  // Euclidean length; 0 when nothing is known of the user's taste.
  float Norm(UserRow user) const { return norms_[Index(user)]; }

  // The inner product of `query` (dim floats) with every user's vector.
  std::vector<float> Products(absl::Span<const float> query) const;

 private:
  bool IsTrained(const Snapshot& snapshot, size_t user) const;
  void KnowOrganizers(const Catalog& catalog);

  size_t dim_ = 0;
  std::shared_ptr<const Factors> trained_;  // May be null.
  ListColumn<float> folded_;                // By user; empty: trained_.
  CowVector<UserRow> folded_users_;         // Who has one, once each.
  CowVector<float> norms_;                  // By user.
  CowVector<OrganizerRow> organizers_;      // By event, as they were seen.
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_USER_VECTORS_H_
