// How good ranked lists are.
#ifndef USHER_TRAINER_EVALUATION_SCORES_H_
#define USHER_TRAINER_EVALUATION_SCORES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace usher {

// The scores of one list, or their means over many; at a depth of k.
struct ListScores {
  double hit_rate = 0;
  double recall = 0;     // Of the relevant events, at most k of them.
  double ndcg = 0;       // Gain 1, discount 1 / log2(position + 1).
  double mrr = 0;        // 1 / position of the first relevant event.
  double precision = 0;  // Of the k places, those with a relevant event.
  double f1 = 0;         // Harmonic mean of precision and recall.
  double map = 0;        // Mean precision at the places of relevant events, of
                         // at most k that could have been found.
  double recall_of_all = 0;  // Of the relevant events, however many.
};

// Of a list of which `hits` says what was relevant; `relevant` events could
// have been found.
ListScores ScoreHits(const std::vector<bool>& hits, int64_t relevant, int k);

// A dead or repeated event in `list` keeps its wasted place.
ListScores ScoreList(absl::Span<const std::string> list,
                     absl::Span<const std::string> relevant, int k);

// Means over queries, with an interval that treats the user as the unit.
class MeanScores {
 public:
  void Add(int32_t user, const ListScores& scores);

  int64_t queries() const { return queries_; }
  ListScores Mean() const;

  struct Interval {
    double low = 0;
    double high = 0;
  };
  // 95 % of the mean NDCG, by resampling users (percentile bootstrap).
  Interval NdcgInterval(int resamples, uint64_t seed) const;

  // How much better one of two is in mean NDCG, of the same queries.
  struct Difference {
    double mean = 0;
    double low = 0;  // 95 %, by resampling users.
    double high = 0;
    double p_value = 1;  // Two-sided: how often a resample has the other sign.
  };
  // This less `other`. Requires the same queries of the same users in both.
  Difference NdcgLess(const MeanScores& other, int resamples,
                      uint64_t seed) const;

 private:
  struct UserSum {
    double ndcg = 0;
    int64_t queries = 0;
  };
  ListScores sum_;
  int64_t queries_ = 0;
  absl::flat_hash_map<int32_t, size_t> slot_;
  std::vector<UserSum> by_user_;
};

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_SCORES_H_
