// What is worked out of all users of a snapshot, once.
#ifndef USHER_SERVING_RANKING_PEOPLE_H_
#define USHER_SERVING_RANKING_PEOPLE_H_

#include <functional>
#include <memory>
#include <utility>

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
  // What is known of the snapshot's vectors already, or is worked out of an
  // earlier state.
  using VectorsOf =
      std::function<std::shared_ptr<const UserVectors>(const Snapshot&)>;

  // Borrows the snapshot for its own life. Without `vectors_of` everything is
  // worked out of it alone.
  explicit People(const Snapshot* snapshot, VectorsOf vectors_of = nullptr)
      : snapshot_(*snapshot), vectors_of_(std::move(vectors_of)) {}

  const UserVectors& vectors() const {
    absl::call_once(vectors_once_, [&] {
      vectors_ = vectors_of_ ? vectors_of_(snapshot_)
                             : std::make_shared<const UserVectors>(snapshot_);
    });
    return *vectors_;
  }
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
  const VectorsOf vectors_of_;
  mutable absl::once_flag vectors_once_;
  mutable std::shared_ptr<const UserVectors> vectors_;
  Lazy<ProfileIndex> profiles_;
  Lazy<Followers> followers_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_PEOPLE_H_
