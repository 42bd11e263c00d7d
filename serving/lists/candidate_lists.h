// Finds a request the list that it may be answered from.
#ifndef USHER_SERVING_LISTS_CANDIDATE_LISTS_H_
#define USHER_SERVING_LISTS_CANDIDATE_LISTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "index/artifact/snapshot.h"
#include "serving/lists/list_counters.h"
#include "serving/lists/memory_lists.h"
#include "serving/lists/redis_lists.h"
#include "serving/lists/use_list.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/query.h"
#include "serving/ranking/rank_events.h"

namespace usher {

enum class ListOrigin : uint8_t { kOnline, kMemory, kRedis };

// Rows of the snapshot that was asked about.
struct FoundList {
  ListOrigin origin = ListOrigin::kOnline;  // kOnline: there is no list.
  std::vector<EventRow> events;
  std::vector<EventRow> newer;  // As ListedEvents has it.
  Micros generated_at = kNoTime;
  // Of kMemory: the answer that it is, and whether it was ranked for the like
  // of this request in this very minute, and nothing was written since.
  std::shared_ptr<const MemoryList> answer;
  bool unchanged = false;
  std::string degraded;  // Not empty: Redis could not be asked, and why.
};

// Redis first, then the memory of this server. Nothing that goes wrong here
// fails a call: it is counted, and the answer is found as without lists.
// Thread-safe.
class CandidateLists {
 public:
  // Borrows all; `redis` may be null.
  CandidateLists(RedisLists* redis, MemoryLists& memory, ListCounters& counters)
      : redis_(redis), memory_(memory), counters_(counters) {}

  // `policy` is what the request is ranked by.
  FoundList Find(const Query& query, const RankingPolicy& policy,
                 const Snapshot& snapshot) ABSL_LOCKS_EXCLUDED(mu_);

  // Learns where the answer came from.
  void CountAnswer(const FoundList& found, const Ranking& ranking);

  // Learns of a new ranking, and keeps it when all of it was found online or in
  // memory, and would be for anybody's request of this user. Returns what it
  // would be answered from the next time, or null.
  std::shared_ptr<const MemoryList> Keep(
      const Query& query, const RankingPolicy& policy, const Snapshot& snapshot,
      const FoundList& found, const Ranking& ranking) ABSL_LOCKS_EXCLUDED(mu_);

  // Removes what is kept of a user here and in Redis.
  absl::Status Forget(absl::string_view user_id);

  bool uses_redis() const { return redis_ != nullptr; }

 private:
  bool FindInRedis(const Query& query, const RequestTerms& request,
                   const Snapshot& snapshot, FoundList& found);
  bool FindInMemory(const Query& query, const RequestTerms& request,
                    const Snapshot& snapshot, FoundList& found);
  void Refuse(ListRefusal refusal);
  // PolicyHash(), which is worked out once a policy.
  std::string HashOf(const RankingPolicy& policy) ABSL_LOCKS_EXCLUDED(mu_);

  RedisLists* const redis_;
  MemoryLists& memory_;
  ListCounters& counters_;

  absl::Mutex mu_;
  std::vector<std::pair<RankingPolicy, std::string>> hashes_
      ABSL_GUARDED_BY(mu_);
};

// Changes whenever the user acts, follows or moves. 0 for an unknown user.
uint64_t UserFingerprint(const Catalog& catalog, UserRow user);

}  // namespace usher

#endif  // USHER_SERVING_LISTS_CANDIDATE_LISTS_H_
