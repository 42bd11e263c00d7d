// A list that was answered, as it is written down.
#ifndef USHER_SERVING_LIST_EXPOSURE_H_
#define USHER_SERVING_LIST_EXPOSURE_H_

#include "index/base/clock.h"
#include "index/state/exposure_store.h"
#include "serving/ranking/query.h"
#include "serving/recommender.h"

namespace usher {

// `shown`: what is served is shown; else the client says so later. `sampled`:
// what it was ranked by is kept as well, unless the user is forgotten.
Exposure ListExposure(const Query& query, const Recommendations& answer,
                      Micros served_at, bool shown, bool sampled);

}  // namespace usher

#endif  // USHER_SERVING_LIST_EXPOSURE_H_
