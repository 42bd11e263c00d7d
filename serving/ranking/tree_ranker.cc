#include "serving/ranking/tree_ranker.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace usher {
namespace {

size_t SplitsOf(int depth) { return (size_t{1} << depth) - 1; }
size_t NodesOf(int depth) { return SplitsOf(depth + 1); }

size_t Child(size_t node, const TreeRanker::Split& split, const float* row) {
  const bool right =
      !(row[static_cast<size_t>(split.feature)] < split.threshold);
  return 2 * node + 1 + static_cast<size_t>(right);
}

// The thresholds that each feature is asked for, ascending, none twice.
std::array<std::vector<float>, kNumFeatures> ThresholdsOf(
    const std::vector<TreeRanker::Tree>& trees) {
  std::array<std::vector<float>, kNumFeatures> thresholds;
  for (const TreeRanker::Tree& tree : trees) {
    for (const TreeRanker::Split& split : tree.splits) {
      thresholds[static_cast<size_t>(split.feature)].push_back(split.threshold);
    }
  }
  for (std::vector<float>& of_feature : thresholds) {
    std::sort(of_feature.begin(), of_feature.end());
    of_feature.erase(std::unique(of_feature.begin(), of_feature.end()),
                     of_feature.end());
  }
  return thresholds;
}

// Puts `sorted` into a heap whose nodes, read from left to right, are
// ascending, behind them infinity. Returns how many levels it has.
uint8_t FillHeap(absl::Span<const float> sorted, absl::Span<float> heap) {
  const int levels = std::bit_width(sorted.size());
  for (int level = 0; level < levels; ++level) {
    for (size_t node = 0; node < size_t{1} << level; ++node) {
      const size_t place = ((2 * node + 1) << (levels - 1 - level)) - 1;
      if (place < sorted.size()) {
        heap[(size_t{1} << level) + node] = sorted[place];
      }
    }
  }
  return static_cast<uint8_t>(levels);
}

// Calls use(first row, rows, codes) for each group of rows that go down the
// trees together. What stands behind the last row is of no row.
template <class Use>
void ForEachGroup(const TreeKernels& kernels, const TreeColumns& columns,
                  const FeatureMatrix& features, const Use& use) {
  std::vector<int8_t> codes(columns.count * kTreeLanes, 0);
  for (size_t row = 0; row < features.rows(); row += kTreeLanes) {
    const size_t rows = std::min(kTreeLanes, features.rows() - row);
    kernels.encode(columns, features.Column(Feature{}).data() + row,
                   features.stride(), rows, codes.data());
    use(row, rows, codes.data());
  }
}

}  // namespace

TreeRanker::TreeRanker(int depth, float linear_share, std::vector<Tree> trees)
    : depth_(depth),
      linear_share_(linear_share),
      trees_(std::move(trees)),
      steps_(StepsOf(trees_)),
      coded_(CodedOf(trees_)) {
  for (const Tree& tree : trees_) base_value_ += tree.values[0];
}

absl::StatusOr<TreeRanker> TreeRanker::Create(int depth, float linear_share,
                                              std::vector<Tree> trees) {
  if (depth < 1 || depth > kMaxDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("depth ", depth, " is not between 1 and ", kMaxDepth));
  }
  if (!std::isfinite(linear_share)) {
    return absl::InvalidArgumentError("linear_share is no finite number");
  }
  for (size_t i = 0; i < trees.size(); ++i) {
    const Tree& tree = trees[i];
    if (tree.splits.size() != SplitsOf(depth) ||
        tree.values.size() != NodesOf(depth)) {
      return absl::InvalidArgumentError(
          absl::StrCat("tree ", i, " has ", tree.splits.size(), " splits and ",
                       tree.values.size(), " values; a depth of ", depth,
                       " asks for ", SplitsOf(depth), " and ", NodesOf(depth)));
    }
    const bool finite =
        std::all_of(tree.values.begin(), tree.values.end(),
                    [](float value) { return std::isfinite(value); }) &&
        std::all_of(
            tree.splits.begin(), tree.splits.end(),
            [](const Split& split) { return std::isfinite(split.threshold); });
    if (!finite) {
      return absl::InvalidArgumentError(
          absl::StrCat("tree ", i, " has a number that is not finite"));
    }
  }
  return TreeRanker(depth, linear_share, std::move(trees));
}

std::vector<TreeRanker::Step> TreeRanker::StepsOf(
    const std::vector<Tree>& trees) {
  std::vector<Step> steps;
  for (const Tree& tree : trees) {
    steps.emplace_back();  // Nothing leads to the root.
    for (size_t child = 1; child < tree.values.size(); ++child) {
      const size_t node = (child - 1) / 2;
      steps.push_back({tree.values[child] - tree.values[node],
                       static_cast<uint32_t>(tree.splits[node].feature)});
    }
  }
  return steps;
}

TreeRanker TreeRanker::First(size_t trees) const {
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(trees, trees_.size()));
  return TreeRanker(depth_, linear_share_,
                    {trees_.begin(), trees_.begin() + count});
}

TreeColumns TreeRanker::Coded::Columns() const {
  return {features.size(),   features.data(), counts.data(), of_zero.data(),
          thresholds.data(), heaps.data(),    levels.data()};
}

