// What is worked out of all users of a snapshot, once.
#ifndef USHER_SERVING_RANKING_PEOPLE_H_
#define USHER_SERVING_RANKING_PEOPLE_H_

#include <memory>
#include <utility>

#include "absl/base/call_once.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/followers.h"
#include "serving/ranking/people_cache.h"
#include "serving/ranking/profile_index.h"
#include "serving/ranking/user_vectors.h"

namespace usher {

// Each part is built by the first caller that needs it; others wait for it.
// Thread-safe.
class People {
 public:
  // Borrows the snapshot for its own life. `cache` is that of the model, from
  // whose earlier states a part is worked out; null: from nothing.
  explicit People(const Snapshot* snapshot,
                  std::shared_ptr<const PeopleCache> cache = nullptr)
      : snapshot_(*snapshot),
        cache_(cache != nullptr ? std::move(cache)
                                : std::make_shared<const PeopleCache>()) {}

  const UserVectors& vectors() const {
    return vectors_.Get([this] { return cache_->Vectors(snapshot_); });
  }
  const ProfileIndex& profiles() const {
    return profiles_.Get([this] { return cache_->Profiles(snapshot_); });
  }
  const Followers& followers() const {
    return followers_.Get([this] { return cache_->FollowersIn(snapshot_); });
  }

 private:
  template <class T>
  class Lazy {
   public:
    template <class Make>
    const T& Get(const Make& make) const {
      absl::call_once(once_, [&] { value_ = make(); });
      return *value_;
    }

   private:
    mutable absl::once_flag once_;
    mutable std::shared_ptr<const T> value_;
  };

  const Snapshot& snapshot_;
  const std::shared_ptr<const PeopleCache> cache_;
  Lazy<UserVectors> vectors_;
  Lazy<ProfileIndex> profiles_;
  Lazy<Followers> followers_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PEOPLE_H_
