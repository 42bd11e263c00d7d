#include "serving/live_view_cache.h"

#include <algorithm>
#include <utility>

namespace usher {

LiveViewCache::LiveViewCache(size_t capacity, Build build)
    : capacity_(std::max<size_t>(1, capacity)), build_(std::move(build)) {}

std::shared_ptr<const LiveView> LiveViewCache::At(
    Micros now, const RankingPolicy& policy) const {
  const Micros minute = MinuteOf(now);
  const std::shared_ptr<Slot> slot = SlotOf({minute, LiveWeightsOf(policy)});
  absl::call_once(slot->once, [&] {
    slot->view = std::make_shared<const LiveView>(build_(minute, policy));
  });
  return slot->view;
}

std::shared_ptr<LiveViewCache::Slot> LiveViewCache::SlotOf(
    const Key& key) const {
  // Destroyed outside the lock.
  std::shared_ptr<Slot> evicted;
  absl::MutexLock lock(&mu_);
  ++calls_;
  for (Entry& entry : entries_) {
    if (!(entry.key == key)) continue;
    entry.used = calls_;
    return entry.slot;
  }
  if (entries_.size() < capacity_) entries_.emplace_back();
  Entry& oldest = *std::min_element(
      entries_.begin(), entries_.end(),
      [](const Entry& a, const Entry& b) { return a.used < b.used; });
  evicted = std::move(oldest.slot);
  oldest = {key, calls_, std::make_shared<Slot>()};
  return oldest.slot;
}

}  // namespace usher
