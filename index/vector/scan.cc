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
#include "index/vector/best_rows.h"
#include "index/vector/top_rows.h"

namespace usher {
namespace {

// Below these, floats are in cache anyway, or codes save nothing.
constexpr size_t kMinQuantizedRows = 2048;
constexpr size_t kMinQuantizedDim = 8;

// A tile with fewer allowed rows than this is cheaper row by row, in float.
constexpr int kDenseTile = 4;
constexpr int kDenseFloatBlock = 24;
// Where one of so many rows is allowed, all codes are read: it costs no more
// than to tell tiles apart.
constexpr size_t kManyLive = 12;
// A query is asked of nibbles as long as one of so many rows at most has to be
// looked at again, but for the first ones.
constexpr size_t kNibbleRows = 24;
constexpr size_t kNibbleStart = 1024;
constexpr size_t kNibbleSpare = size_t{1} << 14;  // See TopRows.
constexpr size_t kPendingRows = 32;
constexpr size_t kCacheLine = 64;
constexpr size_t kBatchQueries = 64;
constexpr size_t kPanelBytes = size_t{64} << 10;
// A guess is made from so many rows at least, of which so many are expected to
// be among the best, or fewer where that takes more than enough rows; how far
// to be on the safe side; and how few of the rows may be live.
constexpr size_t kGuessRows = 512;
constexpr size_t kGuessBest = 8;
constexpr size_t kGuessEnough = 4096;
constexpr size_t kGuessLeast = 2;
constexpr size_t kGuessDensity = 16;
constexpr double kGuessDeviations = 2;
constexpr double kGuessSpare = 2;
// Of so many groups of the sample for each row that is looked for, only the
// largest matter.
constexpr size_t kGuessGroups = 8;

uint64_t DenseTiles(uint64_t live) {
  static_assert(kDenseTile == 4);
  const uint64_t but_one = live & (live - 1);
  const uint64_t but_two = but_one & (but_one - 1);
  const uint64_t but_three = but_two & (but_two - 1);
  if (but_three == 0) return 0;
  uint64_t dense = 0;
  for (size_t r = 0; r < kBlockRows; r += kTileRows) {
    const uint64_t tile = live & uint64_t{0xffff} << r;
    if (std::popcount(tile) >= kDenseTile) dense |= tile;
  }
  return dense;
}

// How many blocks some queries scan before the next ones' turn: what stays in
// the second-level cache.
size_t PanelBlocks(size_t dim) {
  return std::max<size_t>(1, kPanelBytes / (kBlockRows * (dim + 1)));
}

// The largest of each of `groups` groups, in place: of a score that p values
// are above, about p groups are, if p is small.
void KeepLargestOfGroups(size_t groups, std::vector<float>& values) {
  for (size_t i = groups; i < values.size(); i += groups) {
    const size_t end = std::min(groups, values.size() - i);
    for (size_t j = 0; j < end; ++j) {
      values[j] = values[j] < values[i + j] ? values[i + j] : values[j];
    }
  }
  values.resize(std::min(groups, values.size()));
}

// What the kernel and a guess write to, for kQueriesAtOnce passes.
class PanelRows {
 public:
  explicit PanelRows(size_t blocks)
      : stride_(blocks * kBlockRows + kTileRows),
        rows_(new int32_t[stride_ * kQueriesAtOnce]),
        dots_(new int32_t[stride_ * kQueriesAtOnce]),
        bounded_(new TopRows::Bounded[stride_]) {}

  void GiveRoom(size_t i, PanelQuery& query) {
    query.rows = rows_.get() + i * stride_;
    query.dots = dots_.get() + i * stride_;
  }

  TopRows::Bounded* bounded() { return bounded_.get(); }
  std::vector<float>& sample(size_t i) { return samples_[i]; }
  std::vector<float>& scratch() { return scratch_; }

 private:
  const size_t stride_;
  const std::unique_ptr<int32_t[]> rows_;
  const std::unique_ptr<int32_t[]> dots_;
  const std::unique_ptr<TopRows::Bounded[]> bounded_;
  std::array<std::vector<float>, kQueriesAtOnce> samples_;
  std::vector<float> scratch_;
};

}  // namespace

class ExactScan::Pass {
 public:
  // `alone`: no other query shares the codes' way from memory.
  Pass(const ExactScan& scan, const ScanQuery& query, bool alone)
      : vectors_(*scan.vectors_),
        kernels_(*scan.kernels_),
        query_(query),
        top_(std::min(static_cast<size_t>(query.k), scan.vectors_->rows())) {
    if (scan.quantized_ == nullptr) return;
    quantized_query_ = QuantizeQuery(query.query, kernels_.query_limit);
    if (!scan.quantized_->Covers(quantized_query_)) return;
    quantized_ = scan.quantized_.get();
    PlanGuess();
    if (!alone || guess_step_ == 0 || scan.nibbles_ == nullptr ||
        !scan.nibbles_->Covers(quantized_query_)) {
      return;
    }
    nibbles_ = scan.nibbles_.get();
    top_ = TopRows(static_cast<size_t>(query.k), kNibbleSpare);
  }

