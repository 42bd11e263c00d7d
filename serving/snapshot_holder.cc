#include "serving/snapshot_holder.h"

#include <algorithm>
#include <utility>

namespace usher {

std::shared_ptr<const Served> SnapshotHolder::Get() const {
  absl::MutexLock lock(&mu_);
  return current_;
}

void SnapshotHolder::Publish(std::shared_ptr<const Served> next) {
  absl::MutexLock lock(&mu_);
  current_.swap(next);
  if (next != nullptr) replaced_.push_back(std::move(next));
}

void SnapshotHolder::Reclaim() {
  std::vector<std::shared_ptr<const Served>> unread;
  absl::MutexLock lock(&mu_);
  // Nobody can get hold of a replaced one any more, so a count of one stays.
  const auto read =
      std::partition(replaced_.begin(), replaced_.end(),
                     [](const std::shared_ptr<const Served>& served) {
                       return served.use_count() > 1;
                     });
  unread.assign(std::make_move_iterator(read),
                std::make_move_iterator(replaced_.end()));
  replaced_.erase(read, replaced_.end());
}

}  // namespace usher
