#include "index/vector/biased_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <utility>

#include "index/base/parallel.h"
#include "index/base/status_macros.h"
#include "index/vector/best_rows.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

// So many of the foremost are scored first, or k.
constexpr size_t kScoredFirst = 512;
// Where more of the allowed rows than one in so many are left, a scan is
// cheaper.
constexpr size_t kFew = 4;
// More than float arithmetic rounds away.
constexpr float kRounding = 1e-4f;
constexpr size_t kWordRows = 64;

// Scores rows one behind the other.
class Scorer {
 public:
  Scorer(const Factors& vectors, const ScanQuery& query)
      : vectors_(vectors), query_(query) {}

  void Score(absl::Span<const int32_t> rows, std::vector<ScoredRow>& out) {
    products_.resize(rows.size());
    out.reserve(out.size() + rows.size());
    DotGather(query_.query.data(), vectors_.data(), vectors_.dim(), rows.data(),
              rows.size(), products_.data());
    for (size_t i = 0; i < rows.size(); ++i) {
      const float score =
          products_[i] + query_.bias[static_cast<size_t>(rows[i])];
      if (score > -std::numeric_limits<float>::infinity()) {
        out.push_back({rows[i], score});
      }
    }
  }

 private:
  const Factors& vectors_;
  const ScanQuery& query_;
  std::vector<float> products_;
};

// Those of `foremost` that are allowed, `wanted` at most.
std::vector<int32_t> AllowedOf(absl::Span<const int32_t> foremost,
                               const ScanQuery& query, size_t wanted) {
  std::vector<int32_t> rows;
  rows.reserve(std::min(wanted, foremost.size()));
  for (const int32_t row : foremost) {
    if (rows.size() == wanted) break;
    const auto place = static_cast<size_t>(row);
    if (row < 0 || place >= query.bias.size()) continue;
    if (query.allowed->Test(place)) rows.push_back(row);
  }
  return rows;
}

// The `wanted` allowed rows of the largest bias; none where they are not few
// among the allowed.
std::vector<int32_t> LargestOfAllowed(const ScanQuery& query, size_t wanted) {
  std::vector<std::pair<float, int32_t>> biased;
  query.allowed->ForEach([&](size_t row) {
    if (row >= query.bias.size() || std::isnan(query.bias[row])) return;
    biased.emplace_back(query.bias[row], static_cast<int32_t>(row));
  });
  std::vector<int32_t> rows;
  if (biased.size() < kFew * wanted) return rows;
  std::nth_element(biased.begin(),
                   biased.begin() + static_cast<std::ptrdiff_t>(wanted),
                   biased.end(), std::greater<>());
  rows.reserve(wanted);
  for (size_t i = 0; i < wanted; ++i) rows.push_back(biased[i].second);
  return rows;
}

float KthScore(const std::vector<ScoredRow>& rows, size_t k) {
  std::vector<float> scores;
  scores.reserve(rows.size());
  for (const ScoredRow& row : rows) scores.push_back(row.score);
  std::vector<float> scratch;
  return KthLargest(k, scores, scratch);
}

// The rows of `allowed` that may have more than the threshold; none when they
// are not few.
std::optional<std::vector<int32_t>> RowsInReach(const RowBitmap& allowed,
                                                const ScanQuery& query,
                                                absl::Span<const float> norms,
                                                float factor, float threshold) {
  std::vector<int32_t> rows;
  rows.reserve(kScoredFirst);
  size_t all = 0;
  const absl::Span<const uint64_t> words = allowed.words();
  for (size_t w = 0; w < words.size(); ++w) {
    const size_t first = w * kWordRows;
    if (words[w] == 0 || first >= norms.size()) continue;
    all += static_cast<size_t>(std::popcount(words[w]));
    uint64_t bits =
        words[w] &
        AboveThreshold(query.bias.data() + first, norms.data() + first, factor,
                       std::min(kWordRows, norms.size() - first), threshold);
    for (; bits != 0; bits &= bits - 1) {
      rows.push_back(static_cast<int32_t>(first + std::countr_zero(bits)));
    }
  }
  if (rows.size() * kFew > all) return std::nullopt;
  return rows;
}

}  // namespace

std::vector<float> NormsOf(const Factors& vectors, int threads) {
  constexpr int64_t kRowsAtOnce = 4096;
  std::vector<float> norms(vectors.rows());
  ParallelFor(static_cast<int64_t>(norms.size()), kRowsAtOnce, threads,
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) {
                  const float* v = vectors.Row(static_cast<size_t>(row)).data();
                  norms[static_cast<size_t>(row)] =
                      std::min(std::sqrt(Dot(v, v, vectors.dim())),
                               std::numeric_limits<float>::max());
                }
              });
  return norms;
}

std::optional<std::vector<ScoredRow>> SearchByBias(
    const Factors& vectors, absl::Span<const float> norms,
    absl::Span<const int32_t> foremost, const ScanQuery& query) {
  if (query.k <= 0 || query.allowed == nullptr || query.bias.empty()) {
    return std::nullopt;
  }
  USHER_CHECK(query.bias.size() == vectors.rows() &&
              norms.size() == vectors.rows());
  const auto k = static_cast<size_t>(query.k);
  const size_t wanted = std::max(k, kScoredFirst);
  std::vector<int32_t> first = AllowedOf(foremost, query, wanted);
  if (first.size() < k) first = LargestOfAllowed(query, wanted);
  if (first.size() < k) return std::nullopt;
  Scorer scorer(vectors, query);
  std::vector<ScoredRow> best;
  scorer.Score(first, best);
  if (best.size() < k) return std::nullopt;
  const float least = KthScore(best, k);
  const float length = std::sqrt(
      Dot(query.query.data(), query.query.data(), query.query.size()));
  if (!std::isfinite(least) || !std::isfinite(length)) return std::nullopt;
  RowBitmap others = query.allowed->First(vectors.rows());
  for (const int32_t row : first) others.Clear(static_cast<size_t>(row));
  const auto rows = RowsInReach(others, query, norms, length * (1 + kRounding),
                                least - kRounding * (1 + std::abs(least)));
  if (!rows.has_value()) return std::nullopt;
  scorer.Score(*rows, best);
  KeepBest(k, best);
  SortBest(best);
  return best;
}

}  // namespace usher
