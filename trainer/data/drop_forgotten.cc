#include "trainer/data/drop_forgotten.h"

#include <utility>
#include <vector>

#include "index/base/hash.h"

namespace usher {

int64_t DropForgotten(const ForgottenUsers& forgotten, Dataset* dataset) {
  if (forgotten.empty()) return 0;
  constexpr int32_t kGone = -1;
  std::vector<int32_t> place(dataset->users.size());
  std::vector<User> users;
  for (size_t i = 0; i < place.size(); ++i) {
    User& user = dataset->users[i];
    if (forgotten.Contains(user.id)) {
      place[i] = kGone;
    } else {
      place[i] = static_cast<int32_t>(users.size());
      users.push_back(std::move(user));
    }
  }
  const size_t gone = place.size() - users.size();
  dataset->users = std::move(users);
  if (gone == 0) return 0;
  std::vector<InteractionRecord> interactions;
  for (InteractionRecord record : dataset->interactions) {
    record.user = place[record.user];
    if (record.user != kGone) interactions.push_back(record);
  }
  dataset->interactions = std::move(interactions);
  dataset->fingerprint = Mix64(dataset->fingerprint ^ gone);
  return static_cast<int64_t>(gone);
}

}  // namespace usher
