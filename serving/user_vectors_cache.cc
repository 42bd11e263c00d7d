#include "serving/user_vectors_cache.h"

#include <optional>
#include <vector>

namespace usher {

std::shared_ptr<const UserVectors> UserVectorsCache::At(
    const Snapshot& snapshot) const {
  const Catalog& catalog = snapshot.catalog;
  const int64_t users = catalog.changed_users.revision();
  const int64_t events = catalog.changed_events.revision();
  absl::MutexLock lock(&mu_);
  bool follows = false;
  if (shared_ != nullptr) {
    if (users_ > users || events_ > events) {
      return std::make_shared<const UserVectors>(snapshot);
    }
    if (users_ == users && events_ == events) return shared_;
    const std::optional<std::vector<UserRow>> changed_users =
        catalog.changed_users.Since(users_);
    const std::optional<std::vector<EventRow>> changed_events =
        catalog.changed_events.Since(events_);
    follows = changed_users.has_value() && changed_events.has_value() &&
              head_.Update(snapshot, *changed_users, *changed_events);
  }
  if (!follows) head_ = UserVectors(snapshot);
  users_ = users;
  events_ = events;
  shared_ = std::make_shared<const UserVectors>(head_.Share());
  return shared_;
}

}  // namespace usher
