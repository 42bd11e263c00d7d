// All that requests share while one model is being served.
#ifndef USHER_SERVING_SERVED_H_
#define USHER_SERVING_SERVED_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "index/artifact/snapshot.h"
#include "serving/live_view_cache.h"
#include "serving/ranking/people.h"
#include "serving/ranking/policy.h"

namespace usher {

// FailedPrecondition: there is nothing to answer from yet.
inline absl::Status ErrorOfNoModel() {
  return absl::FailedPreconditionError(
      "no model yet: publish one with usher-train train into the server's "
      "--model_dir");
}

// A snapshot, the policy that ranks it, and what is worked out of the two once.
// Immutable to its readers; what is built lazily has its own synchronization.
class Served {
 public:
  // Minutes whose live views are kept.
  static constexpr size_t kMinutes = 16;

  Served(Snapshot snapshot, RankingPolicy policy, Micros undated_lifetime)
      : snapshot_(std::move(snapshot)),
        policy_(policy),
        undated_lifetime_(undated_lifetime),
        views_(kMinutes,
               [this](Micros minute) {
                 return BuildLiveView(snapshot_, policy_, minute,
                                      undated_lifetime_);
               }),
        people_(&snapshot_) {}
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const Snapshot& snapshot() const { return snapshot_; }
  const RankingPolicy& policy() const { return policy_; }
  Micros undated_lifetime() const { return undated_lifetime_; }
  const People& people() const { return people_; }
  std::shared_ptr<const LiveView> ViewAt(Micros now) const {
    return views_.At(now);
  }

 private:
  // Constant after construction.
  const Snapshot snapshot_;
  const RankingPolicy policy_;
  const Micros undated_lifetime_;

  // Have their own synchronization.
  const LiveViewCache views_;
  const People people_;
};

}  // namespace usher

#endif  // USHER_SERVING_SERVED_H_
