// A matrix of factors: one row per user, event or organizer.
#ifndef USHER_INDEX_MODEL_FACTORS_H_
#define USHER_INDEX_MODEL_FACTORS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace usher {

// Row-major floats, `rows` x `dim`, without padding; every matrix of the
// project has this layout. Either owns its memory or borrows a mapped file
// that it keeps alive. Immutable once shared; copying shares the memory of a
// borrowed matrix and copies an owned one.
class Factors {
 public:
  Factors() = default;
  // Zeros.
  Factors(size_t rows, size_t dim)
      : rows_(rows), dim_(dim), owned_(rows * dim, 0.0f) {}
  // Borrows rows * dim floats that live as long as `keep`.
  Factors(size_t rows, size_t dim, const float* data,
          std::shared_ptr<const void> keep)
      : rows_(rows), dim_(dim), mapped_(data), keep_(std::move(keep)) {}

  size_t rows() const { return rows_; }
  size_t dim() const { return dim_; }
  bool empty() const { return rows_ == 0 || dim_ == 0; }
  const float* data() const {
    return mapped_ != nullptr ? mapped_ : owned_.data();
  }
  absl::Span<const float> Row(size_t row) const& {
    return {data() + row * dim_, dim_};
  }
  absl::Span<const float> Row(size_t row) const&& = delete;
  // Only for a matrix that owns its memory.
  float* mutable_data() { return owned_.data(); }
  absl::Span<float> MutableRow(size_t row) {
    return {owned_.data() + row * dim_, dim_};
  }

 private:
  size_t rows_ = 0;
  size_t dim_ = 0;
  std::vector<float> owned_;
  const float* mapped_ = nullptr;
  std::shared_ptr<const void> keep_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_FACTORS_H_
