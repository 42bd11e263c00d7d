// Two scenes of people who never meet: whoever learns anything tells them
// apart.
#ifndef USHER_TESTS_TRAINER_ALGORITHMS_TWO_SCENES_H_
#define USHER_TESTS_TRAINER_ALGORITHMS_TWO_SCENES_H_

#include <string>

#include "index/base/clock.h"
#include "trainer/data/dataset.h"

namespace usher {

// All of it was done before; its events are to come.
inline constexpr Micros kScenesNow = 1000 * kDay;

// 24 people and 40 events in each of the scenes "jazz" and "hike": person
// "jazz-3" said yes to about half of the events "jazz-e-N" of five organizers.
// With `ratings`, they rated them from 4 to 5 instead, and as many of the other
// scene from 1 to 2. Ids begin with `prefix`; rows are the same whatever it is.
Dataset TwoScenes(bool ratings, const std::string& prefix = "");

}  // namespace usher

#endif  // USHER_TESTS_TRAINER_ALGORITHMS_TWO_SCENES_H_
