#include "serving/ranking/people_cache.h"

#include <optional>
#include <type_traits>
#include <vector>

namespace usher {
namespace {

// The one part that reads more than the catalogue.
template <class T>
T BuiltFrom(const Snapshot& snapshot) {
  if constexpr (std::is_same_v<T, UserVectors>) {
    return T(snapshot);
  } else {
    return T(snapshot.catalog);
  }
}

// False when it has to be built anew.
bool BringUpTo(const Snapshot& snapshot, absl::Span<const UserRow> users,
               absl::Span<const EventRow> events, UserVectors& vectors) {
  return vectors.Update(snapshot, users, events);
}

template <class T>
bool BringUpTo(const Snapshot& snapshot, absl::Span<const UserRow> users,
               absl::Span<const EventRow>, T& part) {
  part.Update(snapshot.catalog, users);
  return true;
}

}  // namespace

template <class T>
std::shared_ptr<const T> PeopleCache::At(const Snapshot& snapshot,
                                         const Part<T>& part) {
  const Catalog& catalog = snapshot.catalog;
  const int64_t users = catalog.changed_users.revision();
  const int64_t events = catalog.changed_events.revision();
  absl::MutexLock lock(&part.mu);
  bool follows = false;
  if (part.shared != nullptr) {
    if (part.users > users || part.events > events) {
      return std::make_shared<const T>(BuiltFrom<T>(snapshot));
    }
    if (part.users == users && part.events == events) return part.shared;
    const std::optional<std::vector<UserRow>> changed_users =
        catalog.changed_users.Since(part.users);
    const std::optional<std::vector<EventRow>> changed_events =
        catalog.changed_events.Since(part.events);
    follows = changed_users.has_value() && changed_events.has_value() &&
              BringUpTo(snapshot, *changed_users, *changed_events, part.head);
  }
  if (!follows) part.head = BuiltFrom<T>(snapshot);
  part.users = users;
  part.events = events;
  part.shared = std::make_shared<const T>(part.head.Share());
  return part.shared;
}

std::shared_ptr<const UserVectors> PeopleCache::Vectors(
    const Snapshot& snapshot) const {
  return At(snapshot, vectors_);
}

std::shared_ptr<const ProfileIndex> PeopleCache::Profiles(
    const Snapshot& snapshot) const {
  return At(snapshot, profiles_);
}

std::shared_ptr<const Followers> PeopleCache::FollowersIn(
    const Snapshot& snapshot) const {
  return At(snapshot, followers_);
}

}  // namespace usher
