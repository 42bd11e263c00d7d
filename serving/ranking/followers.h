// Who follows an organizer.
#ifndef USHER_SERVING_RANKING_FOLLOWERS_H_
#define USHER_SERVING_RANKING_FOLLOWERS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "index/catalog/catalog.h"
#include "index/catalog/rows.h"

namespace usher {

// The users' follows, inverted. Immutable.
class Followers {
 public:
  explicit Followers(const Catalog& catalog);

  // Ascending by row.
  absl::Span<const UserRow> Of(OrganizerRow organizer) const;

 private:
  std::vector<uint64_t> first_;  // Organizers + 1.
  std::vector<UserRow> users_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_FOLLOWERS_H_
