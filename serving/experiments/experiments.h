// Who gets which variant of which experiment: a pure function of the
// configuration and the user's id.
#ifndef USHER_SERVING_EXPERIMENTS_EXPERIMENTS_H_
#define USHER_SERVING_EXPERIMENTS_EXPERIMENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "serving/experiments/experiment.h"
#include "serving/ranking/policy.h"

namespace usher {

// A user's part in an experiment. Points into the Experiments that gave it.
struct Assignment {
  const Experiment* experiment = nullptr;
  const Variant* variant = nullptr;
};

// All experiments of a server. Immutable.
//
// A user's id is hashed to a point of [0, 1) in each layer; an experiment takes
// the users whose point lies in its part of the layer (Tang et al.,
// "Overlapping Experiment Infrastructure", KDD 2010). A second hash, under the
// experiment's salt, draws the variant, so that the two are independent.
class Experiments {
 public:
  static constexpr int kMaxExperiments = 100;
  static constexpr int kMinVariants = 2;
  static constexpr int kMaxVariants = 20;
  static constexpr double kMaxVariantWeight = 1e6;

  // None at all.
  Experiments() = default;
  static const Experiments& None();
  // InvalidArgument names the field: "experiments[2].share: 1.5 is not ...".
  static absl::StatusOr<Experiments> Create(std::vector<Experiment> all);
  Experiments(Experiments&&) = default;
  Experiments& operator=(Experiments&&) = default;

  // In the order of the configuration.
  absl::Span<const Experiment> all() const { return all_; }
  // Null when there is none of that name.
  const Experiment* Find(absl::string_view name) const;

  // In the order of the configuration; without an id in none.
  std::vector<Assignment> Assign(absl::string_view user_id) const;

 private:
  // Which users an experiment takes, and which of them each variant.
  struct Draw {
    uint64_t layer_seed = 0;
    double begin = 0;
    double end = 0;
    uint64_t variant_seed = 0;
    // By name: the variant, and where in [0, 1) its users end.
    std::vector<std::pair<int, double>> variant_ends;
  };

  absl::Status PlaceInLayers();
  void DrawVariants();

  std::vector<Experiment> all_;
  std::vector<Draw> draws_;  // Of each.
};

// `base` with what the variants override, which is never the same field twice.
RankingPolicy PolicyOf(const std::vector<Assignment>& assignments,
                       const RankingPolicy& base);

}  // namespace usher

#endif  // USHER_SERVING_EXPERIMENTS_EXPERIMENTS_H_
