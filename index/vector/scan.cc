#include "index/vector/scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
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
// A guess is made from so many rows at least, of which so many are expected to
// be among the best; how far to be on the safe side; and how few of the rows
// may be live.
constexpr size_t kGuessRows = 512;
constexpr size_t kGuessBest = 8;
constexpr size_t kGuessDensity = 16;
constexpr double kGuessDeviations = 2;
constexpr double kGuessSpare = 2;

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

  // From some of the blocks a score that rather more than k rows will have:
  // what is not above it is left out, and nothing is selected on the way. It
  // may be too high; Take() says so.
  void GuessThreshold() {
    if (quantized_ == nullptr) return;
    const size_t blocks = quantized_->blocks();
    const auto k = static_cast<size_t>(query_.k);
    const size_t live = CountLive();
    if (live < 2 * kGuessRows || live < 2 * k ||
        live < vectors_.rows() / kGuessDensity) {
      return;
    }
    const size_t rows = std::clamp(kGuessBest * live / k, kGuessRows, live / 2);
    const size_t step = std::max<size_t>(1, live / rows);
    std::vector<float> lower;
    lower.reserve((blocks / step + 1) * kBlockRows);
    // Not the first of all, which are older than most.
    for (size_t block = step / 2; block < blocks; block += step) {
      AppendLowerBounds(block, lower);
    }
    const double expected = static_cast<double>(k) *
                            static_cast<double>(lower.size()) /
                            static_cast<double>(live);
    const auto place = static_cast<size_t>(
        expected + kGuessDeviations * std::sqrt(expected) + kGuessSpare);
    if (place >= lower.size()) return;
    std::vector<float> scratch;
    guess_ = KthLargest(place, lower, scratch);
  }

  void ForgetGuess() {
    guess_ = -std::numeric_limits<float>::infinity();
    top_ = TopRows(std::min(static_cast<size_t>(query_.k), vectors_.rows()));
  }

  void ScanOneBlock(size_t block) {
    const uint64_t dense = DenseRows(block);
    if (dense != 0) ScanCodes(block, dense);
  }

  // ScanOneBlock() of passes over one matrix, kQueriesAtOnce at most.
  static void ScanOneBlock(size_t block, absl::Span<Pass* const> passes) {
    std::array<uint64_t, kQueriesAtOnce> dense{};
    bool all = passes.size() == kQueriesAtOnce;
    for (size_t i = 0; i < passes.size(); ++i) {
      dense[i] = passes[i]->DenseRows(block);
      all &= dense[i] != 0;
    }
    if (all) return ScanCodesAtOnce(block, passes.data(), dense);
    for (size_t i = 0; i < passes.size(); ++i) {
      if (dense[i] != 0) passes[i]->ScanCodes(block, dense[i]);
    }
  }

  // False, and the pass has to be made once more, when the guess was so high
  // that rows of the best k may have been left out.
  bool Take(std::vector<ScoredRow>& best) {
    ScorePending();
    best = top_.Take(rescore_);
    if (guess_ == -std::numeric_limits<float>::infinity()) return true;
    return best.size() == static_cast<size_t>(query_.k) &&
           best.back().score > guess_;
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

  // The block's rows that are to be looked at as codes; the others are seen to.
  uint64_t DenseRows(size_t block) {
    const uint64_t live = LiveRows(block);
    if (live == 0) return 0;
    if (quantized_ == nullptr) {
      ScanFloats(block, live);
      return 0;
    }
    const uint64_t dense = ~live == 0 ? live : DenseTiles(live);
    if (dense != live) Postpone(block, live & ~dense);
    return dense;
  }

  size_t CountLive() const {
    if (query_.allowed == nullptr) return vectors_.rows();
    size_t live = 0;
    for (size_t block = 0; block < quantized_->blocks(); ++block) {
      const uint64_t rows = LiveRows(block);
      if (rows != 0) live += static_cast<size_t>(std::popcount(rows));
    }
    return live;
  }

  void AppendLowerBounds(size_t block, std::vector<float>& lower) const {
    int32_t dots[kBlockRows];
    uint64_t live = LiveRows(block);
    if (live == 0) return;
    const CodedBlock coded(*this, block);
    live = coded.Scan(-std::numeric_limits<float>::infinity(), live, dots);
    for (; live != 0; live &= live - 1) {
      const float score = coded.Score(std::countr_zero(live), dots).first;
      if (!std::isnan(score)) lower.push_back(score);
    }
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

  // One block of codes and the query.
  class CodedBlock {
   public:
    CodedBlock(const Pass& pass, size_t block)
        : pass_(pass),
          block_(block),
          slack_(pass.quantized_->Slack(block, pass.quantized_query_)),
          scales_(pass.quantized_->Scales(block)) {
      const absl::Span<const float> bias = pass.query_.bias;
      if (bias.empty()) return;
      const size_t first = block * kBlockRows;
      bias_ = bias.data() + first;
      if (first + kBlockRows > bias.size()) {
        std::fill(std::copy(bias_, bias.data() + bias.size(), last_bias_),
                  std::end(last_bias_), 0.0f);
        bias_ = last_bias_;
      }
    }

    // What the kernel is asked: which rows may have more than the threshold.
    ScanBlock Question(float threshold, uint64_t live) const {
      const QuantizedQuery& query = pass_.quantized_query_;
      return {query.groups.data(),
              pass_.quantized_->groups(),
              query.offset,
              query.scale,
              slack_,
              threshold,
              pass_.quantized_->Codes(block_),
              scales_,
              bias_,
              live};
    }

    // These rows, and their products.
    uint64_t Scan(float threshold, uint64_t live, int32_t* dots) const {
      return pass_.kernels_.scan_block(Question(threshold, live), dots);
    }

    // Between what the score of a row is.
    std::pair<float, float> Score(size_t row, const int32_t* dots) const {
      const float middle =
          pass_.quantized_query_.scale * static_cast<float>(dots[row]);
      const float add = bias_ == nullptr ? 0.0f : bias_[row];
      return {scales_[row] * (middle - slack_) + add,
              scales_[row] * (middle + slack_) + add};
    }

   private:
    const Pass& pass_;
    const size_t block_;
    const float slack_;
    const float* const scales_;
    const float* bias_ = nullptr;
    float last_bias_[kBlockRows];  // Of the last block.
  };

  float Threshold() const { return std::max(top_.threshold(), guess_); }

  void ScanCodes(size_t block, uint64_t live) {
    const CodedBlock coded(*this, block);
    int32_t dots[kBlockRows];
    const uint64_t passed = coded.Scan(Threshold(), live, dots);
    AddPassed(block, coded, passed, dots);
  }

  static void ScanCodesAtOnce(
      size_t block, Pass* const* passes,
      const std::array<uint64_t, kQueriesAtOnce>& live) {
    const CodedBlock coded[kQueriesAtOnce] = {{*passes[0], block},
                                              {*passes[1], block},
                                              {*passes[2], block},
                                              {*passes[3], block}};
    ScanBlock questions[kQueriesAtOnce];
    for (size_t i = 0; i < kQueriesAtOnce; ++i) {
      questions[i] = coded[i].Question(passes[i]->Threshold(), live[i]);
    }
    int32_t dots[kQueriesAtOnce * kBlockRows];
    uint64_t passed[kQueriesAtOnce];
    passes[0]->kernels_.scan_block_at_once(questions, dots, passed);
    for (size_t i = 0; i < kQueriesAtOnce; ++i) {
      passes[i]->AddPassed(block, coded[i], passed[i], dots + i * kBlockRows);
    }
  }

  void AddPassed(size_t block, const CodedBlock& coded, uint64_t passed,
                 const int32_t* dots) {
    for (; passed != 0; passed &= passed - 1) {
      const size_t r = std::countr_zero(passed);
      const auto [lower, upper] = coded.Score(r, dots);
      top_.AddBounded(static_cast<int32_t>(block * kBlockRows + r), lower,
                      upper, rescore_);
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
  float guess_ = -std::numeric_limits<float>::infinity();
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
      passes.back().second->GuessThreshold();
    }
    std::vector<Pass*> together;
    for (auto& [i, pass] : passes) together.push_back(pass.get());
    for (size_t first = 0; first < blocks; first += panel) {
      const size_t last = std::min(first + panel, blocks);
      for (size_t p = 0; p < together.size(); p += kQueriesAtOnce) {
        const absl::Span<Pass* const> some =
            absl::MakeConstSpan(together).subspan(p, kQueriesAtOnce);
        for (size_t b = first; b < last; ++b) Pass::ScanOneBlock(b, some);
      }
    }
    for (auto& [i, pass] : passes) {
      if (pass->Take(results[i])) continue;
      pass->ForgetGuess();
      for (size_t b = 0; b < blocks; ++b) pass->ScanOneBlock(b);
      pass->Take(results[i]);
    }
  }
  return results;
}

}  // namespace usher
