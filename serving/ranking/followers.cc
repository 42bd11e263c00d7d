#include "serving/ranking/followers.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "serving/ranking/joined_lists.h"

namespace usher {
namespace {

std::vector<OrganizerRow> FollowedBy(const Catalog& catalog, size_t user) {
  std::vector<OrganizerRow> organizers;
  for (const Follow& follow : catalog.users.follows[user]) {
    organizers.push_back(follow.organizer);
  }
  std::sort(organizers.begin(), organizers.end());
  return organizers;
}

}  // namespace

Followers::Followers(const Catalog& catalog) {
  JoinedLists<OrganizerRow> organizers;
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const OrganizerRow organizer : FollowedBy(catalog, row)) {
      organizers.values.push_back(organizer);
    }
    organizers.EndList();
  }
  users_ = ColumnOf(Inverted<UserRow>(
      organizers, catalog.num_organizers(),
      [](OrganizerRow organizer) { return Index(organizer); },
      [](size_t row, OrganizerRow) {
        return UserRow{static_cast<int32_t>(row)};
      }));
  organizers_ = ColumnOf(std::move(organizers));
}

Followers Followers::Share() {
  Followers shared;
  shared.users_ = users_.Share();
  shared.organizers_ = organizers_.Share();
  return shared;
}

void Followers::Update(const Catalog& catalog,
                       absl::Span<const UserRow> users) {
  users_.Resize(catalog.num_organizers());
  organizers_.Resize(catalog.num_users());
  for (const UserRow user : users) {
    const std::vector<OrganizerRow> now = FollowedBy(catalog, Index(user));
    if (organizers_[Index(user)] != absl::MakeConstSpan(now)) {
      Refollow(user, now);
    }
  }
}

void Followers::Refollow(UserRow user, absl::Span<const OrganizerRow> now) {
  const absl::Span<const OrganizerRow> before = organizers_[Index(user)];
  std::vector<OrganizerRow> changed;
  std::set_symmetric_difference(before.begin(), before.end(), now.begin(),
                                now.end(), std::back_inserter(changed));
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const OrganizerRow organizer : changed) {
    const absl::Span<const UserRow> old = users_[Index(organizer)];
    const auto [from, to] = std::equal_range(old.begin(), old.end(), user);
    std::vector<UserRow> followers(old.begin(), from);
    followers.insert(followers.end(),
                     std::count(now.begin(), now.end(), organizer), user);
    followers.insert(followers.end(), to, old.end());
    users_.Assign(Index(organizer), followers);
  }
  organizers_.Assign(Index(user), now);
}

absl::Span<const UserRow> Followers::Of(OrganizerRow organizer) const {
  if (organizer == kNoOrganizer || Index(organizer) >= users_.size()) return {};
  return users_[Index(organizer)];
}

}  // namespace usher
