// A question about the ranking, asked of users.
#ifndef USHER_SERVING_EXPERIMENTS_EXPERIMENT_H_
#define USHER_SERVING_EXPERIMENTS_EXPERIMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "serving/ranking/policy.h"

namespace usher {

// One of the rankings that are compared.
struct Variant {
  std::string name;
  double weight = 1;  // Users get it in proportion.
  RankingOverrides ranking;
};

// As in proto/usher/config/experiments.proto.
struct Experiment {
  std::string name;
  std::string salt;               // Empty: the name.
  std::string layer;              // Empty: one of its own.
  double share = 1;               // Of all users.
  std::optional<double> begin;    // Where in the layer its users begin.
  std::vector<Variant> variants;  // The others are compared with the first.
};

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_EXPERIMENT_H_
