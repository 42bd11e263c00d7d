// Ranks without sorting.
#ifndef USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_
#define USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace usher {

// How many of a set of non-negative numbers lie clearly below or above a given
// one: 1,024 bins, 16 to an octave (about 4 % wide), from 2^-24 to 2^40.
// Numbers of one bin are ties; integers up to 16 have bins of their own. The
// bins are the same for every set, so that numbers may come and go. Plain data.
class LogHistogram {
 public:
  using Bin = uint16_t;
  static constexpr size_t kBins = 1024;
  // Of a NaN, which is no number and is not counted.
  static constexpr Bin kNoBin = kBins;

  // Negative numbers count as 0.
  static Bin BinOf(float value) {
    if (std::isnan(value)) return kNoBin;
    if (!(value > 0)) return 0;
    // The exponent and the first four bits of the mantissa.
    const uint32_t key = std::bit_cast<uint32_t>(value) >> 19;
    return static_cast<Bin>(
        std::clamp<uint32_t>(key, kLowest, kLowest + kBins - 1) - kLowest);
  }

  void Add(Bin bin) { counts_[bin] += 1; }
  // Takes out a number that was added.
  void Remove(Bin bin) { counts_[bin] -= 1; }

  // ln(1 + how many numbers are in lower bins, or in higher ones), by bin. That
  // of kNoBin is the mean rank of all numbers; 0 when there are none.
  using Ranks = std::array<float, kBins + 1>;
  Ranks RanksOfSmall() const {
    Ranks ranks;
    Walk walk;
    for (size_t bin = 0; bin < kBins; ++bin) {
      ranks[bin] = walk.Pass(counts_[bin]);
    }
    ranks[kNoBin] = walk.Mean();
    return ranks;
  }
  Ranks RanksOfLarge() const {
    Ranks ranks;
    Walk walk;
    for (size_t bin = kBins; bin-- > 0;) {
      ranks[bin] = walk.Pass(counts_[bin]);
    }
    ranks[kNoBin] = walk.Mean();
    return ranks;
  }

 private:
  static constexpr uint32_t kLowest = (127 - 24) << 4;

  // Over the bins in the order of rank; the logarithm is taken anew only
  // behind a bin that holds something.
  class Walk {
   public:
    float Pass(uint32_t count) {
      const float rank = rank_;
      if (count > 0) {
        passed_ += count;
        sum_ += static_cast<double>(count) * rank;
        rank_ = std::log1p(static_cast<float>(passed_));
      }
      return rank;
    }
    float Mean() const {
      return passed_ == 0 ? 0.0f : static_cast<float>(sum_ / passed_);
    }

   private:
    uint32_t passed_ = 0;
    double sum_ = 0;
    float rank_ = 0;
  };

  std::array<uint32_t, kBins + 1> counts_{};  // The last: of kNoBin.
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_LOG_HISTOGRAM_H_
