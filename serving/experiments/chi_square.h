// Whether users were split as they should have been.
#ifndef USHER_SERVING_EXPERIMENTS_CHI_SQUARE_H_
#define USHER_SERVING_EXPERIMENTS_CHI_SQUARE_H_

#include <cstdint>

#include "absl/types/span.h"

namespace usher {

// P(X >= x) for X of the chi-square distribution with `degrees` of freedom, by
// the closed forms for whole degrees (Abramowitz and Stegun 1964, 26.4.4 and
// 26.4.5), whose terms are all positive. Requires x >= 0 and degrees >= 1.
double ChiSquareTail(double x, int degrees);

// Below it a sample ratio is no chance: the experiment is broken, and its
// figures mislead (Fabijan et al., KDD 2019; Kohavi, Tang and Xu 2020, ch. 21).
inline constexpr double kSampleRatioAlarm = 0.001;

// How probable a split at least as far from the weights is by chance alone, if
// each user is drawn by these weights (Pearson 1900). 1 when nobody is there.
// Requires as many counts as weights, 2 or more, and weights above 0.
double SampleRatioPValue(absl::Span<const int64_t> users,
                         absl::Span<const double> weights);

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_CHI_SQUARE_H_
