// Which events a request may return.
#ifndef USHER_INDEX_CATALOG_FILTER_H_
#define USHER_INDEX_CATALOG_FILTER_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "index/catalog/catalog.h"
#include "index/catalog/geo.h"
#include "index/catalog/geo_cells.h"

namespace usher {

// Conditions as they are asked, all of which must hold. An empty list is no
// condition. Categories, tags and cities match in any case, ids exactly.
struct Filter {
  Micros start_after = kNoTime;                              // Inclusive.
  Micros start_before = std::numeric_limits<Micros>::max();  // Exclusive.
  bool include_running = false;
  bool include_interacted = false;
  double max_distance_km = 0;  // 0: anywhere.
  std::vector<std::string> categories;
  std::vector<std::string> tags_any;
  std::vector<std::string> tags_all;
  std::vector<std::string> exclude_tags;
  std::vector<std::string> organizers;
  std::vector<std::string> cities;
  std::vector<std::string> exclude_event_ids;
  std::vector<std::string> only_event_ids;
  std::optional<float> max_price;
};

// A filter with its names looked up once. Borrows the catalog. Immutable.
class CompiledFilter {
 public:
  // Distances are taken from `center`; when it is unknown, a limit on the
  // distance lets no event through.
  CompiledFilter(const Filter& filter, const Catalog& catalog,
                 const GeoPoint& center);

  // True when every event passes.
  bool trivial() const { return trivial_; }
  // Time, place, category, tags, organizer, city, price, excluded and only ids.
  // Liveness and the user's answers are not looked at.
  bool Matches(EventRow row) const {
    return MatchesButForPlace(row) && MatchesPlace(row);
  }
  // The same without the distance, for whom disc() has told enough.
  bool MatchesButForPlace(EventRow row) const;
  // Within it all events lie that pass, when a distance was asked for.
  std::optional<GeoDisc> disc() const {
    if (max_distance_km_ <= 0) return std::nullopt;
    return GeoDisc{center_, max_distance_km_};
  }
  // The rows of only_event_ids, if any were asked for.
  const std::optional<std::vector<EventRow>>& only() const { return only_; }
  // How many ids of only_event_ids no event has.
  int64_t unknown_only() const { return unknown_only_; }

 private:
  bool MatchesPlace(EventRow row) const;
  bool MatchesTags(EventRow row) const;

  const Catalog& catalog_;
  GeoPoint center_;
  Micros start_after_;
  Micros start_before_;
  double max_distance_km_;
  std::optional<float> max_price_;
  bool trivial_;
  // Sorted rows; an unset list is no condition, a set one that names nothing
  // known lets nothing through.
  std::optional<std::vector<int32_t>> categories_;
  std::optional<std::vector<int32_t>> tags_any_;
  std::vector<int32_t> tags_all_;
  bool unknown_tag_required_ = false;
  std::vector<int32_t> exclude_tags_;
  std::optional<std::vector<int32_t>> organizers_;
  std::optional<std::vector<int32_t>> cities_;
  std::vector<EventRow> excluded_;
  std::optional<std::vector<EventRow>> only_;
  int64_t unknown_only_ = 0;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_FILTER_H_
