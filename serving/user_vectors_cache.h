// The vectors of all users of a model, which follow the catalogue.
#ifndef USHER_SERVING_USER_VECTORS_CACHE_H_
#define USHER_SERVING_USER_VECTORS_CACHE_H_

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/user_vectors.h"

namespace usher {

// A write changes a few users: their vectors are folded in again, the others
// stay. One a model. Thread-safe.
class UserVectorsCache {
 public:
  // Those of `snapshot`. All snapshots must be states of one: the logs of their
  // changes continue each other. A reader of an older state gets vectors of its
  // own. Callers wait for each other.
  std::shared_ptr<const UserVectors> At(const Snapshot& snapshot) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable absl::Mutex mu_;
  mutable UserVectors head_ ABSL_GUARDED_BY(mu_);
  // The head's content, and the revisions of users and events that it has; null
  // before the first.
  mutable std::shared_ptr<const UserVectors> shared_ ABSL_GUARDED_BY(mu_);
  mutable int64_t users_ ABSL_GUARDED_BY(mu_) = 0;
  mutable int64_t events_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace usher

#endif  // USHER_SERVING_USER_VECTORS_CACHE_H_
