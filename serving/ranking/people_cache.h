// What is worked out of all users of a model, following the catalogue.
#ifndef USHER_SERVING_RANKING_PEOPLE_CACHE_H_
#define USHER_SERVING_RANKING_PEOPLE_CACHE_H_

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/followers.h"
#include "serving/ranking/profile_index.h"
#include "serving/ranking/user_vectors.h"

namespace usher {

// A write changes a few users: what is known of them is worked out again, what
// is known of the others stays. One a model. Each part is built when it is
// first asked for. Thread-safe.
//
// All snapshots must be states of one: the logs of their changes continue each
// other. A reader of an older state gets a part of its own. Callers of one part
// wait for each other.
class PeopleCache {
 public:
  std::shared_ptr<const UserVectors> Vectors(const Snapshot& snapshot) const;
  std::shared_ptr<const ProfileIndex> Profiles(const Snapshot& snapshot) const;
  std::shared_ptr<const Followers> FollowersIn(const Snapshot& snapshot) const;

 private:
  template <class T>
  struct Part {
    mutable absl::Mutex mu;
    mutable T head ABSL_GUARDED_BY(mu);
    // The head's content, and the revisions of users and events that it has;
    // null before the first.
    mutable std::shared_ptr<const T> shared ABSL_GUARDED_BY(mu);
    mutable int64_t users ABSL_GUARDED_BY(mu) = 0;
    mutable int64_t events ABSL_GUARDED_BY(mu) = 0;
  };
  template <class T>
  static std::shared_ptr<const T> At(const Snapshot& snapshot,
                                     const Part<T>& part);

  const Part<UserVectors> vectors_{};
  const Part<ProfileIndex> profiles_{};
  const Part<Followers> followers_{};
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PEOPLE_CACHE_H_