  // From some of the blocks a score that rather more than k rows will have:
  // what is not above it is left out, and nothing is selected on the way. It
  // may be too high; Take() says so. The passes are of one matrix.
  static void GuessThresholds(absl::Span<Pass* const> passes, PanelRows& room) {
    for (size_t i = 0; i < passes.size();) {
      const size_t step = passes[i]->guess_step_;
      size_t n = 1;
      while (n < kQueriesAtOnce && i + n < passes.size() &&
             passes[i + n]->guess_step_ == step) {
        ++n;
      }
      if (step != 0) GuessTogether(passes.subspan(i, n), step, room);
      i += n;
    }
  }

  void ForgetGuess() {
    nibbles_ = nullptr;
    guess_ = -std::numeric_limits<float>::infinity();
    top_ = TopRows(std::min(static_cast<size_t>(query_.k), vectors_.rows()));
  }

  // Scans blocks for passes over one matrix, kQueriesAtOnce at most.
  static void ScanPanel(size_t first, size_t blocks,
                        absl::Span<Pass* const> passes, PanelRows& room) {
    std::array<PanelQuery, kQueriesAtOnce> questions;
    std::array<Pass*, kQueriesAtOnce> asking;
    size_t n = 0;
    for (Pass* pass : passes) {
      // That of the rows before the panel: sparse ones of its later blocks may
      // be scored before dense ones of its earlier blocks.
      const float threshold = pass->Threshold();
      if (!pass->CollectDense(first, blocks)) continue;
      questions[n] = pass->Question(first, blocks, threshold);
      room.GiveRoom(n, questions[n]);
      asking[n++] = pass;
    }
    if (n == 0) return;
    ScanTogether({asking.data(), n}, first, blocks, questions.data());
    for (size_t i = 0; i < n; ++i) {
      asking[i]->AddPassed(first, blocks, questions[i], room);
    }
  }

  // False, and the pass has to be made once more, when the guess was so high
  // that rows of the best k may have been left out.
  bool Take(std::vector<ScoredRow>& best) {
    ScorePending();
    best = top_.Take(Rescorer{this});
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
    if (many_live_ || ~live == 0) return live;
    const uint64_t dense = DenseTiles(live);
    if (dense != live) Postpone(block, live & ~dense);
    return dense;
  }

  // Of a panel, in live_. False: there are none.
  bool CollectDense(size_t first, size_t blocks) {
    live_.resize(blocks);
    uint64_t any = 0;
    for (size_t b = 0; b < blocks; ++b) any |= live_[b] = DenseRows(first + b);
    return any != 0;
  }

  const QuantizedRows& codes() const {
    return nibbles_ == nullptr ? *quantized_ : *nibbles_;
  }

  // Passes that ask the same codes; of nibbles, one.
  static void ScanTogether(absl::Span<Pass* const> passes, size_t first,
                           size_t blocks, PanelQuery* questions) {
    const Pass& any = *passes[0];
    const CodePanel panel = any.codes().Panel(first, blocks);
    if (any.nibbles_ != nullptr) {
      any.kernels_.scan_nibbles(panel, *questions);
    } else {
      any.kernels_.scan_panel(panel, questions, passes.size());
    }
  }

  void PlanGuess() {
    const auto k = static_cast<size_t>(query_.k);
    num_live_ = query_.allowed == nullptr
                    ? vectors_.rows()
                    : query_.allowed->CountFirst(vectors_.rows());
    many_live_ = num_live_ * kManyLive > vectors_.rows();
    if (num_live_ < 2 * kGuessRows || num_live_ < 2 * k ||
        num_live_ < vectors_.rows() / kGuessDensity) {
      return;
    }
    const size_t enough = std::max(kGuessEnough, kGuessLeast * num_live_ / k);
    const size_t rows = std::clamp(std::min(kGuessBest * num_live_ / k, enough),
                                   kGuessRows, num_live_ / 2);
    guess_step_ = std::max<size_t>(1, num_live_ / rows);
  }

