#include "serving/live_columns_cache.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace usher {

LiveColumnsCache::LiveColumnsCache(size_t capacity, Micros undated_lifetime)
    : capacity_(std::max<size_t>(1, capacity)),
      undated_lifetime_(undated_lifetime) {}

std::shared_ptr<const LiveColumns> LiveColumnsCache::At(const Catalog& catalog,
                                                        Micros minute) const {
  const int64_t revision = catalog.changed_events.revision();
  const std::shared_ptr<Slot> slot = SlotOf(minute);
  absl::MutexLock lock(&slot->mu);
  if (slot->shared != nullptr && slot->revision > revision) {
    return std::make_shared<const LiveColumns>(catalog, minute,
                                               undated_lifetime_);
  }
  const std::optional<std::vector<EventRow>> changed =
      slot->shared == nullptr ? std::nullopt
                              : catalog.changed_events.Since(slot->revision);
  if (!changed.has_value()) {
    std::optional<LiveColumns> moved = MovedTo(catalog, minute);
    slot->head = moved.has_value()
                     ? *std::move(moved)
                     : LiveColumns(catalog, minute, undated_lifetime_);
  } else if (slot->revision < revision) {
    slot->head.Update(catalog, *changed);
  } else {
    return slot->shared;
  }
  slot->revision = revision;
  slot->shared = std::make_shared<const LiveColumns>(slot->head.Share());
  return slot->shared;
}

std::optional<LiveColumns> LiveColumnsCache::MovedTo(const Catalog& catalog,
                                                     Micros minute) const {
  std::shared_ptr<Slot> earlier;
  {
    absl::MutexLock lock(&mu_);
    Micros nearest = kNoTime;
    for (const Entry& entry : entries_) {
      if (entry.minute >= minute || entry.minute < nearest) continue;
      nearest = entry.minute;
      earlier = entry.slot;
    }
  }
  // The caller holds the lock of its own minute.
  if (earlier == nullptr || !earlier->mu.TryLock()) return std::nullopt;
  std::optional<std::vector<EventRow>> changed;
  std::optional<LiveColumns> columns;
  if (earlier->shared != nullptr) {
    changed = catalog.changed_events.Since(earlier->revision);
    if (changed.has_value()) columns = earlier->head.Share();
  }
  earlier->mu.Unlock();
  if (!columns.has_value()) return std::nullopt;
  columns->Update(catalog, *changed);
  columns->MoveTo(catalog, minute);
  return columns;
}

std::shared_ptr<LiveColumnsCache::Slot> LiveColumnsCache::SlotOf(
    Micros minute) const {
  // Destroyed outside the lock.
  std::shared_ptr<Slot> evicted;
  absl::MutexLock lock(&mu_);
  ++calls_;
  for (Entry& entry : entries_) {
    if (entry.minute != minute) continue;
    entry.used = calls_;
    return entry.slot;
  }
  if (entries_.size() < capacity_) entries_.emplace_back();
  Entry& oldest = *std::min_element(
      entries_.begin(), entries_.end(),
      [](const Entry& a, const Entry& b) { return a.used < b.used; });
  evicted = std::move(oldest.slot);
  oldest = {minute, calls_, std::make_shared<Slot>()};
  return oldest.slot;
}

}  // namespace usher
