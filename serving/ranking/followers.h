// Who follows an organizer.
#ifndef USHER_SERVING_RANKING_FOLLOWERS_H_
#define USHER_SERVING_RANKING_FOLLOWERS_H_

#include "absl/types/span.h"
#include "index/base/list_column.h"
#include "index/catalog/catalog.h"
#include "index/catalog/rows.h"

namespace usher {

// The users' follows, inverted. Follows the users of one catalogue: what
// Update() gives is what would be built anew. Thread-compatible as CowVector
// is: one thread updates and calls Share(), any number read what was shared.
class Followers {
 public:
  Followers() = default;
  explicit Followers(const Catalog& catalog);

  Followers Share();

  // `users` are the rows of a later state of the same catalogue that are new or
  // no more as they were. O(users, and the followers of the organizers that
  // they began or ceased to follow).
  void Update(const Catalog& catalog, absl::Span<const UserRow> users);

  // Ascending by row.
  absl::Span<const UserRow> Of(OrganizerRow organizer) const;

 private:
  void Refollow(UserRow user, absl::Span<const OrganizerRow> now);

  ListColumn<UserRow> users_;            // By organizer, ascending.
  ListColumn<OrganizerRow> organizers_;  // By user, ascending, as it was seen.
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_FOLLOWERS_H_
