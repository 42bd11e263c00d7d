#include "serving/ranking/tree_ranker.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {
namespace {

using ::testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// venue < 2 ? (series < 1 ? 10 : 20) : (lead < 5 ? 30 : 40).
TreeRanker::Tree HandTree() {
  return {{{Feature::kVenue, 2}, {Feature::kSeries, 1}, {Feature::kLead, 5}},
          {25, 15, 35, 10, 20, 30, 40}};
}

TreeRanker Ranker(int depth, float linear_share,
                  std::vector<TreeRanker::Tree> trees) {
  return TreeRanker::Create(depth, linear_share, std::move(trees)).value();
}

FeatureMatrix Row(float venue, float series, float lead) {
  FeatureMatrix row(1);
  row.at(0, Feature::kVenue) = venue;
  row.at(0, Feature::kSeries) = series;
  row.at(0, Feature::kLead) = lead;
  return row;
}

float ScoreOf(const TreeRanker& ranker, const FeatureMatrix& row,
              float linear = 0) {
  std::vector<float> scores = {linear};
  ranker.Score(row, absl::MakeSpan(scores));
  return scores[0];
}

TEST(TreeRankerTest, LessGoesLeftAndEqualGoesRight) {
  const TreeRanker ranker = Ranker(2, 0, {HandTree()});
  EXPECT_EQ(ScoreOf(ranker, Row(1, 0, 0)), 10);
  EXPECT_EQ(ScoreOf(ranker, Row(1.99f, 1, 0)), 20);
  EXPECT_EQ(ScoreOf(ranker, Row(2, 0, 4)), 30);
  EXPECT_EQ(ScoreOf(ranker, Row(3, 9, 5)), 40);
}

TEST(TreeRankerTest, TreesAddToTheirShareOfTheLinearScore) {
  const TreeRanker ranker = Ranker(2, 0.5f, {HandTree(), HandTree()});
  EXPECT_EQ(ScoreOf(ranker, Row(1, 0, 0), 8), 4 + 10 + 10);
  EXPECT_EQ(ScoreOf(ranker.First(1), Row(1, 0, 0), 8), 4 + 10);
  EXPECT_EQ(ScoreOf(ranker.First(9), Row(1, 0, 0), 8), 4 + 10 + 10);
}

std::vector<TreeRanker::Tree> RandomTrees(int depth, int count,
                                          Random& random) {
  std::vector<TreeRanker::Tree> trees(count);
  const size_t splits = (size_t{1} << depth) - 1;
  for (TreeRanker::Tree& tree : trees) {
    for (size_t i = 0; i < splits; ++i) {
      tree.splits.push_back({static_cast<Feature>(random.Below(kNumFeatures)),
                             static_cast<float>(random.Below(100)) / 100});
    }
    for (size_t i = 0; i < 2 * splits + 1; ++i) {
      tree.values.push_back(static_cast<float>(random.Below(1000)) / 500 - 1);
    }
  }
  return trees;
}

FeatureMatrix RandomRows(size_t rows, Random& random) {
  FeatureMatrix matrix(rows);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t f = 0; f < kNumFeatures; ++f) {
      matrix.at(row, static_cast<Feature>(f)) =
          static_cast<float>(random.Below(100)) / 100;
    }
  }
  return matrix;
}

TEST(TreeRankerTest, ManyRowsAreScoredAsEachAlone) {
  Random random(3);
  for (const int depth : {1, 4, 8}) {
    const TreeRanker ranker = Ranker(depth, 1, RandomTrees(depth, 20, random));
    const FeatureMatrix rows = RandomRows(29, random);
    std::vector<float> scores(rows.rows(), 1.5f);
    ranker.Score(rows, absl::MakeSpan(scores));
    for (size_t row = 0; row < rows.rows(); ++row) {
      float expected = 1.5f;
      for (const TreeRanker::Tree& tree : ranker.trees()) {
        size_t node = 0;
        while (node < tree.splits.size()) {
          const TreeRanker::Split& split = tree.splits[node];
          const float value = rows.Row(row)[static_cast<size_t>(split.feature)];
          node = 2 * node + (value < split.threshold ? 1 : 2);
        }
        expected += tree.values[node];
      }
      EXPECT_EQ(scores[row], expected) << depth << " " << row;
    }
  }
}

// Down the tree by its thresholds, without codes.
float LeafOf(const TreeRanker::Tree& tree, absl::Span<const float> row) {
  size_t node = 0;
  while (node < tree.splits.size()) {
    const TreeRanker::Split& split = tree.splits[node];
    node = 2 * node +
           (row[static_cast<size_t>(split.feature)] < split.threshold ? 1 : 2);
  }
  return tree.values[node];
}

