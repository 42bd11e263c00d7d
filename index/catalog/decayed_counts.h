// Counts that fade.
#ifndef USHER_INDEX_CATALOG_DECAYED_COUNTS_H_
#define USHER_INDEX_CATALOG_DECAYED_COUNTS_H_

#include <array>
#include <cmath>

#include "index/base/clock.h"
#include "index/base/quick_math.h"

namespace usher {

// Three counters of the same occurrences, each fading by 1/e over its own
// horizon: sum over occurrences of weight * exp(-(now - t) / horizon). Plain
// data; occurrences may be added in any order.
//
// There is no clock in here: one occurrence far in the future fades all that
// came before it. Who knows the time gives none that is later
// (Catalog::Apply).
struct DecayedCounts {
  using Horizons = std::array<Micros, 3>;

  Micros as_of = kNoTime;  // The latest occurrence; kNoTime before the first.
  std::array<float, 3> values{};  // At `as_of`.
  float padding = 0;

  // Adds an occurrence; a negative weight takes one back. An undated one
  // (kNoTime) changes nothing.
  void Add(Micros t, float weight, const Horizons& horizons) {
    if (t == kNoTime) return;
    if (as_of == kNoTime) as_of = t;
    for (size_t i = 0; i < values.size(); ++i) {
      const float fade = Fade(as_of, t, horizons[i]);
      values[i] =
          t >= as_of ? values[i] * fade + weight : values[i] + weight * fade;
    }
    if (t > as_of) as_of = t;
  }

  // Counter `i` at `now`. Up to kAhead before `as_of` it reads as at `as_of`:
  // moving `now` back does not rewind what was recorded. Still earlier it fades
  // in the other direction, so that a wrong time in a far future is no
  // popularity for years.
  float At(size_t i, Micros now, const Horizons& horizons) const {
    return Faded(values[i], Away(now), horizons[i]);
  }

  // The same in two steps, the second without branches: how far `now` is from
  // `as_of`, and what is left of a value over there.
  float Away(Micros now) const {
    if (as_of == kNoTime) return 0;
    if (now > as_of) return static_cast<float>(now - as_of);
    return as_of - now <= kAhead ? 0 : static_cast<float>(as_of - kAhead - now);
  }
  static float Faded(float value, float away, Micros horizon) {
    const float left =
        value * QuickExpOfMinus(away / static_cast<float>(horizon));
    return value > 0 ? left : 0.0f;
  }

  static constexpr Micros kAhead = kDay;

 private:
  static float Fade(Micros a, Micros b, Micros horizon) {
    const double apart = static_cast<double>(a < b ? b - a : a - b);
    return static_cast<float>(std::exp(-apart / static_cast<double>(horizon)));
  }
};

inline constexpr DecayedCounts::Horizons kEventHorizons = {kHour, kDay,
                                                           7 * kDay};
inline constexpr DecayedCounts::Horizons kOrganizerHorizons = {kDay, 7 * kDay,
                                                               30 * kDay};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_DECAYED_COUNTS_H_
