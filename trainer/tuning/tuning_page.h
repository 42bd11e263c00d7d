// A search as a page with charts.
#ifndef USHER_TRAINER_TUNING_TUNING_PAGE_H_
#define USHER_TRAINER_TUNING_TUNING_PAGE_H_

#include <string>
#include <vector>

#include "trainer/tuning/trial_log.h"

namespace usher {

// One HTML page that needs nothing from elsewhere: the best figure as the
// search went on, the figure by each parameter, and every trial. `start` is
// where the configuration lies that the search began with.
std::string TuningPage(const std::vector<Trial>& trials,
                       const UnitPoint& start);

}  // namespace usher

#endif  // USHER_TRAINER_TUNING_TUNING_PAGE_H_
