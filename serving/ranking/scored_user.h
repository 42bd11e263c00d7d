// A user and how well they fit.
#ifndef USHER_SERVING_RANKING_SCORED_USER_H_
#define USHER_SERVING_RANKING_SCORED_USER_H_

#include <algorithm>
#include <vector>

#include "index/catalog/rows.h"

namespace usher {

struct ScoredUser {
  UserRow user = kNoUser;
  float score = 0;
};

// Leaves the best `count`, larger scores first, ties by row. No score is NaN.
inline void KeepBest(int count, std::vector<ScoredUser>& users) {
  const auto middle =
      users.begin() + std::min(users.size(), static_cast<size_t>(count));
  std::partial_sort(users.begin(), middle, users.end(),
                    [](const ScoredUser& a, const ScoredUser& b) {
                      return a.score != b.score ? a.score > b.score
                                                : a.user < b.user;
                    });
  users.erase(middle, users.end());
}

}  // namespace usher

#endif  // USHER_SERVING_RANKING_SCORED_USER_H_
