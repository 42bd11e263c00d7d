#include "index/vector/scan_kernels.h"

namespace usher {
namespace {

constexpr size_t kLanes = 8;

float DotPortable(const float* a, const float* b, size_t dim) {
  float sums[kLanes] = {};
  size_t d = 0;
  for (; d + kLanes <= dim; d += kLanes) {
    for (size_t i = 0; i < kLanes; ++i) sums[i] += a[d + i] * b[d + i];
  }
  for (size_t i = 0; d + i < dim; ++i) sums[i] += a[d + i] * b[d + i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
         ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

void DotRowsPortable(const float* query, const float* matrix, size_t rows,
                     size_t dim, float* out) {
  for (size_t r = 0; r < rows; ++r) {
    out[r] = DotPortable(query, matrix + r * dim, dim);
  }
}

void DotGatherPortable(const float* query, const float* matrix, size_t dim,
                       const int32_t* rows, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) {
    const float* row = matrix + static_cast<size_t>(rows[i]) * dim;
    out[i] = DotPortable(query, row, dim);
  }
}

void DotTile(const ScanBlock& block, const uint8_t* codes, int32_t* dots) {
  for (size_t r = 0; r < kTileRows; ++r) dots[r] = block.offset;
  for (size_t g = 0; g < block.groups; ++g, codes += 4 * kTileRows) {
    int8_t q[kGroupDims];
    __builtin_memcpy(q, block.query + g, sizeof(q));
    for (size_t r = 0; r < kTileRows; ++r) {
      const uint8_t* c = codes + kGroupDims * r;
      dots[r] += c[0] * q[0] + c[1] * q[1] + c[2] * q[2] + c[3] * q[3];
    }
  }
}

uint64_t ScanBlockPortable(const ScanBlock& block, int32_t* dots) {
  const size_t tile_bytes = block.groups * kGroupDims * kTileRows;
  uint64_t passed = 0;
  for (size_t first = 0; first < kBlockRows; first += kTileRows) {
    if ((block.live >> first & 0xffff) == 0) continue;
    DotTile(block, block.codes + first / kTileRows * tile_bytes, dots + first);
    for (size_t r = first; r < first + kTileRows; ++r) {
      const float raised =
          block.query_scale * static_cast<float>(dots[r]) + block.slack;
      float upper = block.scales[r] * raised;
      if (block.bias != nullptr) upper += block.bias[r];
      passed |= static_cast<uint64_t>(upper > block.threshold) << r;
    }
  }
  return passed & block.live;
}

void ScanBlockAtOncePortable(const ScanBlock* blocks, int32_t* dots,
                             uint64_t* passed) {
  for (size_t i = 0; i < kQueriesAtOnce; ++i) {
    passed[i] = ScanBlockPortable(blocks[i], dots + i * kBlockRows);
  }
}

}  // namespace

const ScanKernels kPortableKernels = {
    InstructionSet::kPortable,
    127,
    &DotPortable,
    &DotRowsPortable,
    &DotGatherPortable,
    &ScanBlockPortable,
    &ScanBlockAtOncePortable,
};

}  // namespace usher
