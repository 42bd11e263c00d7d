// Ranks without sorting.
#ifndef USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_
#define USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace usher {

// How many of a set of non-negative numbers lie clearly below or above a given
// one: 1,024 bins, 16 to an octave (about 4 % wide), from 2^-24 to 2^40.
// Numbers of one bin are ties; integers up to 16 have bins of their own.
// Negative numbers count as 0; a NaN is no number and is not counted. Plain
// data.
class LogHistogram {
 public:
  explicit LogHistogram(absl::Span<const float> values) {
    for (const float value : values) {
      if (!std::isnan(value)) ++below_[Bin(value) + 1];
    }
    for (size_t i = 1; i < below_.size(); ++i) below_[i] += below_[i - 1];
  }

  // Numbers in lower bins than `value`'s. `value` is not NaN.
  uint32_t Below(float value) const { return below_[Bin(value)]; }
  // Numbers in higher bins than `value`'s. `value` is not NaN.
  uint32_t Above(float value) const {
    return below_.back() - below_[Bin(value) + 1];
  }

 private:
  static constexpr size_t kBins = 1024;
  static constexpr uint32_t kLowest = (127 - 24) << 4;

  static size_t Bin(float value) {
    if (!(value > 0)) return 0;
    // The exponent and the first four bits of the mantissa.
    const uint32_t key = std::bit_cast<uint32_t>(value) >> 19;
    return std::clamp<uint32_t>(key, kLowest, kLowest + kBins - 1) - kLowest;
  }

  std::array<uint32_t, kBins + 1> below_{};
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_
