// What is worked out of all users of a snapshot, once.
#ifndef USHER_SERVING_RANKING_PEOPLE_H_
#define USHER_SERVING_RANKING_PEOPLE_H_

#include <memory>

#include "absl/base/call_once.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/followers.h"
#include "serving/ranking/profile_index.h"
#include "serving/ranking/user_vectors.h"

namespace usher {

// Each part is built by the first caller that needs it; others wait for it.
// Thread-safe.
class People {
 public:
  // Borrows the snapshot for its own life.
  explicit People(const Snapshot* snapshot) : snapshot_(*snapshot) {}

  const UserVectors& vectors() const { return vectors_.Get(snapshot_); }
  const ProfileIndex& profiles() const {
    return profiles_.Get(snapshot_.catalog);
  }
  const Followers& followers() const {
    return followers_.Get(snapshot_.catalog);
  }

 private:
  template <class T>
  class Lazy {
   public:
    template <class Source>
    const T& Get(const Source& source) const {
      absl::call_once(once_, [&] { value_ = std::make_unique<T>(source); });
      return *value_;
    }

   private:
    mutable absl::once_flag once_;
    mutable std::unique_ptr<const T> value_;
  };

  const Snapshot& snapshot_;
  Lazy<UserVectors> vectors_;
  Lazy<ProfileIndex> profiles_;
  Lazy<Followers> followers_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PEOPLE_H_
