#include "serving/ranking/similar_events.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "index/catalog/eligibility.h"
#include "index/catalog/filter.h"
#include "index/vector/dot.h"

namespace usher {
namespace {

// Added to a score that is 1 at most. Enough to decide between equals.
constexpr float kForOrganizer = 0.1f;
constexpr float kForSeries = 0.1f;

float Length(absl::Span<const float> vector) {
  return std::sqrt(Dot(vector.data(), vector.data(), vector.size()));
}

// A direction in one table of vectors.
class Direction {
 public:
  Direction(absl::Span<const TasteSeed> targets, const VectorTable& table)
      : table_(table) {
    for (const TasteSeed& target : targets) {
      const absl::Span<const float> vector = table.Row(Index(target.event));
      const float length = Length(vector);
      if (!(length > 0)) continue;
      sum_.resize(vector.size());
      for (size_t i = 0; i < vector.size(); ++i) {
        sum_[i] += target.weight * vector[i] / length;
      }
    }
    length_ = Length(sum_);
  }

  float Cosine(EventRow event) const {
    if (!(length_ > 0)) return 0;
    const absl::Span<const float> vector = table_.Row(Index(event));
    if (vector.size() != sum_.size()) return 0;
    const float length = Length(vector);
    if (!(length > 0)) return 0;
    return Dot(sum_.data(), vector.data(), sum_.size()) / (length_ * length);
  }

 private:
  const VectorTable& table_;
  std::vector<float> sum_;
  float length_ = 0;
};

// What the targets have in common with an event apart from vectors.
class Kinship {
 public:
  Kinship(absl::Span<const TasteSeed> targets, const Catalog& catalog)
      : catalog_(catalog) {
    for (const TasteSeed& target : targets) {
      targets_.insert(target.event);
      if (target.weight <= 0) continue;
      const EventColumns& event = catalog.events.columns[Index(target.event)];
      if (event.organizer != kNoOrganizer) organizers_.insert(event.organizer);
      if (event.series >= 0) series_.insert(event.series);
    }
  }

  bool IsTarget(EventRow row) const { return targets_.contains(row); }
  float Bonus(EventRow row) const {
    const EventColumns& event = catalog_.events.columns[Index(row)];
    return (organizers_.contains(event.organizer) ? kForOrganizer : 0) +
           (series_.contains(event.series) ? kForSeries : 0);
  }

 private:
  const Catalog& catalog_;
  absl::flat_hash_set<EventRow> targets_;
  absl::flat_hash_set<OrganizerRow> organizers_;
  absl::flat_hash_set<int32_t> series_;
};

GeoPoint CenterOf(absl::Span<const TasteSeed> targets, const Query& query,
                  const Catalog& catalog) {
  if (query.location.known()) return query.location;
  return catalog.events.columns[Index(targets[0].event)].location;
}

void KeepBest(int limit, std::vector<SimilarEvent>& events) {
  const auto middle =
      events.begin() + std::min(events.size(), static_cast<size_t>(limit));
  std::partial_sort(events.begin(), middle, events.end(),
                    [](const SimilarEvent& a, const SimilarEvent& b) {
                      return a.score != b.score ? a.score > b.score
                                                : a.event < b.event;
                    });
  events.erase(middle, events.end());
}

}  // namespace

std::vector<SimilarEvent> SimilarEvents(absl::Span<const TasteSeed> targets,
                                        const Query& query,
                                        const LiveView& view,
                                        const Snapshot& snapshot) {
  if (targets.empty()) return {};
  const Catalog& catalog = snapshot.catalog;
  const GeoPoint center = CenterOf(targets, query, catalog);
  const CompiledFilter filter(query.filter, catalog, center);
  const EligibilityOptions eligibility{query.filter.include_running,
                                       view.columns->undated_lifetime()};
  const Direction taste(targets, snapshot.vectors);
  const Direction content(targets, snapshot.embeddings);
  const Kinship kinship(targets, catalog);
  std::vector<SimilarEvent> found;
  const LiveColumns& live = *view.columns;
  for (size_t slot = 0; slot < live.size(); ++slot) {
    const EventRow row = live[slot].row;
    if (row == kNoEvent) continue;
    const EventColumns& event = catalog.events.columns[Index(row)];
    if (WhyNotLive(event, query.now, eligibility) != DropReason::kNone ||
        kinship.IsTarget(row) || !filter.Matches(row)) {
      continue;
    }
    const float cosines = taste.Cosine(row) + content.Cosine(row);
    found.push_back({row, cosines / 2 + kinship.Bonus(row), 0});
  }
  KeepBest(query.limit, found);
  for (SimilarEvent& event : found) {
    event.distance_km =
        DistanceKm(center, catalog.events.columns[Index(event.event)].location);
  }
  return found;
}

}  // namespace usher
