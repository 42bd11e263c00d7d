// A row and its score.
#ifndef USHER_INDEX_VECTOR_SCORED_ROW_H_
#define USHER_INDEX_VECTOR_SCORED_ROW_H_

#include <cstdint>

namespace usher {

struct ScoredRow {
  int32_t row;
  float score;
};

inline bool operator==(const ScoredRow& a, const ScoredRow& b) {
  return a.row == b.row && a.score == b.score;
}

// The order of every result: larger score first, then smaller row.
inline bool IsBetter(const ScoredRow& a, const ScoredRow& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

}  // namespace usher

#endif  // USHER_INDEX_VECTOR_SCORED_ROW_H_
