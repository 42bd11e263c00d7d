// The best of some scored rows. Where there are many, nothing branches on a
// score, so that nothing is mispredicted.
#ifndef USHER_INDEX_VECTOR_BEST_ROWS_H_
#define USHER_INDEX_VECTOR_BEST_ROWS_H_

#include <cstddef>
#include <vector>

#include "index/vector/scored_row.h"

namespace usher {

// All functions are thread-safe; scores must not be NaN.

// The k-th largest of `values`, which are destroyed; `scratch` is written over.
// Requires 1 <= k <= values.size().
float KthLargest(size_t k, std::vector<float>& values,
                 std::vector<float>& scratch);

// Keeps the best k by IsBetter, in any order; returns the last one's score.
// Requires 1 <= k <= rows.size().
float KeepBest(size_t k, std::vector<ScoredRow>& rows);

// Sorts by IsBetter. Requires rows of 0 or more. A score of -0 becomes 0.
void SortBest(std::vector<ScoredRow>& rows);

// Keeps the elements that `keep` holds for, in their order.
template <class T, class Keep>
void KeepIf(std::vector<T>& values, Keep keep) {
  size_t kept = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = values[i];
    values[kept] = value;
    kept += keep(value);
  }
  values.resize(kept);
}

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_BEST_ROWS_H_
