// One event with its score.
#ifndef USHER_SERVING_RANKING_RANKED_EVENT_H_
#define USHER_SERVING_RANKING_RANKED_EVENT_H_

#include <array>
#include <cstdint>

#include "index/catalog/rows.h"
#include "serving/ranking/features.h"

namespace usher {

struct RankedEvent {
  EventRow event = kNoEvent;
  float score = 0;
  float distance_km = 0;  // NaN when unknown.
  uint8_t sources = 0;    // Bits of CandidateSource.
  // What its ranks are about: the hours to its start and since it was
  // announced (large without a start, NaN without an announcement), and the
  // number of upcoming events that it was compared with.
  float lead_hours = 0;
  float fresh_hours = 0;
  int32_t upcoming = 0;
  std::array<float, kNumFeatures> features{};
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_RANKED_EVENT_H_
