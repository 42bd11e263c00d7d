// Sums by row in a table of all rows.
#ifndef USHER_SERVING_RANKING_DENSE_SUMS_H_
#define USHER_SERVING_RANKING_DENSE_SUMS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace usher {

// For many additions to few rows: no row is searched for. The table takes four
// bytes for each row that there is, so a thread keeps one and uses it again.
// Thread-compatible.
class DenseSums {
 public:
  // Requires value > 0.
  void Add(size_t row, float value) {
    if (row >= sums_.size()) sums_.resize(row + 1 + row / 2, 0.0f);
    float& sum = sums_[row];
    if (sum == 0) rows_.push_back(static_cast<uint32_t>(row));
    sum += value;
  }

  // Rows that something was added to.
  size_t size() const { return rows_.size(); }

  // Calls use(row, sum) for each of them in the order of their first Add(), and
  // leaves all sums at 0.
  template <class Use>
  void TakeEach(const Use& use) {
    for (const uint32_t row : rows_) {
      use(row, sums_[row]);
      sums_[row] = 0;
    }
    rows_.clear();
  }

 private:
  std::vector<float> sums_;
  std::vector<uint32_t> rows_;  // Whose sum is not 0.
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_DENSE_SUMS_H_
