// All that requests share while one model is being served.
#ifndef USHER_SERVING_SERVED_H_
#define USHER_SERVING_SERVED_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/forgotten_users.h"
#include "serving/live_columns_cache.h"
#include "serving/live_view_cache.h"
#include "serving/ranking/people.h"
#include "serving/ranking/people_cache.h"
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
  // Live views that are kept: minutes times policies.
  static constexpr size_t kViews = 16;

  // `columns` are those of the model, whatever its catalogue has become since;
  // `state_position` is that of the last change of the state in the snapshot;
  // `forgotten`, null when there are none, are not in it; `people` are those of
  // the model, null: they are worked out of the snapshot alone.
  Served(Snapshot snapshot, RankingPolicy policy,
         std::shared_ptr<const LiveColumnsCache> columns,
         int64_t state_position = 0,
         std::shared_ptr<const ForgottenUsers> forgotten = nullptr,
         std::shared_ptr<const PeopleCache> people = nullptr)
      : snapshot_(std::move(snapshot)),
        policy_(policy),
        state_position_(state_position),
        forgotten_(std::move(forgotten)),
        columns_(std::move(columns)),
        views_(kViews,
               [this](Micros minute, const RankingPolicy& policy) {
                 return LiveView(columns_->At(snapshot_.catalog, minute),
                                 policy);
               }),
        people_(&snapshot_, std::move(people)) {}
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const Snapshot& snapshot() const { return snapshot_; }
  const RankingPolicy& policy() const { return policy_; }
  Micros undated_lifetime() const { return columns_->undated_lifetime(); }
  int64_t state_position() const { return state_position_; }
  bool HasForgotten(absl::string_view user_id) const {
    return forgotten_ != nullptr && forgotten_->Contains(user_id);
  }
  const People& people() const { return people_; }
  std::shared_ptr<const LiveView> ViewAt(Micros now,
                                         const RankingPolicy& policy) const {
    return views_.At(now, policy);
  }

 private:
  // Constant after construction.
  const Snapshot snapshot_;
  const RankingPolicy policy_;
  const int64_t state_position_;
  const std::shared_ptr<const ForgottenUsers> forgotten_;

  // Have their own synchronization.
  const std::shared_ptr<const LiveColumnsCache> columns_;
  const LiveViewCache views_;
  const People people_;
};

}  // namespace usher

#endif  // USHER_SERVING_SERVED_H_
