#include "trainer/ranker/learn_ranker.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "trainer/evaluation/scores.h"
#include "trainer/ranker/boosted_trees.h"
#include "trainer/ranker/calibrate.h"

namespace usher {
namespace {

constexpr int kDepthOfList = 10;
constexpr size_t kCalibrated = 20;  // First places of each list.
constexpr int kResamples = 300;
constexpr uint64_t kResampleSeed = 7;
// Of the largest size. More than that would fit what a season happens to be
// like.
constexpr float kSizes[] = {0.3f, 0.6f, 1};

// What trees may be grown for.
struct TreeKind {
  RankingLoss loss;
  bool on_linear;
  absl::string_view name;
};
constexpr TreeKind kTreeKinds[] = {
    {RankingLoss::kNdcg, true, "trees for NDCG on the linear score"},
    {RankingLoss::kPairwise, true, "trees for pairs on the linear score"},
    {RankingLoss::kPairwise, false, "trees for pairs alone"},
};

// The rows of a query, best first; its rows' own order among equals.
std::vector<size_t> OrderOf(absl::Span<const float> scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return order;
}

std::vector<float> ScoresOf(const RankingExamples& examples, size_t query,
                            const TreeRanker* trees) {
  const size_t begin = examples.begin(query);
  std::vector<float> scores(examples.linear().begin() + begin,
                            examples.linear().begin() + examples.end(query));
  if (trees != nullptr) {
    trees->Score(examples.FeaturesOf(query), absl::MakeSpan(scores));
  }
  return scores;
}

RankerTrial Judge(std::string name, int size, const RankingExamples& examples,
                  const TreeRanker* trees) {
  MeanScores scores;
  for (size_t query = 0; query < examples.queries(); ++query) {
    const std::vector<size_t> order = OrderOf(ScoresOf(examples, query, trees));
    std::vector<bool> hits;
    for (size_t i = 0; i < std::min<size_t>(order.size(), kDepthOfList); ++i) {
      hits.push_back(examples.label(examples.begin(query) + order[i]).relevant);
    }
    scores.Add(examples.user(query),
               ScoreHits(hits, examples.relevant(query), kDepthOfList));
  }
  return {std::move(name), size, scores.Mean().ndcg,
          scores.NdcgInterval(kResamples, kResampleSeed)};
}

std::vector<ScoredOutcome> OutcomesOf(const RankingExamples& examples,
                                      const TreeRanker* trees) {
  std::vector<ScoredOutcome> outcomes;
  for (size_t query = 0; query < examples.queries(); ++query) {
    const std::vector<float> scores = ScoresOf(examples, query, trees);
    const std::vector<size_t> order = OrderOf(scores);
    for (size_t i = 0; i < std::min(order.size(), kCalibrated); ++i) {
      outcomes.push_back(
          {scores[order[i]],
           examples.label(examples.begin(query) + order[i]).attended});
    }
  }
  return outcomes;
}

BoostOptions OptionsOf(const RankerOptions& ranker, const TreeKind& kind,
                       int trees, size_t rows, uint64_t seed) {
  BoostOptions options;
  options.loss = kind.loss;
  options.on_linear = kind.on_linear;
  options.least_weight = LeastWeight(rows, kind.loss);
  options.trees = trees;
  options.depth = ranker.depth;
  options.learning_rate = ranker.learning_rate;
  options.leave_out = ranker.leave_out;
  options.seed = seed;
  return options;
}

RankerTrial Linear(const RankingLessons& lessons) {
  return Judge("linear", 0, lessons.judged, nullptr);
}

}  // namespace

float LeastWeight(size_t rows, RankingLoss loss) {
  constexpr float kRowsOfWeight = 1000;
  constexpr float kLeast = 5;
  constexpr float kMost = 40;
  // The weights of NDCG make hessians smaller (README.md).
  constexpr float kPartForNdcg = 0.25f;
  return std::clamp(static_cast<float>(rows) / kRowsOfWeight, kLeast, kMost) *
         (loss == RankingLoss::kNdcg ? kPartForNdcg : 1);
}

LearnedRanker JudgeLinear(const RankingLessons& lessons) {
  LearnedRanker judged;
  judged.trials.push_back(Linear(lessons));
  judged.calibration = Calibrate(OutcomesOf(lessons.judged, nullptr));
  return judged;
}

absl::StatusOr<LearnedRanker> LearnRanker(
    const RankingLessons& lessons, const RankerOptions& options, uint64_t seed,
    const std::function<void(absl::string_view what, int done, int total)>&
        progress) {
  const auto tell = [&](std::string what, int total) {
    return [&progress, what = std::move(what), total](int done) {
      if (progress) progress(what, done, total);
    };
  };
  LearnedRanker learned;
  learned.trials.push_back(Linear(lessons));
  // What was tried is what is grown: the same weights for both.
  const size_t all_rows = lessons.samples.rows();
  std::vector<TreeRanker> grown;
  for (const TreeKind& kind : kTreeKinds) {
    ASSIGN_OR_RETURN(
        const TreeRanker most,
        GrowTrees(lessons.samples, lessons.before_judged,
                  OptionsOf(options, kind, options.trees, all_rows, seed),
                  tell(absl::StrCat("trying ", kind.name), options.trees)));
    for (const float share : kSizes) {
      const int size = std::max(
          1, static_cast<int>(
                 std::lround(share * static_cast<float>(options.trees))));
      grown.push_back(most.First(size));
      learned.trials.push_back(Judge(absl::StrCat(size, " ", kind.name), size,
                                     lessons.judged, &grown.back()));
    }
  }
  for (size_t i = 1; i < learned.trials.size(); ++i) {
    if (learned.trials[i].ndcg > learned.trials[learned.chosen].ndcg) {
      learned.chosen = i;
    }
  }
  const RankerTrial& best = learned.trials[learned.chosen];
  learned.calibration = Calibrate(OutcomesOf(
      lessons.judged, best.trees == 0 ? nullptr : &grown[learned.chosen - 1]));
  if (best.trees == 0) return learned;
  const TreeKind& kind = kTreeKinds[(learned.chosen - 1) / std::size(kSizes)];
  ASSIGN_OR_RETURN(
      TreeRanker trees,
      GrowTrees(lessons.samples, lessons.samples.queries(),
                OptionsOf(options, kind, best.trees, all_rows, seed),
                tell("growing trees", best.trees)));
  learned.trees = std::make_shared<const TreeRanker>(std::move(trees));
  return learned;
}

}  // namespace usher
