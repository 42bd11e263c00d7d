// Answers that this server gave a moment ago.
#ifndef USHER_SERVING_LISTS_MEMORY_LISTS_H_
#define USHER_SERVING_LISTS_MEMORY_LISTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "index/catalog/device.h"
#include "index/catalog/geo.h"
#include "serving/lists/list_counters.h"
#include "serving/lists/memory_reasons.h"
#include "serving/ranking/rank_events.h"

namespace usher {

// Immutable. Rows are those of every snapshot that has the very `model`, not
// only the same version: after a reload the same event may have another row.
struct MemoryList {
  Ranking ranking;  // Results and further events: the candidates.
  std::weak_ptr<const void> model;
  int64_t revision = 0;  // Of the catalogue's changed_events.
  uint64_t user = 0;     // Fingerprint of what was known of the user.
  // When and where the candidates were found.
  Micros generated_at = kNoTime;
  GeoPoint location;
  // What they were ranked for.
  Micros ranked_at = kNoTime;
  GeoPoint place;
  Device device = Device::kUnknown;
  int limit = 0;  // Fewer results are all that there are.
  // Of the results.
  std::shared_ptr<const MemoryReasons> reasons =
      std::make_shared<const MemoryReasons>();
};

// By the requests' own instants: how much later than a list's its use may be.
inline constexpr Micros kMemoryListLife = kMinute;

struct MemoryListsOptions {
  size_t max_bytes = size_t{256} << 20;  // 0: nothing is kept.
  // How long a list lives, by the clock: between 3/4 and 5/4 of this, so that
  // those made together do not end together.
  Micros life = 30 * kSecond;
};

// One list a user and policy; the least recently used go first. Nobody waits
// for another's list to be made: two calls of one user at once are rare, and
// each is as good. Thread-safe.
class MemoryLists {
 public:
  // Borrows both.
  MemoryLists(const MemoryListsOptions& options, const Clock& clock,
              ListCounters& counters);

  bool keeps() const { return options_.max_bytes > 0; }

  // Null when there is none.
  std::shared_ptr<const MemoryList> Find(absl::string_view user_id,
                                         absl::string_view policy);

  // Replaces the list that is there.
  void Keep(absl::string_view user_id, absl::string_view policy,
            std::shared_ptr<const MemoryList> list);

  // Puts `next`, which was made of `list`, in its place for the rest of its
  // life; nothing where that is not there any more.
  void Replace(absl::string_view user_id, absl::string_view policy,
               const MemoryList& list, std::shared_ptr<const MemoryList> next);

  // Removes the user's lists of all policies.
  void Forget(absl::string_view user_id);

 private:
  struct Entry {
    std::string user_id;
    std::string policy;
    std::shared_ptr<const MemoryList> list;
    Micros ends = 0;
    size_t bytes = 0;
  };
  using Entries = std::list<Entry>;
  struct Shard {
    absl::Mutex mu;
    Entries entries ABSL_GUARDED_BY(mu);  // The latest used first.
    // By user: one entry a policy.
    absl::flat_hash_map<std::string, std::vector<Entries::iterator>> users
        ABSL_GUARDED_BY(mu);
    size_t bytes ABSL_GUARDED_BY(mu) = 0;
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(absl::string_view user_id);
  Entries::iterator FindIn(Shard& shard, absl::string_view user_id,
                           absl::string_view policy)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  // In the place of `before`, which may be none. False: it is too large.
  bool Put(Shard& shard, Entries::iterator before, Entry next, Micros now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  void Remove(Shard& shard, Entries::iterator entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);

  // Constant after construction.
  const MemoryListsOptions options_;
  const Clock& clock_;
  ListCounters& counters_;

  std::array<Shard, kShards> shards_;
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_MEMORY_LISTS_H_