  // One block of `step`, for kQueriesAtOnce passes at most.
  static void GuessTogether(absl::Span<Pass* const> passes, size_t step,
                            PanelRows& room) {
    const size_t blocks = passes[0]->quantized_->blocks();
    std::array<PanelQuery, kQueriesAtOnce> questions;
    for (size_t i = 0; i < passes.size(); ++i) room.sample(i).clear();
    // Not the first of all, which are older than most.
    for (size_t block = step / 2; block < blocks; block += step) {
      for (size_t i = 0; i < passes.size(); ++i) {
        passes[i]->live_.assign(1, passes[i]->LiveRows(block));
        questions[i] = passes[i]->Question(
            block, 1, -std::numeric_limits<float>::infinity());
        room.GiveRoom(i, questions[i]);
      }
      ScanTogether(passes, block, 1, questions.data());
      for (size_t i = 0; i < passes.size(); ++i) {
        passes[i]->AppendEstimates(block, questions[i], room.sample(i));
      }
    }
    for (size_t i = 0; i < passes.size(); ++i) {
      passes[i]->Guess(room.sample(i), room.scratch());
    }
  }

  // What the scores of a block's rows are about.
  void AppendEstimates(size_t block, const PanelQuery& question,
                       std::vector<float>& estimates) const {
    const size_t first = block * kBlockRows;
    const float* const bias = question.bias;
    const int32_t* const dots = question.dots;
    const float scale = question.query_scale;
    const size_t begin = estimates.size();
    estimates.resize(begin + question.passed);
    float* const out = estimates.data() + begin;
    if (question.passed == kBlockRows) {  // All, and in their order.
      for (size_t i = 0; i < kBlockRows; ++i) {
        out[i] = codes().Scale(first + i) * scale * static_cast<float>(dots[i]);
      }
      for (size_t i = 0; bias != nullptr && i < kBlockRows; ++i) {
        out[i] += bias[i];
      }
      return;
    }
    for (size_t i = 0; i < question.passed; ++i) {
      const int32_t row = question.rows[i];
      out[i] = codes().Scale(first + static_cast<size_t>(row)) * scale *
                   static_cast<float>(dots[i]) +
               (bias == nullptr ? 0.0f : bias[row]);
    }
  }

  // From the scores of a sample.
  void Guess(std::vector<float>& sample, std::vector<float>& scratch) {
    const double expected = static_cast<double>(query_.k) *
                            static_cast<double>(sample.size()) /
                            static_cast<double>(num_live_);
    const auto place = static_cast<size_t>(
        expected + kGuessDeviations * std::sqrt(expected) + kGuessSpare);
    KeepLargestOfGroups(kGuessGroups * place, sample);
    if (place >= sample.size()) return;
    guess_ = KthLargest(place, sample, scratch);
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

  // For the rows in live_.
  PanelQuery Question(size_t first, size_t blocks, float threshold) {
    PanelQuery question = {};
    question.query = quantized_query_.groups.data();
    question.offset = codes().Offset(quantized_query_);
    question.query_scale = quantized_query_.scale;
    question.row_weight = quantized_query_.row_weight;
    question.code_weight = codes().CodeWeight(quantized_query_);
    question.threshold = threshold;
    question.bias = PanelBias(first * kBlockRows, blocks * kBlockRows);
    question.live = live_.data();
    return question;
  }

  // The last block may be longer than the bias.
  const float* PanelBias(size_t first, size_t count) {
    const absl::Span<const float> bias = query_.bias;
    if (bias.empty()) return nullptr;
    if (first + count <= bias.size()) return bias.data() + first;
    last_bias_.assign(bias.begin() + static_cast<ptrdiff_t>(first), bias.end());
    last_bias_.resize(count, 0.0f);
    return last_bias_.data();
  }

  // Where products underflow, bounds are off by less than the smallest float.
  float Threshold() const {
    return std::max(top_.threshold(),
                    guess_ - std::numeric_limits<float>::min());
  }

  void AddPassed(size_t first, size_t blocks, const PanelQuery& question,
                 PanelRows& room) {
    const size_t first_row = first * kBlockRows;
    if (nibbles_ == nullptr &&
        guess_ > -std::numeric_limits<float>::infinity()) {
      for (size_t i = 0; i < question.passed; ++i) {
        Postpone(static_cast<int32_t>(first_row) + question.rows[i]);
      }
      return;
    }
    AddBounded(first_row, question, room);
    if (nibbles_ != nullptr) CountPassed(blocks, question.passed);
  }

  void CountPassed(size_t blocks, size_t passed) {
    num_scanned_ += blocks * kBlockRows;
    num_passed_ += passed;
    if (num_passed_ > kNibbleStart + num_scanned_ / kNibbleRows) {
      nibbles_ = nullptr;
    }
  }

  void AddBounded(size_t first_row, const PanelQuery& question,
                  PanelRows& room) {
    TopRows::Bounded* const bounded = room.bounded();
    for (size_t i = 0; i < question.passed; ++i) {
      const auto place = static_cast<size_t>(question.rows[i]);
      const size_t row = first_row + place;
      const float slack = codes().Slack(row, quantized_query_);
      const float add = question.bias == nullptr ? 0.0f : question.bias[place];
      const float middle = codes().Scale(row) * question.query_scale *
                           static_cast<float>(question.dots[i]);
      bounded[i] = {static_cast<int32_t>(row), middle - slack + add,
                    middle + slack + add};
    }
    top_.AddBounded({bounded, question.passed}, Rescorer{this});
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
                    scores[r] + Bias(first + r), Rescorer{this});
    }
  }

