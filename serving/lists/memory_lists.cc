#include "serving/lists/memory_lists.h"

#include <algorithm>
#include <utility>

#include "index/base/hash.h"

namespace usher {
namespace {

// Nodes, keys and control blocks around the rows.
constexpr size_t kOverheadBytes = 400;

size_t BytesOf(absl::string_view user_id, absl::string_view policy,
               const MemoryList& list) {
  return kOverheadBytes + 2 * user_id.size() + policy.size() +
         list.ranking.results.size() *
             (sizeof(RankedEvent) + kMostReasonsBytes) +
         list.ranking.further.size() * sizeof(EventRow);
}

}  // namespace

MemoryLists::MemoryLists(const MemoryListsOptions& options, const Clock& clock,
                         ListCounters& counters)
    : options_(options), clock_(clock), counters_(counters) {}

MemoryLists::Shard& MemoryLists::ShardOf(absl::string_view user_id) {
  return shards_[Hash64(user_id) % kShards];
}

MemoryLists::Entries::iterator MemoryLists::FindIn(Shard& shard,
                                                   absl::string_view user_id,
                                                   absl::string_view policy) {
  const auto user = shard.users.find(user_id);
  if (user != shard.users.end()) {
    for (const Entries::iterator entry : user->second) {
      if (entry->policy == policy) return entry;
    }
  }
  return shard.entries.end();
}

std::shared_ptr<const MemoryList> MemoryLists::Find(absl::string_view user_id,
                                                    absl::string_view policy) {
  if (!keeps()) return nullptr;
  const Micros now = clock_.Now();
  Shard& shard = ShardOf(user_id);
  absl::MutexLock lock(&shard.mu);
  const Entries::iterator entry = FindIn(shard, user_id, policy);
  if (entry == shard.entries.end()) return nullptr;
  if (now >= entry->ends) {
    Remove(shard, entry);
    return nullptr;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  return entry->list;
}

void MemoryLists::Keep(absl::string_view user_id, absl::string_view policy,
                       std::shared_ptr<const MemoryList> list) {
  const Micros now = clock_.Now();
  const uint64_t dice = Mix64(Hash64(user_id) ^ static_cast<uint64_t>(now));
  const Micros life = options_.life * 3 / 4 +
                      static_cast<Micros>(dice % 1024) * options_.life / 2048;
  const size_t bytes = BytesOf(user_id, policy, *list);
  Entry next{std::string(user_id), std::string(policy), std::move(list),
             now + life, bytes};
  Shard& shard = ShardOf(user_id);
  absl::MutexLock lock(&shard.mu);
  if (Put(shard, FindIn(shard, user_id, policy), std::move(next), now)) {
    counters_.memory_kept.fetch_add(1, std::memory_order_relaxed);
  }
}

void MemoryLists::Replace(absl::string_view user_id, absl::string_view policy,
                          const MemoryList& list,
                          std::shared_ptr<const MemoryList> next) {
  const size_t bytes = BytesOf(user_id, policy, *next);
  Shard& shard = ShardOf(user_id);
  absl::MutexLock lock(&shard.mu);
  const Entries::iterator entry = FindIn(shard, user_id, policy);
  if (entry == shard.entries.end() || entry->list.get() != &list) return;
  Put(shard, entry,
      {std::string(user_id), std::string(policy), std::move(next), entry->ends,
       bytes},
      clock_.Now());
}

bool MemoryLists::Put(Shard& shard, Entries::iterator before, Entry next,
                      Micros now) {
  const size_t most = options_.max_bytes / kShards;
  if (next.bytes > most) return false;
  if (before != shard.entries.end()) Remove(shard, before);
  // What nobody asks for any more does not stay until there is no room.
  while (!shard.entries.empty() && shard.entries.back().ends <= now) {
    Remove(shard, std::prev(shard.entries.end()));
  }
  while (shard.bytes + next.bytes > most) {
    Remove(shard, std::prev(shard.entries.end()));
    counters_.memory_evicted.fetch_add(1, std::memory_order_relaxed);
  }
  shard.bytes += next.bytes;
  counters_.memory_bytes.fetch_add(static_cast<int64_t>(next.bytes),
                                   std::memory_order_relaxed);
  shard.entries.push_front(std::move(next));
  shard.users[shard.entries.front().user_id].push_back(shard.entries.begin());
  return true;
}

void MemoryLists::Forget(absl::string_view user_id) {
  Shard& shard = ShardOf(user_id);
  absl::MutexLock lock(&shard.mu);
  const auto user = shard.users.find(user_id);
  if (user == shard.users.end()) return;
  const std::vector<Entries::iterator> entries = user->second;
  for (const Entries::iterator entry : entries) Remove(shard, entry);
}

void MemoryLists::Remove(Shard& shard, Entries::iterator entry) {
  shard.bytes -= entry->bytes;
  counters_.memory_bytes.fetch_sub(static_cast<int64_t>(entry->bytes),
                                   std::memory_order_relaxed);
  const auto user = shard.users.find(entry->user_id);
  std::erase(user->second, entry);
  if (user->second.empty()) shard.users.erase(user);
  shard.entries.erase(entry);
}

}  // namespace usher
