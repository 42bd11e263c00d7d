#include "index/catalog/filter.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "index/catalog/fold_case.h"

namespace usher {
namespace {

std::vector<int32_t> Known(const std::vector<std::string>& names,
                           const IdMap& ids) {
  std::vector<int32_t> rows;
  for (const std::string& name : names) {
    const int32_t row = ids.Find(name);
    if (row >= 0) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> Folded(std::vector<std::string> names) {
  for (std::string& name : names) name = FoldCase(name);
  return names;
}

std::optional<std::vector<int32_t>> Condition(
    const std::vector<std::string>& names, const IdMap& ids) {
  if (names.empty()) return std::nullopt;
  return Known(names, ids);
}

// Distinct ids that no event has.
int64_t CountUnknown(const std::vector<std::string>& names,
                     const Catalog& catalog) {
  absl::flat_hash_set<absl::string_view> unknown;
  for (const std::string& name : names) {
    if (catalog.FindEvent(name) == kNoEvent) unknown.insert(name);
  }
  return static_cast<int64_t>(unknown.size());
}

std::vector<EventRow> EventRows(const std::vector<std::string>& names,
                                const Catalog& catalog) {
  std::vector<EventRow> rows;
  for (const std::string& name : names) {
    const EventRow row = catalog.FindEvent(name);
    if (row != kNoEvent) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

// A little less than a degree of latitude has.
constexpr double kLeastKmPerDegree = 111.19;

template <class T>
bool Contains(const std::vector<T>& sorted, T value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

bool Passes(const std::optional<std::vector<int32_t>>& condition,
            int32_t value) {
  return !condition.has_value() || Contains(*condition, value);
}

}  // namespace

CompiledFilter::CompiledFilter(const Filter& filter, const Catalog& catalog,
                               const GeoPoint& center)
    : catalog_(catalog),
      center_(center),
      start_after_(filter.start_after),
      start_before_(filter.start_before),
      max_distance_km_(filter.max_distance_km),
      max_price_(filter.max_price),
      categories_(
          Condition(Folded(filter.categories), *catalog.vocabulary.categories)),
      tags_any_(Condition(Folded(filter.tags_any), *catalog.vocabulary.tags)),
      tags_all_(Known(Folded(filter.tags_all), *catalog.vocabulary.tags)),
      unknown_tag_required_(tags_all_.size() != filter.tags_all.size()),
      exclude_tags_(
          Known(Folded(filter.exclude_tags), *catalog.vocabulary.tags)),
      organizers_(Condition(filter.organizers, *catalog.organizers.ids)),
      cities_(Condition(Folded(filter.cities), *catalog.vocabulary.cities)),
      excluded_(EventRows(filter.exclude_event_ids, catalog)) {
  if (!filter.only_event_ids.empty()) {
    only_ = EventRows(filter.only_event_ids, catalog);
    unknown_only_ = CountUnknown(filter.only_event_ids, catalog);
  }
  trivial_ = start_after_ == kNoTime &&
             start_before_ == std::numeric_limits<Micros>::max() &&
             max_distance_km_ <= 0 && !max_price_.has_value() &&
             !categories_.has_value() && !tags_any_.has_value() &&
             filter.tags_all.empty() && exclude_tags_.empty() &&
             !organizers_.has_value() && !cities_.has_value() &&
             excluded_.empty() && !only_.has_value();
}

bool CompiledFilter::MatchesButForPlace(EventRow row) const {
  if (trivial_) return true;
  const EventColumns& event = catalog_.events.columns[Index(row)];
  if (start_after_ != kNoTime && event.start < start_after_) return false;
  if (event.start >= start_before_) return false;
  if (event.start == kNoTime &&
      start_before_ != std::numeric_limits<Micros>::max()) {
    return false;
  }
  if (!Passes(categories_, event.category)) return false;
  if (!Passes(organizers_, static_cast<int32_t>(event.organizer))) return false;
  if (!Passes(cities_, event.city)) return false;
  if (max_price_.has_value() && !(event.price <= *max_price_)) return false;
  if (Contains(excluded_, row)) return false;
  if (only_.has_value() && !Contains(*only_, row)) return false;
  return MatchesTags(row);
}

bool CompiledFilter::MatchesPlace(EventRow row) const {
  if (max_distance_km_ <= 0) return true;
  const GeoPoint& place = catalog_.events.columns[Index(row)].location;
  // Degrees of latitude alone may already be too many; the rest is
  // trigonometry.
  const double north = std::abs(double{place.latitude} - center_.latitude);
  if (north * kLeastKmPerDegree > max_distance_km_) return false;
  return DistanceKm(center_, place) <= max_distance_km_;
}

bool CompiledFilter::MatchesTags(EventRow row) const {
  if (unknown_tag_required_) return false;
  if (!tags_any_.has_value() && tags_all_.empty() && exclude_tags_.empty()) {
    return true;
  }
  const absl::Span<const int32_t> tags = catalog_.events.tags[Index(row)];
  const auto has = [&](int32_t tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  };
  if (tags_any_.has_value() &&
      std::none_of(tags_any_->begin(), tags_any_->end(), has)) {
    return false;
  }
  return std::all_of(tags_all_.begin(), tags_all_.end(), has) &&
         std::none_of(exclude_tags_.begin(), exclude_tags_.end(), has);
}

}  // namespace usher
