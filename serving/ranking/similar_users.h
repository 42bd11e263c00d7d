// Users like a given one.
#ifndef USHER_SERVING_RANKING_SIMILAR_USERS_H_
#define USHER_SERVING_RANKING_SIMILAR_USERS_H_

#include <vector>

#include "index/catalog/rows.h"
#include "serving/ranking/people.h"
#include "serving/ranking/scored_user.h"

namespace usher {

enum class SimilarityBasis {
  kTaste,    // Cosine of hybrid vectors.
  kProfile,  // Cosine of profiles (profile_index.h).
  kBlend,    // The mean of both.
};

// The at most `limit` users of the largest similarity above 0, without the
// user, ties by row. Exact. `user` must be a row of the snapshot of `people`.
std::vector<ScoredUser> SimilarUsers(UserRow user, SimilarityBasis basis,
                                     int limit, const People& people);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_SIMILAR_USERS_H_
