// From scored events to a list: what the caller and not the model wants.
#ifndef USHER_SERVING_RANKING_ARRANGE_H_
#define USHER_SERVING_RANKING_ARRANGE_H_

#include <cstddef>
#include <vector>

#include "index/artifact/snapshot.h"
#include "index/catalog/filter.h"
#include "serving/ranking/query.h"
#include "serving/ranking/ranked_event.h"

namespace usher {

// A rule with its filter looked up.
struct CompiledRule {
  CompiledFilter filter;
  RuleAction action = RuleAction::kBoost;
  float boost = 1;
  int pin_position = 0;
};

// Rules apply in their order, as Rule says. Borrows the catalog.
std::vector<CompiledRule> CompileRules(const Query& query,
                                       const Catalog& catalog,
                                       const GeoPoint& center);

// True when a rule excludes the event.
bool IsExcluded(const std::vector<CompiledRule>& rules, EventRow event);

// At most query.limit + query.further of `ranked`, by their places in it, in
// the order of the list: boosts, then diversity, then the caps, then pins.
// `ranked` is in its order by score, ties decided. Pure.
//
// Diversity d in (0, 1] picks, one after the other, the event with the largest
//   (1 - d) * s - d * (greatest similarity to one picked before),
// with s the boosted score scaled to [0, 1] over the events (maximal marginal
// relevance; Carbonell and Goldstein 1998). Two events of one series are alike
// by 1, of one organizer by .7 at least, of one venue by .4 at least, others by
// the cosine of their content where it is positive. What comes long after the
// list (2 * query.limit, and 100) is in the order of s.
std::vector<size_t> Arrange(const Query& query,
                            const std::vector<CompiledRule>& rules,
                            const Snapshot& snapshot,
                            const std::vector<RankedEvent>& ranked);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_ARRANGE_H_
