#include "trainer/ranker/learn_ranker.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

RankerTrial Judge(std::string name, int size, bool on_linear,
                  const RankingExamples& examples, const TreeRanker* trees) {
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
  return {std::move(name), size, on_linear, scores.Mean().ndcg,
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

BoostOptions OptionsOf(const RankerOptions& ranker, int trees, bool on_linear,
                       uint64_t seed) {
  BoostOptions options;
  options.trees = trees;
  options.depth = ranker.depth;
  options.learning_rate = ranker.learning_rate;
  options.on_linear = on_linear;
  options.leave_out = ranker.leave_out;
  options.seed = seed;
  return options;
}

RankerTrial Linear(const RankingLessons& lessons) {
  return Judge("linear", 0, true, lessons.judged, nullptr);
}

}  // namespace

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
  const auto tell = [&](absl::string_view what, int total) {
    return [&progress, what, total](int done) {
      if (progress) progress(what, done, total);
    };
  };
  LearnedRanker learned;
  learned.trials.push_back(Linear(lessons));
  std::vector<TreeRanker> grown;
  for (const bool on_linear : {true, false}) {
    ASSIGN_OR_RETURN(
        const TreeRanker most,
        GrowTrees(lessons.samples, lessons.before_judged,
                  OptionsOf(options, options.trees, on_linear, seed),
                  tell(on_linear ? "trying trees on the linear score"
                                 : "trying trees alone",
                       options.trees)));
    for (const float share : kSizes) {
      const int size = std::max(
          1, static_cast<int>(
                 std::lround(share * static_cast<float>(options.trees))));
      grown.push_back(most.First(size));
      learned.trials.push_back(
          Judge(absl::StrCat(size, on_linear ? " trees on the linear score"
                                             : " trees alone"),
                size, on_linear, lessons.judged, &grown.back()));
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
  ASSIGN_OR_RETURN(
      TreeRanker trees,
      GrowTrees(lessons.samples, lessons.samples.queries(),
                OptionsOf(options, best.trees, best.on_linear, seed),
                tell("growing trees", best.trees)));
  learned.trees = std::make_shared<const TreeRanker>(std::move(trees));
  return learned;
}

}  // namespace usher
