// The lists that usher-precompute left in Redis, as the server reads them.
#ifndef USHER_SERVING_LISTS_REDIS_LISTS_H_
#define USHER_SERVING_LISTS_REDIS_LISTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "index/base/clock.h"
#include "serving/lists/list_counters.h"
#include "serving/lists/ranked_list.h"
#include "serving/lists/redis.h"

namespace usher {

struct RedisListsOptions {
  RedisAddress address;
  std::string name_space = "default";
  RedisOptions redis;
  // For how long the batch to read is remembered.
  Micros current_for = kSecond;
  // After so many failures in a row Redis is left alone for this long; then one
  // call tries it again.
  int failures_to_rest = 3;
  Micros rest_for = kSecond;
  size_t max_idle = 64;  // Connections that are kept.
};

// A call takes at most the time of a connection and two answers
// (RedisOptions), and nothing at all while Redis rests. Thread-safe: each call
// has a connection of its own, and no lock is held while Redis is asked.
class RedisLists {
 public:
  // Borrows both.
  RedisLists(RedisListsOptions options, const Clock& clock,
             ListCounters& counters);

  // The user's list in the current batch; nullopt when there is none.
  // Unavailable when Redis cannot be asked or is left alone, DataLoss when what
  // it holds is no list.
  absl::StatusOr<std::optional<RankedList>> Find(absl::string_view user_id)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Removes the user's lists of both kinds from the current batches.
  absl::Status Forget(absl::string_view user_id) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // False while Redis is left alone.
  bool MayAsk() ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::unique_ptr<Redis>> Borrow() ABSL_LOCKS_EXCLUDED(mu_);
  void GiveBack(std::unique_ptr<Redis> redis) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::string> Ask(absl::string_view user_id)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::string> BatchOf(Redis& redis) ABSL_LOCKS_EXCLUDED(mu_);
  // The remembered batch, if it is recent.
  std::optional<std::string> Remembered() ABSL_LOCKS_EXCLUDED(mu_);
  // Counts a failure, or the end of failures.
  void Learn(bool answered) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const RedisListsOptions options_;
  const Clock& clock_;
  ListCounters& counters_;

  absl::Mutex mu_;
  std::vector<std::unique_ptr<Redis>> idle_ ABSL_GUARDED_BY(mu_);
  std::string current_ ABSL_GUARDED_BY(mu_);  // Empty: there is no batch.
  Micros current_until_ ABSL_GUARDED_BY(mu_) = kNoTime;
  int failures_ ABSL_GUARDED_BY(mu_) = 0;  // In a row.
  Micros rests_until_ ABSL_GUARDED_BY(mu_) = kNoTime;
};

}  // namespace usher

#endif  // USHER_SERVING_LISTS_REDIS_LISTS_H_
