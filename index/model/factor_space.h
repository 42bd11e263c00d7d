// The result of one matrix factorization, and the users folded into it.
#ifndef USHER_INDEX_MODEL_FACTOR_SPACE_H_
#define USHER_INDEX_MODEL_FACTOR_SPACE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "index/model/factors.h"

namespace usher {

// An item (event or organizer) that a user has to do with. A negative weight
// pushes away: the item's target is -1 instead of 1.
struct WeightedItem {
  int32_t item = 0;
  float weight = 0;
};

// Parameters of the row solve; trainer/algorithms/als.h minimizes the same sum.
struct FactorSpaceOptions {
  float unobserved_weight = 0.1f;   // alpha_0.
  float regularization = 0.003f;    // lambda.
  float frequency_exponent = 1.0f;  // nu.
  // e: a weight counts (n / mean n * observations / mean observations)^-e
  // times, where n is the number of the user's items.
  float degree_exponent = 0.0f;
  float mean_row = 1.0f;  // Mean n of the users that were learned from.
};

// Users and items in one space whose inner product says how well they match.
// Items are rows of the catalogue at training time: later rows have no factors.
// Immutable.
class FactorSpace {
 public:
  FactorSpace() = default;
  // `items` are final; `observations` says of each how many users it was
  // learned from.
  FactorSpace(Factors users, Factors items, std::vector<float> observations,
              FactorSpaceOptions options);

  size_t dim() const { return items_.dim(); }
  bool empty() const { return items_.empty(); }
  const Factors& users() const { return users_; }
  const Factors& items() const { return items_; }
  absl::Span<const float> observations() const { return observations_; }
  const FactorSpaceOptions& options() const { return options_; }

  // The factors of a user with this history, in closed form:
  //   (a0 Y'Y + sum |w| y y' + lambda (n + a0 items)^nu I) x = sum w y,
  // where n is the number of items with factors, and w is weighted by degree
  // (degree_exponent). Hu, Koren, Volinsky 2008, as
  // in Rendle et al. 2021. Items without factors are left out; zeros when none
  // is left. O(n dim^2 + dim^3).
  std::vector<float> FoldIn(absl::Span<const WeightedItem> history) const;

 private:
  Factors users_;
  Factors items_;
  std::vector<float> observations_;
  FactorSpaceOptions options_;
  std::vector<float> gram_;    // a0 Y'Y, dim x dim.
  std::vector<float> degree_;  // By item, what its weights count; or empty.
};

}  // namespace usher

#endif  // USHER_INDEX_MODEL_FACTOR_SPACE_H_
