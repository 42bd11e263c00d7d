// A made-up city small enough to train within a test.
#ifndef USHER_TESTS_TESTING_SYNTHETIC_CITY_H_
#define USHER_TESTS_TESTING_SYNTHETIC_CITY_H_

#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/synth.h"
#include "trainer/train_hybrid.h"

namespace usher {

// 300 users, 400 events, 6000 interactions; about a second to train.
SynthOptions SmallCity(uint64_t seed = 1);

// Writes the city into a directory of its own, reads it back and removes it.
Dataset SyntheticCity(const SynthOptions& options);

// Options that train a small city fast: few factors, few sweeps, one thread.
TrainOptions SmallOptions();

// TrainHybrid() without a log; a failure is the test's.
TrainedVersion Trained(const Dataset& dataset,
                       const TrainOptions& options = SmallOptions());

// The ids of what RankEvents() gives under the version's own policy.
std::vector<std::string> RankedIds(const Snapshot& snapshot,
                                   const std::string& user, Micros now,
                                   int limit = 50,
                                   bool include_interacted = false);

}  // namespace usher

#endif  // USHER_TESTS_TESTING_SYNTHETIC_CITY_H_
