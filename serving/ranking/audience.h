// Who would go to an event.
#ifndef USHER_SERVING_RANKING_AUDIENCE_H_
#define USHER_SERVING_RANKING_AUDIENCE_H_

#include <vector>

#include "index/artifact/snapshot.h"
#include "serving/ranking/people.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/scored_user.h"

namespace usher {

struct AudienceQuery {
  EventRow event = kNoEvent;
  int limit = 20;
  bool include_interacted = false;  // Keep users who answered the event.
  Micros now = 0;
};

// The at most `limit` best users for the event, ties by row. The event need not
// be live. Candidates are the users whose vectors match the event's best, those
// who follow its organizer and those who were at the organizer's events; a user
// of whom no taste is known and who has nothing to do with the organizer is
// none. The score is the policy's linear score, of the features als_event,
// als_organizer, own_organizer, own_share, followed and distance (where home
// and place are known), with the values of a recommendation to that user at
// home.
std::vector<ScoredUser> FindAudience(const AudienceQuery& query,
                                     const RankingPolicy& policy,
                                     const Snapshot& snapshot,
                                     const People& people);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_AUDIENCE_H_
