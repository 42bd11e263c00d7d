// Where to look next, given what was seen.
#ifndef USHER_TRAINER_TUNING_SUGGEST_H_
#define USHER_TRAINER_TUNING_SUGGEST_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "trainer/tuning/parameter_space.h"

namespace usher {

// A point, and how good it turned out to be: more is better.
struct SeenPoint {
  UnitPoint point;
  double value = 0;
};

// The next point of a search around `start`. While fewer than `random` points
// were seen, half of the coordinates are uniform, by chance which, and the
// others those of `start`; then by the tree-structured Parzen estimator
// (Bergstra, Bardenet, Bengio and Kegl 2011): of points drawn near the best
// seventh of those seen, the one where the density of the best is highest
// against that of the others. A pure function: equal arguments, equal point.
UnitPoint SuggestPoint(absl::Span<const SeenPoint> seen, const UnitPoint& start,
                       size_t random, uint64_t seed);

}  // namespace usher

#endif  // USHER_TRAINER_TUNING_SUGGEST_H_
