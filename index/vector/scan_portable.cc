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

uint64_t AbovePortable(const float* values, const float* others, float factor,
                       size_t count, float threshold) {
  uint64_t above = 0;
  for (size_t i = 0; i < count; ++i) {
    above |= uint64_t{values[i] + factor * others[i] > threshold} << i;
  }
  return above;
}

float FloatOf(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

// Of a block whose products are in `dots`.
void AppendAbove(const CodePanel& panel, size_t block, const int32_t* dots,
                 PanelQuery& query) {
  const float code_slack = query.code_weight * panel.norms[block];
  const uint64_t live = query.live[block];
  const size_t first = block * kBlockRows;
  for (size_t r = 0; r < kBlockRows; ++r) {
    if ((live >> r & 1) == 0) continue;
    const uint32_t terms = panel.terms[first + r];
    const float raised =
        query.query_scale * static_cast<float>(dots[r]) + code_slack;
    float upper = FloatOf(terms & 0xffff0000u) * raised +
                  FloatOf(terms << 16) * query.row_weight;
    if (query.bias != nullptr) upper += query.bias[first + r];
    if (!(upper > query.threshold)) continue;
    query.rows[query.passed] = static_cast<int32_t>(first + r);
    query.dots[query.passed] = dots[r];
    ++query.passed;
  }
}

// Alone, GCC 12 makes vectors of it.
[[gnu::noinline]] void DotTile(const int32_t* query, int32_t offset,
                               const uint8_t* codes, size_t groups,
                               int32_t* dots) {
  for (size_t r = 0; r < kTileRows; ++r) dots[r] = offset;
  for (size_t g = 0; g < groups; ++g, codes += kGroupBytes) {
    int8_t q[kGroupDims];
    __builtin_memcpy(q, query + g, sizeof(q));
    for (size_t r = 0; r < kTileRows; ++r) {
      const uint8_t* c = codes + kGroupDims * r;
      dots[r] += c[0] * q[0] + c[1] * q[1] + c[2] * q[2] + c[3] * q[3];
    }
  }
}

void ScanPanelPortable(const CodePanel& panel, PanelQuery* queries,
                       size_t count) {
  const size_t tile_bytes = panel.groups * kGroupBytes;
  int32_t dots[kBlockRows];
  for (size_t i = 0; i < count; ++i) queries[i].passed = 0;
  for (size_t block = 0; block < panel.blocks; ++block) {
    const uint8_t* codes =
        panel.codes + block * (kBlockRows / kTileRows) * tile_bytes;
    for (size_t i = 0; i < count; ++i) {
      PanelQuery& query = queries[i];
      for (size_t r = 0; r < kBlockRows; r += kTileRows) {
        if ((query.live[block] >> r & 0xffff) == 0) continue;
        DotTile(query.query, query.offset, codes + r / kTileRows * tile_bytes,
                panel.groups, dots + r);
      }
      AppendAbove(panel, block, dots, query);
    }
  }
}

// As DotTile(), of nibbles.
[[gnu::noinline]] void DotNibbles(const int32_t* query, int32_t offset,
                                  const uint8_t* codes, size_t groups,
                                  int32_t* dots) {
  for (size_t r = 0; r < kTileRows; ++r) dots[r] = offset;
  for (size_t g = 0; g < groups; ++g, codes += kGroupBytes) {
    int8_t q[2 * kGroupDims];
    __builtin_memcpy(q, query + 2 * g, sizeof(q));
    for (size_t r = 0; r < kTileRows; ++r) {
      for (size_t i = 0; i < kGroupDims; ++i) {
        const int c = codes[kGroupDims * r + i];
        dots[r] += (c & 15) * q[i] + (c >> 4) * q[kGroupDims + i];
      }
    }
  }
}

void ScanNibblesPortable(const CodePanel& panel, PanelQuery& query) {
  const size_t tile_bytes = panel.groups * kGroupBytes;
  const uint8_t* codes = panel.codes;
  int32_t dots[kBlockRows];
  query.passed = 0;
  for (size_t block = 0; block < panel.blocks; ++block) {
    for (size_t r = 0; r < kBlockRows; r += kTileRows, codes += tile_bytes) {
      if ((query.live[block] >> r & 0xffff) == 0) continue;
      DotNibbles(query.query, query.offset, codes, panel.groups, dots + r);
    }
    AppendAbove(panel, block, dots, query);
  }
}

}  // namespace

const ScanKernels kPortableKernels = {
    InstructionSet::kPortable,
    127,
    &DotPortable,
    &DotRowsPortable,
    &DotGatherPortable,
    &AbovePortable,
    &ScanPanelPortable,
    &ScanNibblesPortable,
};

}  // namespace usher
