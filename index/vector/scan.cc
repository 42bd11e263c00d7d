#include "index/vector/scan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "index/base/status_macros.h"
#include "index/vector/top_rows.h"

namespace usher {
namespace {

// Below these, floats are in cache anyway, or codes save nothing.
constexpr size_t kMinQuantizedRows = 2048;
constexpr size_t kMinQuantizedDim = 8;

// A tile with fewer allowed rows than this is cheaper row by row, in float.
constexpr int kDenseTile = 4;
constexpr int kDenseFloatBlock = 24;
constexpr size_t kPendingRows = 32;
constexpr size_t kCacheLine = 64;
constexpr size_t kBatchQueries = 64;
constexpr size_t kPanelBytes = size_t{64} << 10;

uint64_t DenseTiles(uint64_t live) {
  uint64_t dense = 0;
  for (size_t r = 0; r < kBlockRows; r += kTileRows) {
    const uint64_t tile = live & uint64_t{0xffff} << r;
    if (std::popcount(tile) >= kDenseTile) dense |= tile;
  }
  return dense;
}

// How many blocks one query scans before the next one's turn: what stays in the
// second-level cache.
size_t PanelBlocks(size_t dim) {
  return std::max<size_t>(1, kPanelBytes / (kBlockRows * (dim + 1)));
}

}  // namespace

class ExactScan::Pass {
 public:
  Pass(const ExactScan& scan, const ScanQuery& query)
      : vectors_(*scan.vectors_),
        kernels_(*scan.kernels_),
        query_(query),
        top_(std::min(static_cast<size_t>(query.k), scan.vectors_->rows())) {
    pending_.reserve(kPendingRows + kBlockRows);
    if (scan.quantized_ == nullptr) return;
    quantized_query_ = QuantizeQuery(query.query, kernels_.query_limit);
    if (scan.quantized_->Covers(quantized_query_)) {
      quantized_ = scan.quantized_.get();
    }
  }

  void ScanOneBlock(size_t block) {
    const uint64_t live = LiveRows(block);
    if (live == 0) return;
    if (quantized_ == nullptr) return ScanFloats(block, live);
    const uint64_t dense = ~live == 0 ? live : DenseTiles(live);
    if (dense != 0) ScanCodes(block, dense);
    if (dense != live) Postpone(block, live & ~dense);
  }

  std::vector<ScoredRow> Take() {
    ScorePending();
    return top_.Take(rescore_);
  }

 private:
  uint64_t LiveRows(size_t block) const {
    const size_t left = vectors_.rows() - block * kBlockRows;
    const uint64_t real =
        left >= kBlockRows ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    if (query_.allowed == nullptr) return real;
    const absl::Span<const uint64_t> words = query_.allowed->words();
    return block < words.size() ? words[block] & real : 0;
  }

  float Bias(size_t row) const {
    return query_.bias.empty() ? 0.0f : query_.bias[row];
  }

  void Score(absl::Span<const int32_t> rows, float* scores) const {
    kernels_.dot_gather(query_.query.data(), vectors_.data(), vectors_.dim(),
                        rows.data(), rows.size(), scores);
    if (query_.bias.empty()) return;
    for (size_t i = 0; i < rows.size(); ++i) scores[i] += query_.bias[rows[i]];
  }

  void ScanCodes(size_t block, uint64_t live) {
    const size_t first = block * kBlockRows;
    const float slack = quantized_->Slack(block, quantized_query_);
    float last_bias[kBlockRows] = {};
    const float* scales = quantized_->Scales(block);
    const float* bias = nullptr;
    if (!query_.bias.empty()) {
      bias = query_.bias.data() + first;
      if (first + kBlockRows > query_.bias.size()) {
        std::copy(bias, query_.bias.data() + query_.bias.size(), last_bias);
        bias = last_bias;
      }
    }
    int32_t dots[kBlockRows];
    uint64_t passed = kernels_.scan_block(
        {quantized_query_.groups.data(), quantized_->groups(),
         quantized_query_.offset, quantized_query_.scale, slack,
         top_.threshold(), quantized_->Codes(block), scales, bias, live},
        dots);
    for (; passed != 0; passed &= passed - 1) {
      const size_t r = std::countr_zero(passed);
      const float middle = quantized_query_.scale * static_cast<float>(dots[r]);
      const float add = bias == nullptr ? 0.0f : bias[r];
      top_.AddBounded(static_cast<int32_t>(first + r),
                      scales[r] * (middle - slack) + add,
                      scales[r] * (middle + slack) + add, rescore_);
    }
  }

