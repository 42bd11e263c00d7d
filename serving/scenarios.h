// Named defaults of requests for lists, from the server's configuration.
#ifndef USHER_SERVING_SCENARIOS_H_
#define USHER_SERVING_SCENARIOS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serving/ranking/query.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {

inline constexpr size_t kMaxScenarios = 100;

// The defaults of one place where lists are shown. A value.
struct Scenario {
  // What `request` sets, and the scenario's for what it leaves unset; filters
  // field by field. Rules are the request's alone.
  v1::RecommendRequest Fill(const v1::RecommendRequest& request) const;

  std::string name;
  v1::RecommendRequest defaults;  // Without rules.
  std::vector<Rule> rules;        // They go before those of a request.
};

// Immutable.
class Scenarios {
 public:
  // There are none.
  Scenarios() = default;
  // Each request is a scenario, named by its own field `scenario`.
  // InvalidArgument with the path, "scenarios[1].filter.max_distance_km", for
  // what a request may not say, and for a name that is bad or taken.
  static absl::StatusOr<Scenarios> Create(
      std::vector<v1::RecommendRequest> defaults);
  static const Scenarios& None();

  // Null for the empty name. InvalidArgument, which says what there is, for an
  // unknown one. Good as long as the scenarios are.
  absl::StatusOr<const Scenario*> Find(absl::string_view name) const;

 private:
  std::vector<Scenario> all_;
};

}  // namespace usher

#endif  // USHER_SERVING_SCENARIOS_H_
