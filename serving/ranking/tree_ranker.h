// Gradient-boosted regression trees over features.
#ifndef USHER_SERVING_RANKING_TREE_RANKER_H_
#define USHER_SERVING_RANKING_TREE_RANKER_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "serving/ranking/features.h"
#include "serving/ranking/tree_kernels.h"

namespace usher {

// What the trees say is added to a share of the linear score, on which they may
// have been grown: score = linear_share * linear + sum over trees of the leaf
// that the row falls into (Friedman 2001). Immutable.
class TreeRanker {
 public:
  static constexpr int kMaxDepth = 8;

  // Left where row[feature] < threshold, right otherwise.
  struct Split {
    Feature feature = Feature::kOwnOrganizer;
    float threshold = 0;
  };
  // A perfect binary tree in heap order: the children of i are 2i + 1 and
  // 2i + 2. A tree that ends sooner goes on with equal values below.
  struct Tree {
    std::vector<Split> splits;  // 2^depth - 1.
    // 2^(depth + 1) - 1: of an inner node the mean of what is below it, as
    // training saw it; of a leaf what it adds to the score.
    std::vector<float> values;
  };

  // InvalidArgument unless depth is in [1, kMaxDepth], every tree has its size
  // and all numbers are finite.
  static absl::StatusOr<TreeRanker> Create(int depth, float linear_share,
                                           std::vector<Tree> trees);

  int depth() const { return depth_; }
  float linear_share() const { return linear_share_; }
  absl::Span<const Tree> trees() const { return trees_; }

  // The same with its first `trees` alone.
  TreeRanker First(size_t trees) const;

  // Turns the linear scores of the rows into scores. Requires
  // scores.size() == features.rows().
  void Score(const FeatureMatrix& features, absl::Span<float> scores) const {
    ScoreWith(TreeKernelsFor(ActiveInstructionSet()), features, scores);
  }
  // With the kernels of a set; all give the same.
  void ScoreWith(const TreeKernels& kernels, const FeatureMatrix& features,
                 absl::Span<float> scores) const;

  // The score of a row as a sum: base_value() and one part a feature. A tree
  // gives what the path's step changes to the feature that is asked for there
  // (Saabas 2014); a part of the linear score is `weights` times its feature.
  float base_value() const { return base_value_; }
  using PartsOfRow = std::array<float, kNumFeatures>;
  PartsOfRow Parts(absl::Span<const float> row,
                   const std::array<float, kNumFeatures>& weights) const;
  // Parts() of each row, faster.
  std::vector<PartsOfRow> Parts(
      const FeatureMatrix& rows,
      const std::array<float, kNumFeatures>& weights) const;

 private:
  // The same trees as the kernels take them.
  struct Coded {
    std::vector<uint8_t> features, counts;
    std::vector<int8_t> of_zero;
    std::vector<float> thresholds, heaps;
    std::vector<uint8_t> levels;
    std::vector<uint32_t> columns;
    std::vector<int8_t> codes;
    std::vector<float> leaves;

    TreeColumns Columns() const;
  };

  // What coming to a node changes, and the feature that was asked for on the
  // way there.
  struct Step {
    float change = 0;
    uint32_t feature = 0;
  };

  TreeRanker(int depth, float linear_share, std::vector<Tree> trees);
  static std::vector<Step> StepsOf(const std::vector<Tree>& trees);
  static Coded CodedOf(const std::vector<Tree>& trees);
  CodedTrees coded_trees() const;

  int depth_;
  float linear_share_;
  float base_value_ = 0;
  std::vector<Tree> trees_;
  std::vector<Step> steps_;  // By tree and node.
  Coded coded_;
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_TREE_RANKER_H_
