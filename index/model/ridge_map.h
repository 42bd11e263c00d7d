// A learned linear map from features to factors.
#ifndef USHER_INDEX_MODEL_RIDGE_MAP_H_
#define USHER_INDEX_MODEL_RIDGE_MAP_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/model/factors.h"

namespace usher {

// y = x W + b, with p inputs and d outputs; trainer/algorithms/ridge.h fits it.
// Immutable and thread-safe; copies share borrowed memory.
class RidgeMap {
 public:
  // No inputs, no outputs.
  RidgeMap() = default;
  // `weights` is (p + 1) x d; its last row is b.
  explicit RidgeMap(Factors weights) : weights_(std::move(weights)) {}

  // Borrows `bytes`, which live as long as `keep`, or copies them when they do
  // not start at a multiple of 8. DataLoss for anything that Serialize() cannot
  // have written.
  static absl::StatusOr<RidgeMap> FromBytes(absl::string_view bytes,
                                            std::shared_ptr<const void> keep);
  // A flat block (flat_bytes.h): counts of rows and outputs, then the weights.
  std::string Serialize() const;

  size_t inputs() const {
    return weights_.rows() == 0 ? 0 : weights_.rows() - 1;
  }
  size_t outputs() const { return weights_.dim(); }
  bool empty() const { return weights_.empty(); }
  const Factors& weights() const { return weights_; }

  // Writes y into `out`. x.size() must be inputs(), out.size() outputs().
  void Apply(absl::Span<const float> x, absl::Span<float> out) const;
  std::vector<float> Apply(absl::Span<const float> x) const;

 private:
  Factors weights_;
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_RIDGE_MAP_H_
