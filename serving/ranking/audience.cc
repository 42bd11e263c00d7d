#include "serving/ranking/audience.h"

#include <algorithm>
#include <array>

#include "serving/ranking/features.h"
#include "serving/ranking/user_state.h"

namespace usher {
namespace {

// Users retrieved by their vectors for every one that is asked for, since the
// rest of the score reorders them.
constexpr int kRetrievedPerResult = 4;

class Audience {
 public:
  Audience(const AudienceQuery& query, const RankingPolicy& policy,
           const Snapshot& snapshot, const People& people)
      : query_(query),
        policy_(policy),
        catalog_(snapshot.catalog),
        vectors_(people.vectors()),
        followers_(people.followers()),
        event_(catalog_.events.columns[Index(query.event)]),
        vector_(snapshot.vectors.Row(Index(query.event))),
        split_(snapshot.model->split()) {}

  std::vector<ScoredUser> Best() const {
    std::vector<ScoredUser> users;
    for (const UserRow user : Candidates()) {
      users.push_back({user, Score(user)});
    }
    KeepBest(query_.limit, users);
    return users;
  }

 private:
  // Each once.
  std::vector<UserRow> Candidates() const {
    std::vector<UserRow> users = BestByVector();
    if (event_.organizer != kNoOrganizer) {
      const absl::Span<const UserRow> followers =
          followers_.Of(event_.organizer);
      users.insert(users.end(), followers.begin(), followers.end());
      const absl::Span<const UserRow> attendees =
          catalog_.organizers.attendees[Index(event_.organizer)];
      users.insert(users.end(), attendees.begin(), attendees.end());
    }
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    std::erase_if(users, [&](UserRow user) { return !Wanted(user); });
    return users;
  }

  std::vector<UserRow> BestByVector() const {
    std::vector<float> scaled(vector_.begin(), vector_.end());
    for (size_t i = 0; i < scaled.size(); ++i) {
      scaled[i] *= policy_.weight(i < split_ ? Feature::kAlsEvent
                                             : Feature::kAlsOrganizer);
    }
    const std::vector<float> products = vectors_.Products(scaled);
    std::vector<ScoredUser> best;
    for (size_t row = 0; row < products.size(); ++row) {
      const UserRow user{static_cast<int32_t>(row)};
      if (products[row] != 0) best.push_back({user, products[row]});
    }
    // Those who answered are counted out below: room for them.
    KeepBest(kRetrievedPerResult * query_.limit + Answers(), best);
    std::vector<UserRow> users;
    for (const ScoredUser& user : best) users.push_back(user.user);
    return users;
  }

  int Answers() const {
    const EventCounters& counters =
        catalog_.events.counters[Index(query_.event)];
    return query_.include_interacted
               ? 0
               : std::max(0, counters.yes) + std::max(0, counters.no);
  }

  bool Wanted(UserRow user) const {
    if (query_.include_interacted) return true;
    const absl::Span<const Action> history =
        catalog_.users.history[Index(user)];
    return std::none_of(history.begin(), history.end(), [&](const Action& a) {
      return a.event == query_.event && IsAnswer(a.kind);
    });
  }

  float Score(UserRow user) const {
    float score = 0;
    const auto add = [&](Feature feature, float value) {
      score += policy_.weight(feature) * value;
    };
    const VectorProducts products =
        ProductsOf(vectors_.Row(user), vector_, split_);
    add(Feature::kAlsEvent, products.by_event);
    add(Feature::kAlsOrganizer, products.by_organizer);
    AddOrganizer(user, add);
    const GeoPoint home = catalog_.users.columns[Index(user)].location;
    if (home.known() && event_.location.known()) {
      add(Feature::kDistance, LogDistance(DistanceKm(home, event_.location)));
    }
    return score;
  }

  template <class Add>
  void AddOrganizer(UserRow user, const Add& add) const {
    if (event_.organizer == kNoOrganizer) return;
    float all = 0;
    OrganizerPast past;
    for (const Action& action : catalog_.users.history[Index(user)]) {
      if (!IsCommitment(action.kind)) continue;
      all += 1;
      if (catalog_.events.columns[Index(action.event)].organizer !=
          event_.organizer) {
        continue;
      }
      past.commitments += 1;
      past.recent += FadedCommitment(query_.now, action.time);
    }
    add(Feature::kOwnOrganizer, OwnOrganizer(past));
    add(Feature::kOwnShare, OwnShare(past, all));
    const absl::Span<const Follow> follows =
        catalog_.users.follows[Index(user)];
    add(Feature::kFollowed, std::any_of(follows.begin(), follows.end(),
                                        [&](const Follow& follow) {
                                          return follow.organizer ==
                                                 event_.organizer;
                                        })
                                ? 1
                                : 0);
  }

  const AudienceQuery& query_;
  const RankingPolicy& policy_;
  const Catalog& catalog_;
  const UserVectors& vectors_;
  const Followers& followers_;
  const EventColumns& event_;
  const absl::Span<const float> vector_;
  const size_t split_;
};

}  // namespace

std::vector<ScoredUser> FindAudience(const AudienceQuery& query,
                                     const RankingPolicy& policy,
                                     const Snapshot& snapshot,
                                     const People& people) {
  return Audience(query, policy, snapshot, people).Best();
}

}  // namespace usher
