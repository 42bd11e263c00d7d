// Answers questions with the model of the moment.
#ifndef USHER_SERVING_RECOMMENDER_H_
#define USHER_SERVING_RECOMMENDER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/experiments/experiments.h"
#include "serving/lists/candidate_lists.h"
#include "serving/page_token.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/query.h"
#include "serving/ranking/rank_events.h"
#include "serving/ranking/scored_user.h"
#include "serving/ranking/similar_events.h"
#include "serving/ranking/similar_users.h"
#include "serving/served.h"
#include "serving/snapshot_holder.h"
#include "serving/telemetry/telemetry.h"

namespace usher {

// Rows of an answer are those of `served`, which the answer keeps alive.
struct Recommendations {
  std::shared_ptr<const Served> served;
  // Of the user's experiments; what ranked.
  std::vector<Assignment> assignments;
  RankingPolicy policy;
  Ranking ranking;
  std::string recommendation_id;
  ListOrigin origin = ListOrigin::kOnline;
  // The kept list whose first results these are; null when there is none.
  std::shared_ptr<const MemoryList> kept;
  int shown_before = 0;           // Results on the pages before.
  std::vector<uint64_t> to_come;  // IdKey() of the next pages' events.
};

// Why an event is or is not in a list.
struct EventExplanation {
  std::shared_ptr<const Served> served;
  RankingPolicy policy;              // What scored.
  std::optional<RankedEvent> event;  // Unset: it cannot be shown.
  int position = 0;                  // From 1; 0: not in the list.
  DropReason dropped = DropReason::kNone;
};

struct SimilarEventList {
  std::shared_ptr<const Served> served;
  std::vector<SimilarEvent> events;
};

struct UserList {
  std::shared_ptr<const Served> served;
  std::vector<ScoredUser> users;
};

// Takes the current model once a call, and what belongs around the ranking.
// Queries are valid (convert_requests.h). FailedPrecondition before the first
// model. Thread-safe.
class Recommender {
 public:
  // Borrows all. `experiments`' variants decide a user's policy. `seed` makes
  // the ids of recommendations: two servers with the same seed give out the
  // same ids. `metrics`, which may be null, are told of each list. `lists` may
  // be null: then every answer is found online.
  Recommender(const SnapshotHolder& holder, uint64_t seed,
              const Experiments& experiments = Experiments::None(),
              ListMetrics* metrics = nullptr, CandidateLists* lists = nullptr)
      : holder_(holder),
        seed_(seed),
        experiments_(experiments),
        metrics_(metrics),
        lists_(lists) {}

  // The first page of a list, and what comes on the next ones, at most
  // kMaxPagedEvents in all; from a list that was made before, at least the
  // first page, and what else is in that list. No result is dead at query.now:
  // each is checked once more at the very end.
  absl::StatusOr<Recommendations> Recommend(const Query& query) const;

  // The next page: the first query.limit of the token's events that may still
  // be shown, in the token's order.
  absl::StatusOr<Recommendations> NextPage(const Query& query,
                                           const PageToken& token) const;

  // Like `event_id` or, when that is empty, like the query's seeds. NotFound
  // for an unknown event; unknown seeds are ignored.
  absl::StatusOr<SimilarEventList> SimilarEventsTo(absl::string_view event_id,
                                                   const Query& query) const;

  // Where `event_id` is among the query.limit best, and how it is scored.
  // NotFound for an unknown event.
  absl::StatusOr<EventExplanation> Explain(absl::string_view event_id,
                                           const Query& query) const;

  // Nobody for an unknown user.
  absl::StatusOr<UserList> SimilarUsersTo(absl::string_view user_id,
                                          SimilarityBasis basis,
                                          int limit) const;

  // NotFound for an unknown event. With the policy outside of experiments, so
  // that scores of different users can be compared.
  absl::StatusOr<UserList> AudienceOf(absl::string_view event_id, int limit,
                                      bool include_interacted,
                                      Micros now) const;

  // Results that were found dead at the end and left out: a bug, if not 0.
  int64_t ineligible() const {
    return ineligible_.load(std::memory_order_relaxed);
  }

 private:
  absl::StatusOr<std::shared_ptr<const Served>> Current() const;
  // The ranking for all pages; origin and ranking of `page`.
  void Rank(const Query& query, const Served& served, StageTimes& times,
            Recommendations& page) const;
  void RankWithLists(const Query& query, const LiveView& view,
                     const Snapshot& snapshot, StageTimes& times,
                     Recommendations& page) const;
  // False where a result was dead and has been left out.
  bool KeepLive(const Query& query, const Served& served,
                Ranking& ranking) const;
  // Of a list whose stages have ended; `shown` of its results are.
  void CountList(const StageTimes& times, const Ranking& ranking,
                 size_t shown) const;
  std::string NextId() const;

  const SnapshotHolder& holder_;
  const uint64_t seed_;
  const Experiments& experiments_;
  ListMetrics* const metrics_;
  CandidateLists* const lists_;
  mutable std::atomic<uint64_t> calls_{0};
  mutable std::atomic<int64_t> ineligible_{0};
};

}  // namespace usher

#endif  // USHER_SERVING_RECOMMENDER_H_
