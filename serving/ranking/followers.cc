#include "serving/ranking/followers.h"

namespace usher {

Followers::Followers(const Catalog& catalog)
    : first_(catalog.num_organizers() + 1, 0) {
  const ListColumn<Follow>& follows = catalog.users.follows;
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const Follow& follow : follows[row]) {
      ++first_[Index(follow.organizer) + 1];
    }
  }
  for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  users_.resize(first_.back());
  std::vector<uint64_t> next(first_.begin(), first_.end() - 1);
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const Follow& follow : follows[row]) {
      users_[next[Index(follow.organizer)]++] =
          UserRow{static_cast<int32_t>(row)};
    }
  }
}

absl::Span<const UserRow> Followers::Of(OrganizerRow organizer) const {
  if (organizer == kNoOrganizer || Index(organizer) + 1 >= first_.size()) {
    return {};
  }
  const uint64_t begin = first_[Index(organizer)];
  return absl::MakeConstSpan(users_).subspan(
      begin, first_[Index(organizer) + 1] - begin);
}

}  // namespace usher