  void ScanFloats(size_t block, uint64_t live) {
    if (std::popcount(live) < kDenseFloatBlock) return Postpone(block, live);
    const size_t first = block * kBlockRows;
    const size_t count = std::min(kBlockRows, vectors_.rows() - first);
    float scores[kBlockRows];
    kernels_.dot_rows(query_.query.data(),
                      vectors_.data() + first * vectors_.dim(), count,
                      vectors_.dim(), scores);
    for (; live != 0; live &= live - 1) {
      const size_t r = std::countr_zero(live);
      top_.AddExact(static_cast<int32_t>(first + r),
                    scores[r] + Bias(first + r), rescore_);
    }
  }

  void Postpone(size_t block, uint64_t live) {
    for (; live != 0; live &= live - 1) {
      const size_t row = block * kBlockRows + std::countr_zero(live);
      pending_.push_back(static_cast<int32_t>(row));
      Prefetch(row);
    }
    if (pending_.size() >= kPendingRows) ScorePending();
  }

  // Rows far apart come from memory one cache line at a time: ask early.
  void Prefetch(size_t row) const {
    const char* bytes =
        reinterpret_cast<const char*>(vectors_.data() + row * vectors_.dim());
    for (size_t b = 0; b < vectors_.dim() * sizeof(float); b += kCacheLine) {
      __builtin_prefetch(bytes + b);
    }
  }

  void ScorePending() {
    float scores[kPendingRows + kBlockRows];
    Score(pending_, scores);
    for (size_t i = 0; i < pending_.size(); ++i) {
      top_.AddExact(pending_[i], scores[i], rescore_);
    }
    pending_.clear();
  }

  struct Rescorer {
    const Pass* pass;
    void operator()(absl::Span<const int32_t> rows, float* scores) const {
      pass->Score(rows, scores);
    }
  };

  const Factors& vectors_;
  const ScanKernels& kernels_;
  const ScanQuery& query_;
  const QuantizedRows* quantized_ = nullptr;
  QuantizedQuery quantized_query_;
  TopRows top_;
  std::vector<int32_t> pending_;
  const Rescorer rescore_{this};
};

ExactScan::ExactScan(const Factors* vectors, int threads,
                     const ScanKernels& kernels)
    : vectors_(vectors), kernels_(&kernels) {
  if (vectors->rows() < kMinQuantizedRows) return;
  if (vectors->dim() < kMinQuantizedDim) return;
  quantized_ = std::make_unique<QuantizedRows>(*vectors, threads);
}

std::vector<ScoredRow> ExactScan::Search(const ScanQuery& query) const {
  return std::move(SearchBatch({&query, 1}).front());
}

std::vector<std::vector<ScoredRow>> ExactScan::SearchBatch(
    absl::Span<const ScanQuery> queries) const {
  std::vector<std::vector<ScoredRow>> results(queries.size());
  const size_t blocks = (vectors_->rows() + kBlockRows - 1) / kBlockRows;
  if (blocks == 0) return results;
  const size_t panel = PanelBlocks(vectors_->dim());
  for (size_t begin = 0; begin < queries.size(); begin += kBatchQueries) {
    const size_t end = std::min(begin + kBatchQueries, queries.size());
    std::vector<std::pair<size_t, std::unique_ptr<Pass>>> passes;
    for (size_t i = begin; i < end; ++i) {
      if (queries[i].k <= 0) continue;
      passes.emplace_back(i, std::make_unique<Pass>(*this, queries[i]));
    }
    for (size_t first = 0; first < blocks; first += panel) {
      const size_t last = std::min(first + panel, blocks);
      for (auto& [i, pass] : passes) {
        for (size_t b = first; b < last; ++b) pass->ScanOneBlock(b);
      }
    }
    for (auto& [i, pass] : passes) results[i] = pass->Take();
  }
  return results;
}

}  // namespace usher
