#include "index/model/hybrid_model.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

// How many observations make an event's or organizer's own factors count as
// much as what its content says.
constexpr float kEventShrinkage = 5.0f;
constexpr float kOrganizerShrinkage = 2.0f;

// Sums the weights of equal items; result ascending by item.
std::vector<WeightedItem> Merged(std::vector<WeightedItem> items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const WeightedItem& a, const WeightedItem& b) {
                     return a.item < b.item;
                   });
  std::vector<WeightedItem> merged;
  for (const WeightedItem& item : items) {
    if (!merged.empty() && merged.back().item == item.item) {
      merged.back().weight += item.weight;
    } else {
      merged.push_back(item);
    }
  }
  return merged;
}

// Writes the part of one space: own factors where they were learned, the map's
// answer for the rest. Without a map there is nothing to shrink toward.
void BlendPart(const FactorSpace& space, int32_t item, float shrinkage,
               const RidgeMap& map, absl::Span<const float> description,
               float* out) {
  const size_t row = static_cast<size_t>(item);
  const bool learned = item >= 0 && row < space.items().rows();
  const float seen = learned ? space.observations()[row] : 0.0f;
  const float prior = map.empty() ? 0.0f : shrinkage;
  const float own = seen > 0 ? seen / (seen + prior) : 0.0f;
  std::vector<float> mapped;
  if (own < 1 && !map.empty()) mapped = map.Apply(description);
  for (size_t i = 0; i < space.dim(); ++i) {
    out[i] = own > 0 ? own * space.items().Row(row)[i] : 0.0f;
    if (!mapped.empty()) out[i] += (1 - own) * mapped[i];
  }
}

}  // namespace

std::vector<float> HybridModel::Describe(absl::Span<const float> embedding,
                                         const GeoPoint& place) const {
  std::vector<float> description(embedding.begin(), embedding.end());
  const std::vector<float> around = places.Apply(place);
  description.insert(description.end(), around.begin(), around.end());
  return description;
}

std::vector<float> HybridModel::EventVector(
    const Catalog& catalog, EventRow row,
    absl::Span<const float> embedding) const {
  const EventColumns& event = catalog.events.columns[Index(row)];
  const std::vector<float> description = Describe(embedding, event.location);
  std::vector<float> vector(dim());
  BlendPart(by_event, static_cast<int32_t>(row), kEventShrinkage, event_map,
            description, vector.data());
  BlendPart(by_organizer, static_cast<int32_t>(event.organizer),
            kOrganizerShrinkage, organizer_map, description,
            vector.data() + by_event.dim());
  return vector;
}

std::vector<float> HybridModel::UserVector(
    const Catalog& catalog, absl::Span<const Action> history,
    absl::Span<const Follow> follows, absl::Span<const TasteSeed> seeds) const {
  std::vector<float> vector;
  if (!by_event.empty()) vector = by_event.FoldIn(EventTastes(history, seeds));
  if (!by_organizer.empty()) {
    const std::vector<float> part =
        by_organizer.FoldIn(OrganizerTastes(catalog, history, follows, seeds));
    vector.insert(vector.end(), part.begin(), part.end());
  }
  return vector;
}

std::vector<WeightedItem> EventTastes(absl::Span<const Action> history,
                                      absl::Span<const TasteSeed> seeds) {
  std::vector<WeightedItem> items;
  items.reserve(history.size() + seeds.size());
  for (const Action& action : history) {
    const float taste = TasteWeight(action.kind, action.value);
    if (taste != 0) {
      items.push_back({static_cast<int32_t>(action.event), taste});
    }
  }
  for (const TasteSeed& seed : seeds) {
    items.push_back({static_cast<int32_t>(seed.event), seed.weight});
  }
  return Merged(std::move(items));
}

std::vector<WeightedItem> OrganizerTastes(const Catalog& catalog,
                                          absl::Span<const Action> history,
                                          absl::Span<const Follow> follows,
                                          absl::Span<const TasteSeed> seeds) {
  std::vector<WeightedItem> items = EventTastes(history, seeds);
  for (WeightedItem& item : items) {
    item.item = static_cast<int32_t>(
        catalog.events.columns[static_cast<size_t>(item.item)].organizer);
  }
  items = Merged(std::move(items));
  for (WeightedItem& item : items) {
    item.weight = std::copysign(std::log1p(std::abs(item.weight)), item.weight);
  }
  for (const Follow& follow : follows) {
    items.push_back({static_cast<int32_t>(follow.organizer), kFollowWeight});
  }
  items = Merged(std::move(items));
  std::erase_if(items, [](const WeightedItem& item) { return item.item < 0; });
  return items;
}

}  // namespace usher