std::vector<const TreeKernels*> KernelsOfThisMachine() {
  std::vector<const TreeKernels*> kernels = {
      &TreeKernelsFor(InstructionSet::kPortable)};
  for (const InstructionSet set :
       {InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (ActiveInstructionSet() >= set) kernels.push_back(&TreeKernelsFor(set));
  }
  return kernels;
}

// More thresholds of a feature than a column has codes, and every kind of
// number, at thresholds and beside them.
TEST(TreeRankerTest, EveryInstructionSetGoesDownByTheThresholds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Random random(11);
  for (int depth = 1; depth <= TreeRanker::kMaxDepth; ++depth) {
    std::vector<TreeRanker::Tree> trees = RandomTrees(depth, 70, random);
    std::vector<float> numbers = {0,         -0.0f,      kNaN,
                                  kInfinity, -kInfinity, 1e-30f};
    for (TreeRanker::Tree& tree : trees) {
      for (TreeRanker::Split& split : tree.splits) {
        if (random.Below(2) == 0) split.feature = Feature::kContent;
        split.threshold = static_cast<float>(random.Normal());
        if (random.Below(20) == 0) split.threshold = 0;
        numbers.push_back(split.threshold);
        numbers.push_back(std::nextafter(split.threshold, -1e9f));
      }
    }
    const TreeRanker ranker = Ranker(depth, 0.5f, trees);
    FeatureMatrix rows(101);
    for (size_t row = 0; row < rows.rows(); ++row) {
      for (size_t f = 0; f < kNumFeatures; ++f) {
        rows.at(row, static_cast<Feature>(f)) =
            numbers[random.Below(numbers.size())];
      }
    }
    for (const TreeKernels* kernels : KernelsOfThisMachine()) {
      std::vector<float> scores(rows.rows(), 3);
      ranker.ScoreWith(*kernels, rows, absl::MakeSpan(scores));
      for (size_t row = 0; row < rows.rows(); ++row) {
        float expected = 1.5f;
        for (const TreeRanker::Tree& tree : trees) {
          expected += LeafOf(tree, rows.Row(row));
        }
        ASSERT_EQ(scores[row], expected) << depth << " " << row;
      }
    }
  }
}

TEST(TreeRankerTest, PartsOfManyRowsAreThoseOfEach) {
  Random random(12);
  std::array<float, kNumFeatures> weights;
  for (float& weight : weights) weight = static_cast<float>(random.Normal());
  for (const int depth : {1, 4, 8}) {
    const TreeRanker ranker =
        Ranker(depth, 0.75f, RandomTrees(depth, 60, random));
    const FeatureMatrix rows = RandomRows(45, random);
    const std::vector<TreeRanker::PartsOfRow> parts =
        ranker.Parts(rows, weights);
    ASSERT_EQ(parts.size(), rows.rows());
    for (size_t row = 0; row < rows.rows(); ++row) {
      EXPECT_EQ(parts[row], ranker.Parts(rows.Row(row), weights)) << row;
    }
  }
}

TEST(TreeRankerTest, PartsAndBaseAddUpToTheScore) {
  Random random(5);
  const TreeRanker ranker = Ranker(4, 0.75f, RandomTrees(4, 60, random));
  const FeatureMatrix rows = RandomRows(50, random);
  std::array<float, kNumFeatures> weights;
  for (float& weight : weights) {
    weight = static_cast<float>(random.Below(100)) / 50 - 1;
  }
  for (size_t row = 0; row < rows.rows(); ++row) {
    float linear = 0;
    FeatureMatrix one(1);
    for (size_t f = 0; f < kNumFeatures; ++f) {
      one.at(0, static_cast<Feature>(f)) = rows.Row(row)[f];
      linear += weights[f] * rows.Row(row)[f];
    }
    const auto parts = ranker.Parts(rows.Row(row), weights);
    EXPECT_NEAR(
        std::accumulate(parts.begin(), parts.end(), ranker.base_value()),
        ScoreOf(ranker, one, linear), 1e-4);
  }
}

TEST(TreeRankerTest, AStepGivesItsChangeToTheFeatureThatWasAsked) {
  const TreeRanker ranker = Ranker(2, 0, {HandTree()});
  EXPECT_EQ(ranker.base_value(), 25);
  const FeatureMatrix row = Row(3, 9, 5);
  const auto parts = ranker.Parts(row.Row(0), {});
  EXPECT_EQ(parts[static_cast<size_t>(Feature::kVenue)], 10);
  EXPECT_EQ(parts[static_cast<size_t>(Feature::kLead)], 5);
  EXPECT_EQ(parts[static_cast<size_t>(Feature::kSeries)], 0);
}

std::string Complaint(int depth, float share, std::vector<TreeRanker::Tree> t) {
  return std::string(
      TreeRanker::Create(depth, share, std::move(t)).status().message());
}

TEST(TreeRankerTest, WhatIsNoTreeIsRefused) {
  EXPECT_THAT(Complaint(0, 1, {}), HasSubstr("depth 0"));
  EXPECT_THAT(Complaint(9, 1, {}), HasSubstr("depth 9"));
  EXPECT_THAT(Complaint(2, kNaN, {}), HasSubstr("linear_share"));
  EXPECT_THAT(Complaint(3, 1, {HandTree()}), HasSubstr("tree 0 has 3 splits"));
  TreeRanker::Tree tree = HandTree();
  tree.values[6] = kNaN;
  EXPECT_THAT(Complaint(2, 1, {HandTree(), tree}), HasSubstr("tree 1"));
  tree = HandTree();
  tree.splits[1].threshold = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Complaint(2, 1, {tree}), HasSubstr("not finite"));
}

}  // namespace
}  // namespace usher