TreeRanker::Coded TreeRanker::CodedOf(const std::vector<Tree>& trees) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::array<std::vector<float>, kNumFeatures> thresholds =
      ThresholdsOf(trees);
  Coded coded;
  std::array<size_t, kNumFeatures> first_column{};
  for (size_t f = 0; f < kNumFeatures; ++f) {
    first_column[f] = coded.features.size();
    for (size_t begin = 0; begin < thresholds[f].size(); begin += kMaxCodes) {
      const size_t codes = std::min(kMaxCodes, thresholds[f].size() - begin);
      const auto from =
          thresholds[f].begin() + static_cast<std::ptrdiff_t>(begin);
      std::vector<float> column(kCodeGroup * (kCodeGroup + 1), kInfinity);
      std::copy_n(from, codes, column.begin() + kCodeGroup);
      for (size_t group = 0; group < kCodeGroup; ++group) {
        column[group] = column[kCodeGroup * (group + 1)];
      }
      const auto not_above_zero = std::upper_bound(
          from, from + static_cast<std::ptrdiff_t>(codes), 0.0f);
      coded.features.push_back(static_cast<uint8_t>(f));
      coded.counts.push_back(static_cast<uint8_t>(codes));
      coded.of_zero.push_back(
          static_cast<int8_t>((not_above_zero - from) - kCodeOffset));
      coded.thresholds.insert(coded.thresholds.end(), column.begin(),
                              column.end());
      std::vector<float> heap(kCodeHeap, kInfinity);
      coded.levels.push_back(FillHeap({&*from, codes}, absl::MakeSpan(heap)));
      coded.heaps.insert(coded.heaps.end(), heap.begin(), heap.end());
    }
  }
  for (const Tree& tree : trees) {
    for (const Split& split : tree.splits) {
      const std::vector<float>& all =
          thresholds[static_cast<size_t>(split.feature)];
      const auto place = static_cast<size_t>(
          std::lower_bound(all.begin(), all.end(), split.threshold) -
          all.begin());
      const size_t column =
          first_column[static_cast<size_t>(split.feature)] + place / kMaxCodes;
      coded.columns.push_back(static_cast<uint32_t>(column * kTreeLanes));
      coded.codes.push_back(static_cast<int8_t>(
          static_cast<int>(place % kMaxCodes) - kCodeOffset));
    }
    coded.leaves.insert(
        coded.leaves.end(),
        tree.values.begin() + static_cast<std::ptrdiff_t>(tree.splits.size()),
        tree.values.end());
  }
  return coded;
}

CodedTrees TreeRanker::coded_trees() const {
  return {trees_.size(), depth_, coded_.columns.data(), coded_.codes.data(),
          coded_.leaves.data()};
}

void TreeRanker::ScoreWith(const TreeKernels& kernels,
                           const FeatureMatrix& features,
                           absl::Span<float> scores) const {
  for (float& score : scores) score *= linear_share_;
  ForEachGroup(kernels, coded_.Columns(), features,
               [&](size_t first, size_t rows, const int8_t* codes) {
                 float of_group[kTreeLanes] = {};
                 std::copy_n(scores.begin() + first, rows, of_group);
                 kernels.add_leaves(coded_trees(), codes, of_group);
                 std::copy_n(of_group, rows, scores.begin() + first);
               });
}

TreeRanker::PartsOfRow TreeRanker::Parts(
    absl::Span<const float> row,
    const std::array<float, kNumFeatures>& weights) const {
  PartsOfRow parts;
  for (size_t f = 0; f < kNumFeatures; ++f) {
    parts[f] = linear_share_ * weights[f] * row[f];
  }
  for (const Tree& tree : trees_) {
    size_t node = 0;
    for (int level = 0; level < depth_; ++level) {
      const Split& split = tree.splits[node];
      const size_t child = Child(node, split, row.data());
      parts[static_cast<size_t>(split.feature)] +=
          tree.values[child] - tree.values[node];
      node = child;
    }
  }
  return parts;
}

std::vector<TreeRanker::PartsOfRow> TreeRanker::Parts(
    const FeatureMatrix& rows,
    const std::array<float, kNumFeatures>& weights) const {
  std::vector<PartsOfRow> parts(rows.rows());
  for (size_t f = 0; f < kNumFeatures; ++f) {
    const absl::Span<const float> column = rows.Column(static_cast<Feature>(f));
    for (size_t row = 0; row < parts.size(); ++row) {
      parts[row][f] = linear_share_ * weights[f] * column[row];
    }
  }
  const TreeKernels& kernels = TreeKernelsFor(ActiveInstructionSet());
  std::vector<uint8_t> leaves(trees_.size() * kTreeLanes);
  const auto add = [&](size_t first, size_t count, const int8_t* codes) {
    kernels.find_leaves(coded_trees(), codes, leaves.data());
    for (size_t tree = 0; tree < trees_.size(); ++tree) {
      const Step* const steps = steps_.data() + tree * NodesOf(depth_);
      const uint8_t* const of_tree = leaves.data() + tree * kTreeLanes;
      // Rows do not wait for each other, the steps of a row may.
      for (int below = depth_; below-- > 0;) {
        for (size_t row = 0; row < count; ++row) {
          // The node of its path, from its number in the whole heap + 1.
          const size_t leaf = of_tree[row] + (size_t{1} << depth_);
          const Step& step = steps[(leaf >> below) - 1];
          parts[first + row][step.feature] += step.change;
        }
      }
    }
  };
  ForEachGroup(kernels, coded_.Columns(), rows, add);
  return parts;
}

}  // namespace usher
