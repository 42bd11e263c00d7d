#include "index/model/item_tastes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace usher {
namespace {

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

float Damped(float weight) {
  return std::copysign(std::log1p(std::abs(weight)), weight);
}

// A user's past with an organizer.
struct Past {
  float commitments = 0;
  Micros latest = kNoTime;
};

// Replaces what is positive by the part of the organizer's events that the user
// committed to, or by how long they have stayed.
void WeighByPast(const Catalog& catalog, absl::Span<const Action> history,
                 absl::Span<const Follow> follows, OrganizerFeedback by,
                 std::vector<WeightedItem>& items) {
  constexpr double kMonth = 30.0 * kDay;
  absl::flat_hash_map<int32_t, Past> pasts;
  for (const Action& action : history) {
    if (!IsCommitment(action.kind)) continue;
    Past& past = pasts[static_cast<int32_t>(
        catalog.events.columns[Index(action.event)].organizer)];
    past.commitments += 1;
    past.latest = std::max(past.latest, action.time);
  }
  for (WeightedItem& item : items) {
    const auto found = pasts.find(item.item);
    if (item.item < 0 || item.weight <= 0 || found == pasts.end()) continue;
    const Past& past = found->second;
    if (by == OrganizerFeedback::kRsvpRatio) {
      const int32_t events = std::max(
          1,
          catalog.organizers.counters[static_cast<size_t>(item.item)].events);
      item.weight =
          std::min(1.0f, past.commitments / static_cast<float>(events));
      continue;
    }
    item.weight = 1;
    for (const Follow& follow : follows) {
      if (static_cast<int32_t>(follow.organizer) != item.item) continue;
      if (follow.joined == kNoTime || past.latest == kNoTime) continue;
      const double months =
          static_cast<double>(past.latest - follow.joined) / kMonth;
      item.weight += static_cast<float>(std::max(0.0, months));
    }
  }
}

}  // namespace

size_t NumItems(const Catalog& catalog, ItemKind kind) {
  switch (kind) {
    case ItemKind::kEvent:
      return catalog.num_events();
    case ItemKind::kOrganizer:
      return catalog.num_organizers();
    case ItemKind::kVenue:
      return catalog.vocabulary.venues->size();
    case ItemKind::kTag:
      return catalog.vocabulary.tags->size();
  }
  return 0;
}

absl::Span<const int32_t> ItemsOf(const Catalog& catalog, EventRow event,
                                  ItemKind kind, int32_t& scratch) {
  const size_t row = Index(event);
  switch (kind) {
    case ItemKind::kEvent:
      scratch = static_cast<int32_t>(event);
      break;
    case ItemKind::kOrganizer:
      scratch = static_cast<int32_t>(catalog.events.columns[row].organizer);
      break;
    case ItemKind::kVenue:
      scratch = catalog.events.columns[row].venue;
      break;
    case ItemKind::kTag:
      return catalog.events.tags[row];
  }
  return {&scratch, scratch < 0 ? size_t{0} : size_t{1}};
}

std::vector<WeightedItem> ItemTastes(const Catalog& catalog, ItemKind kind,
                                     absl::Span<const Action> history,
                                     absl::Span<const Follow> follows,
                                     absl::Span<const TasteSeed> seeds,
                                     const Feedback& feedback) {
  if (kind == ItemKind::kOrganizer) {
    return OrganizerTastes(catalog, history, follows, seeds, feedback);
  }
  std::vector<WeightedItem> events = EventTastes(history, seeds, feedback);
  if (kind == ItemKind::kEvent) return events;
  std::vector<WeightedItem> items;
  for (const WeightedItem& event : events) {
    int32_t scratch = -1;
    for (const int32_t item :
         ItemsOf(catalog, EventRow{event.item}, kind, scratch)) {
      items.push_back({item, event.weight});
    }
  }
  items = Merged(std::move(items));
  if (kind == ItemKind::kVenue) {
    for (WeightedItem& item : items) item.weight = Damped(item.weight);
  }
  return items;
}

std::vector<WeightedItem> EventTastes(absl::Span<const Action> history,
                                      absl::Span<const TasteSeed> seeds,
                                      const Feedback& feedback) {
  const Micros latest =
      feedback.half_life_days > 0 ? LatestOf(history) : kNoTime;
  std::vector<WeightedItem> items;
  items.reserve(history.size() + seeds.size());
  for (const Action& action : history) {
    const float taste = feedback.Taste(action, latest);
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
                                          absl::Span<const TasteSeed> seeds,
                                          const Feedback& feedback) {
  std::vector<WeightedItem> items = EventTastes(history, seeds, feedback);
  for (WeightedItem& item : items) {
    item.item = static_cast<int32_t>(
        catalog.events.columns[static_cast<size_t>(item.item)].organizer);
  }
  items = Merged(std::move(items));
  for (WeightedItem& item : items) {
    item.weight = Damped(item.weight);
  }
  if (feedback.organizers != OrganizerFeedback::kLogCount) {
    WeighByPast(catalog, history, follows, feedback.organizers, items);
  }
  for (const Follow& follow : follows) {
    items.push_back({static_cast<int32_t>(follow.organizer), kFollowWeight});
  }
  items = Merged(std::move(items));
  std::erase_if(items, [](const WeightedItem& item) { return item.item < 0; });
  return items;
}

}  // namespace usher