  void Postpone(size_t block, uint64_t live) {
    for (; live != 0; live &= live - 1) {
      const size_t row = block * kBlockRows + std::countr_zero(live);
      Prefetch(row);
      Postpone(static_cast<int32_t>(row));
    }
  }

  void Postpone(int32_t row) {
    pending_[num_pending_++] = row;
    if (num_pending_ == kPendingRows) ScorePending();
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
    float scores[kPendingRows];
    Score({pending_.data(), num_pending_}, scores);
    for (size_t i = 0; i < num_pending_; ++i) {
      if (!(scores[i] > guess_)) continue;
      top_.AddExact(pending_[i], scores[i], Rescorer{this});
    }
    num_pending_ = 0;
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
  const QuantizedRows* nibbles_ = nullptr;  // Null: asks the bytes.
  QuantizedQuery quantized_query_;
  size_t num_live_ = 0;
  bool many_live_ = false;
  size_t num_scanned_ = 0;  // Of nibbles.
  size_t num_passed_ = 0;
  size_t guess_step_ = 0;  // 0: nothing is guessed.
  float guess_ = -std::numeric_limits<float>::infinity();
  TopRows top_;
  std::vector<uint64_t> live_;
  std::vector<float> last_bias_;
  std::array<int32_t, kPendingRows> pending_;
  size_t num_pending_ = 0;
};

ExactScan::ExactScan(const Factors* vectors, const ScanOptions& options)
    : vectors_(vectors),
      kernels_(options.kernels == nullptr ? &ActiveKernels()
                                          : options.kernels) {
  if (vectors->rows() < kMinQuantizedRows) return;
  if (vectors->dim() < kMinQuantizedDim) return;
  quantized_ = std::make_unique<QuantizedRows>(*vectors, CodeBits::kEight,
                                               options.threads);
  if (quantized_->bytes() <= options.cached_bytes) return;
  nibbles_ = std::make_unique<QuantizedRows>(*vectors, CodeBits::kFour,
                                             options.threads);
}

size_t ExactScan::scanned_bytes() const {
  if (nibbles_ != nullptr) return nibbles_->bytes();
  if (quantized_ != nullptr) return quantized_->bytes();
  return vectors_->rows() * vectors_->dim() * sizeof(float);
}

std::vector<ScoredRow> ExactScan::Search(const ScanQuery& query) const {
  return std::move(SearchBatch({&query, 1}).front());
}

std::vector<std::vector<ScoredRow>> ExactScan::SearchBatch(
    absl::Span<const ScanQuery> queries) const {
  std::vector<std::vector<ScoredRow>> results(queries.size());
  const size_t blocks = (vectors_->rows() + kBlockRows - 1) / kBlockRows;
  if (blocks == 0) return results;
  const size_t panel = std::min(blocks, PanelBlocks(vectors_->dim()));
  PanelRows room(panel);
  for (size_t begin = 0; begin < queries.size(); begin += kBatchQueries) {
    const size_t end = std::min(begin + kBatchQueries, queries.size());
    std::vector<Pass> passes;
    std::vector<size_t> asked;
    passes.reserve(end - begin);
    for (size_t i = begin; i < end; ++i) {
      if (queries[i].k <= 0) continue;
      passes.emplace_back(*this, queries[i], end - begin == 1);
      asked.push_back(i);
    }
    std::vector<Pass*> all;
    for (Pass& pass : passes) all.push_back(&pass);
    const auto scan = [&](absl::Span<Pass* const> some) {
      for (size_t first = 0; first < blocks; first += panel) {
        const size_t count = std::min(panel, blocks - first);
        for (size_t p = 0; p < some.size(); p += kQueriesAtOnce) {
          Pass::ScanPanel(first, count, some.subspan(p, kQueriesAtOnce), room);
        }
      }
    };
    Pass::GuessThresholds(all, room);
    scan(all);
    for (size_t i = 0; i < passes.size(); ++i) {
      std::vector<ScoredRow>& best = results[asked[i]];
      if (passes[i].Take(best)) continue;
      passes[i].ForgetGuess();
      scan({&all[i], 1});
      passes[i].Take(best);
    }
  }
  return results;
}

}  // namespace usher
