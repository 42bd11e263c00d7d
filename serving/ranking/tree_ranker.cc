#include "serving/ranking/tree_ranker.h"

#include <algorithm>
#include <cmath>
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

// So many rows go down a tree side by side: their steps do not wait for each
// other.
constexpr size_t kLanes = 8;

template <size_t lanes>
void AddLeaves(const TreeRanker::Tree& tree, int depth, const float* rows,
               float* scores) {
  std::array<size_t, lanes> nodes{};
  for (int level = 0; level < depth; ++level) {
    for (size_t i = 0; i < lanes; ++i) {
      nodes[i] =
          Child(nodes[i], tree.splits[nodes[i]], rows + i * kNumFeatures);
    }
  }
  for (size_t i = 0; i < lanes; ++i) scores[i] += tree.values[nodes[i]];
}

}  // namespace

TreeRanker::TreeRanker(int depth, float linear_share, std::vector<Tree> trees)
    : depth_(depth), linear_share_(linear_share), trees_(std::move(trees)) {
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

TreeRanker TreeRanker::First(size_t trees) const {
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(trees, trees_.size()));
  return TreeRanker(depth_, linear_share_,
                    {trees_.begin(), trees_.begin() + count});
}

void TreeRanker::Score(const FeatureMatrix& features,
                       absl::Span<float> scores) const {
  for (float& score : scores) score *= linear_share_;
  const size_t whole = scores.size() / kLanes * kLanes;
  for (const Tree& tree : trees_) {
    for (size_t row = 0; row < whole; row += kLanes) {
      AddLeaves<kLanes>(tree, depth_, features.Row(row).data(), &scores[row]);
    }
    for (size_t row = whole; row < scores.size(); ++row) {
      AddLeaves<1>(tree, depth_, features.Row(row).data(), &scores[row]);
    }
  }
}

std::array<float, kNumFeatures> TreeRanker::Parts(
    absl::Span<const float> row,
    const std::array<float, kNumFeatures>& weights) const {
  std::array<float, kNumFeatures> parts;
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

}  // namespace usher
