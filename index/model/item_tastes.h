// What users have to do with, as weights: the rows of taste matrices.
#ifndef USHER_INDEX_MODEL_ITEM_TASTES_H_
#define USHER_INDEX_MODEL_ITEM_TASTES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "index/catalog/catalog.h"
#include "index/catalog/rows.h"
#include "index/model/factor_space.h"
#include "index/model/feedback.h"

namespace usher {

// An event that a visitor has shown interest in; `weight` is a taste weight.
struct TasteSeed {
  EventRow event = kNoEvent;
  float weight = 1;
};

// What the columns of a taste matrix are. Values are stored in files; never
// renumber.
enum class ItemKind : uint8_t {
  kEvent = 0,
  kOrganizer = 1,
  kVenue = 2,
  kTag = 3,
};
inline constexpr int kNumItemKinds = 4;

// Items that there are: rows [0, n) of the catalogue or of its vocabulary.
size_t NumItems(const Catalog& catalog, ItemKind kind);

// The items that an event is, or has: itself, its organizer, its venue or its
// tags. The view lives as long as the catalogue does not change, or `scratch`.
absl::Span<const int32_t> ItemsOf(const Catalog& catalog, EventRow event,
                                  ItemKind kind, int32_t& scratch);

// A user's items with their weights, each once, ascending: EventTastes() or
// OrganizerTastes(); of a venue ln(1 + sum of taste) of the events there; of a
// tag the sum of taste of the events that have it.
std::vector<WeightedItem> ItemTastes(const Catalog& catalog, ItemKind kind,
                                     absl::Span<const Action> history,
                                     absl::Span<const Follow> follows,
                                     absl::Span<const TasteSeed> seeds,
                                     const Feedback& feedback = {});

// A user's events with their taste weights, each once, by row: a row of the
// user x event matrix.
std::vector<WeightedItem> EventTastes(absl::Span<const Action> history,
                                      absl::Span<const TasteSeed> seeds,
                                      const Feedback& feedback = {});

// A user's organizers, each once, by row: a row of the user x organizer matrix.
// What feedback.organizers says of a positive sum of taste of their events
// there, -ln(1 - sum) of a negative one, and kFollowWeight for following.
std::vector<WeightedItem> OrganizerTastes(const Catalog& catalog,
                                          absl::Span<const Action> history,
                                          absl::Span<const Follow> follows,
                                          absl::Span<const TasteSeed> seeds,
                                          const Feedback& feedback = {});

inline constexpr float kFollowWeight = 0.5f;

}  // namespace usher

#endif  // USHER_INDEX_MODEL_ITEM_TASTES_H_
