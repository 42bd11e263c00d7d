// All that is found out about one way to answer.
#ifndef USHER_TRAINER_EVALUATION_JUDGEMENT_H_
#define USHER_TRAINER_EVALUATION_JUDGEMENT_H_

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "index/catalog/catalog.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"
#include "trainer/evaluation/replay.h"
#include "trainer/evaluation/scores.h"

namespace usher {

// Names of the bins of Judgement::by_history, and of by_lead.
inline constexpr std::array<const char*, 6> kHistoryBins = {
    "0", "1-2", "3-5", "6-10", "11-20", "21+"};
inline constexpr std::array<const char*, 6> kLeadBins = {
    "< 1 d", "1-3 d", "3-7 d", "1-2 wk", "2-4 wk", "> 4 wk"};
// Depths of Judgement::retrieved.
inline constexpr std::array<int, 7> kRetrievalDepths = {10,  20,  50, 100,
                                                        200, 300, 500};

// What lists are like apart from being right; means over what was shown.
class ListTraits {
 public:
  void Add(const ReplayQuery& query, const Ranking& ranking,
           const Catalog& catalog);

  bool empty() const { return places_ == 0; }
  // Of so many events that could have been shown, those that ever were.
  double Coverage(int64_t showable) const;
  // 1 - the mean likeness of two events of a list: what they have in common of
  // organizer, venue, category and tags over what either has (Jaccard).
  double Diversity() const;
  // -log2 of the part of users who had committed to the event: surprise.
  double Novelty() const;
  // Mean commitments of what was shown over that of what should have been.
  double PopularityBias() const;
  // Kilometres from the user to the events that were right; NaN: none known.
  double HitKilometres() const;

 private:
  int64_t places_ = 0;
  int64_t pairs_ = 0;
  double likeness_ = 0;
  double novelty_ = 0;
  double shown_yes_ = 0;
  double wanted_yes_ = 0;
  int64_t wanted_ = 0;
  double hit_km_ = 0;
  int64_t hits_placed_ = 0;
  absl::flat_hash_set<int32_t> shown_;
};

// Of predicted ratings.
struct RatingErrors {
  int64_t ratings = 0;
  double squares = 0;
  double absolutes = 0;

  void Add(double error);
  double Mse() const;
  double Rmse() const;
  double Mae() const;
};

// How far features move the scores of what is shown: the standard deviation of
// each one's contribution.
class FeatureMoves {
 public:
  void Add(const Ranking& ranking, const RankingPolicy& policy);
  // The largest first; those that move nothing are left out.
  std::vector<std::pair<std::string, double>> Largest(size_t most) const;

 private:
  int64_t rows_ = 0;
  std::array<double, kNumFeatures> sums_{};
  std::array<double, kNumFeatures> squares_{};
};

// Events that are to come at the cut, or are announced after it.
int64_t ShowableEvents(const Replay& replay);

// What was reached with a part of what there is to learn from.
struct LearningPoint {
  double share = 1;  // Of the dated interactions, the latest.
  int64_t interactions = 0;
  MeanScores all;
  double train_seconds = 0;
};

struct Judgement {
  std::string name;
  int64_t showable = 0;
  MeanScores all;
  MeanScores warm_user;
  MeanScores new_user;
  MeanScores warm_event;
  MeanScores new_event;
  MeanScores new_organizer;  // Of all that was to be found.
  std::array<MeanScores, kHistoryBins.size()> by_history;
  std::array<MeanScores, kLeadBins.size()> by_lead;
  // Part of what was to be found among the first n of the retrieval score.
  std::array<double, kRetrievalDepths.size()> retrieved{};
  int64_t retrieval_queries = 0;
  ListTraits traits;
  FeatureMoves moves;
  RatingErrors ratings;
  std::vector<LearningPoint> curve;  // Ascending; empty: not asked for.
  double train_seconds = 0;
  // Peak of the process while it was trained; NaN: not known.
  double train_mb = std::numeric_limits<double>::quiet_NaN();
  double ask_seconds = 0;

  void Add(const ReplayQuery& query, const ListScores& scores);
};

}  // namespace usher

#endif  // USHER_TRAINER_EVALUATION_JUDGEMENT_H_
