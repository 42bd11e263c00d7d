// How large a learned ranker may become.
#ifndef USHER_TRAINER_RANKER_RANKER_OPTIONS_H_
#define USHER_TRAINER_RANKER_RANKER_OPTIONS_H_

#include <vector>

#include "serving/ranking/features.h"

namespace usher {

struct RankerOptions {
  int trees = 100;  // At most; smaller sizes are tried as well. 8 to 1,000.
  int depth = 5;    // Splits on every path; 1 to 8.
  float learning_rate = 0.15f;  // Above 0, at most 1.
  // What neither the linear score nor the trees look at.
  std::vector<Feature> leave_out;
};

}  // namespace usher

#endif  // USHER_TRAINER_RANKER_RANKER_OPTIONS_H_
