// The best rows where the bias says most.
#ifndef USHER_INDEX_VECTOR_BIASED_SEARCH_H_
#define USHER_INDEX_VECTOR_BIASED_SEARCH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "index/model/factors.h"
#include "index/vector/scan.h"
#include "index/vector/scored_row.h"

namespace usher {

// The length of each row, or the largest float where it has none.
std::vector<float> NormsOf(const Factors& vectors, int threads);

// What ExactScan::Search() gives, by another way: allowed rows of a large bias
// are scored, and of the others only those whose bias + |query| |row|, which no
// score exceeds (Cauchy and Schwarz), reaches the k-th of them. None when that
// leaves so many rows that a scan is cheaper.
//
// `foremost` are rows whose bias is large, the largest first as far as that is
// known; where fewer than k of them are allowed, they are looked for among the
// allowed. `query` has an `allowed` and a bias a row, else there is no result;
// `norms` are NormsOf(vectors). Rows of `foremost` that do not exist are passed
// over; none may be there twice.
std::optional<std::vector<ScoredRow>> SearchByBias(
    const Factors& vectors, absl::Span<const float> norms,
    absl::Span<const int32_t> foremost, const ScanQuery& query);

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_BIASED_SEARCH_H_
