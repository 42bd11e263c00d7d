#include "index/model/hybrid_model.h"

#include <algorithm>
#include <cmath>

namespace usher {
namespace {

// How many observations make an event's or organizer's own factors count as
// much as what its content says.
constexpr float kEventShrinkage = 5.0f;
constexpr float kOrganizerShrinkage = 2.0f;

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
  if (!taste.empty()) return taste.EventVector(catalog, row, embedding);
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
  if (!taste.empty()) {
    return taste.UserVector(catalog, content, history, follows, seeds,
                            feedback);
  }
  std::vector<float> vector;
  if (!by_event.empty())
    vector = by_event.FoldIn(EventTastes(history, seeds, feedback));
  if (!by_organizer.empty()) {
    const std::vector<float> part = by_organizer.FoldIn(
        OrganizerTastes(catalog, history, follows, seeds, feedback));
    vector.insert(vector.end(), part.begin(), part.end());
  }
  return vector;
}

}  // namespace usher
