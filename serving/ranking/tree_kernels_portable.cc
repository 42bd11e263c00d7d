#include "serving/ranking/tree_kernels.h"

namespace usher {
namespace {

int CountReached(const float* thresholds, float value) {
  int reached = 0;
  for (size_t i = 0; i < kCodeGroup; ++i) {
    reached += static_cast<int>(!(value < thresholds[i]));
  }
  return reached;
}

int8_t CodeOfValue(const float* thresholds, int codes, float value) {
  const int groups = CountReached(thresholds, value);
  const int group = groups > 0 ? groups - 1 : 0;
  const int below = group * static_cast<int>(kCodeGroup);
  const int reached =
      below + CountReached(thresholds + kCodeGroup + below, value);
  return static_cast<int8_t>((reached < codes ? reached : codes) - kCodeOffset);
}

void EncodePlainly(const TreeColumns& columns, const float* features,
                   size_t stride, size_t rows, int8_t* codes) {
  for (size_t c = 0; c < columns.count; ++c) {
    const float* thresholds =
        columns.thresholds + c * kCodeGroup * (kCodeGroup + 1);
    const float* values = features + columns.features[c] * stride;
    for (size_t r = 0; r < rows; ++r) {
      const float value = values[r];
      codes[c * kTreeLanes + r] =
          value == 0 ? columns.of_zero[c]
                     : CodeOfValue(thresholds, columns.codes[c], value);
    }
  }
}

// The leaves of one tree.
void GoDown(const CodedTrees& trees, size_t tree, const int8_t* codes,
            uint8_t* leaves) {
  const size_t splits = (size_t{1} << trees.depth) - 1;
  const uint32_t* columns = trees.columns + tree * splits;
  const int8_t* limits = trees.codes + tree * splits;
  for (size_t r = 0; r < kTreeLanes; ++r) {
    size_t node = 0;
    for (int level = 0; level < trees.depth; ++level) {
      const bool right = codes[columns[node] + r] > limits[node];
      node = 2 * node + 1 + static_cast<size_t>(right);
    }
    leaves[r] = static_cast<uint8_t>(node - splits);
  }
}

void AddLeavesPlainly(const CodedTrees& trees, const int8_t* codes,
                      float* scores) {
  uint8_t leaves[kTreeLanes];
  for (size_t tree = 0; tree < trees.count; ++tree) {
    GoDown(trees, tree, codes, leaves);
    const float* values = trees.leaves + (tree << trees.depth);
    for (size_t r = 0; r < kTreeLanes; ++r) scores[r] += values[leaves[r]];
  }
}

void FindLeavesPlainly(const CodedTrees& trees, const int8_t* codes,
                       uint8_t* leaves) {
  for (size_t tree = 0; tree < trees.count; ++tree) {
    GoDown(trees, tree, codes, leaves + tree * kTreeLanes);
  }
}

}  // namespace

const TreeKernels kPortableTreeKernels = {&EncodePlainly, &AddLeavesPlainly,
                                          &FindLeavesPlainly};

}  // namespace usher
