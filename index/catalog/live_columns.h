// What can be said of every live event without knowing who asks.
#ifndef USHER_INDEX_CATALOG_LIVE_COLUMNS_H_
#define USHER_INDEX_CATALOG_LIVE_COLUMNS_H_

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/types/span.h"
#include "index/base/clock.h"
#include "index/base/cow_vector.h"
#include "index/base/list_column.h"
#include "index/catalog/catalog.h"
#include "index/catalog/eligibility.h"
#include "index/catalog/geo.h"
#include "index/catalog/live_slot.h"
#include "index/catalog/log_histogram.h"
#include "index/catalog/row_bitmap.h"
#include "index/catalog/rows.h"

namespace usher {

// The live events at one minute, each in a slot.
//
// The minute stands for every instant within it, so the slots are a superset:
// an event that begins or is announced within the minute is there, and
// eligibility is checked again at the exact instant. Running events (begun, not
// over) have slots too but no part in the ranks of the others.
//
// Follows the catalogue: what Update() gives is what would be built anew, but
// for the order of the slots. Thread-compatible as CowVector is: one thread
// updates and calls Share(), any number read what was shared.
class LiveColumns {
 public:
  LiveColumns() = default;
  // O(events). Slots ascend by row.
  LiveColumns(const Catalog& catalog, Micros minute, Micros undated_lifetime);

  LiveColumns Share();

  // `changed` are the rows of `catalog` that are new or no more as they were,
  // none twice. O(changed, and the events of their organizers).
  void Update(const Catalog& catalog, absl::Span<const EventRow> changed);

  // Goes on to a later minute of the same catalogue. O(events), but a fraction
  // of what building costs.
  void MoveTo(const Catalog& catalog, Micros minute);

  Micros minute() const { return minute_; }
  Micros undated_lifetime() const { return undated_lifetime_; }

  // Slots, those of events that are live no more included.
  size_t size() const { return slots_.size(); }
  const LiveSlot& operator[](size_t slot) const { return slots_[slot]; }
  // NaN without a place.
  const UnitVector& Place(size_t slot) const { return places_[slot]; }
  float Rank(LiveRank rank, size_t slot) const {
    return Rank(rank, slots_[slot]);
  }
  // Of a slot of these columns.
  float Rank(LiveRank rank, const LiveSlot& slot) const {
    const auto r = static_cast<size_t>(rank);
    return ranks_[r][slot.bins[r]];
  }

  // Rows whose place is in a cell (geo_cells.h), each in one; of events that
  // are live no more as well.
  absl::Span<const EventRow> InCell(int32_t cell) const {
    const auto number = static_cast<size_t>(cell);
    if (number >= in_cells_.size()) return {};
    return in_cells_[number];
  }

  // Rows that the columns know, live or not.
  size_t num_events() const { return states_.size(); }
  // -1 for what is not live.
  int32_t SlotOf(EventRow row) const {
    // Without a branch: where many are asked for, nobody can guess it.
    const State& state = states_[Index(row)];
    return state.slot | -static_cast<int32_t>(!state.live());
  }
  // IdKey() of the id of an event that is live.
  uint64_t KeyOf(EventRow row) const { return keys_[Index(row)]; }
  // Of any row. Cheaper than SlotOf() where most are not live.
  bool IsLive(EventRow row) const { return live_.Test(Index(row)); }
  const RowBitmap& upcoming() const { return upcoming_; }
  int32_t num_upcoming() const { return num_upcoming_; }
  // Upcoming and running.
  const RowBitmap& live() const { return live_; }

  // Events that are not live, by reason; and those that are not even where
  // running events count.
  using Reasons = std::array<int64_t, kNumDropReasons>;
  const Reasons& not_live() const { return not_live_; }
  const Reasons& not_live_nor_running() const { return not_live_nor_running_; }

 private:
  // What was made of a row of the catalogue.
  struct State {
    int32_t slot = -1;  // Kept for the row when it is live no more.
    OrganizerRow organizer = kNoOrganizer;
    DropReason not_live = DropReason::kHidden;
    DropReason not_live_nor_running = DropReason::kHidden;

    bool live() const { return not_live_nor_running == DropReason::kNone; }
  };

  // What may be shown at some instant of the minute.
  struct Verdict {
    DropReason not_live;
    DropReason not_live_nor_running;
  };
  Verdict Judge(const EventColumns& event) const;

  // The earliest minute behind this one at which the verdict may be another.
  Micros Expiry(const EventColumns& event) const;

  void TakeOut(size_t row);
  void MoveToCell(const GeoPoint& place, size_t row);
  // All but what changes with the minute.
  void PutIn(const Catalog& catalog, size_t row);
  // The rest, and of its organizer.
  void Complete(const Catalog& catalog, size_t row);
  void CompleteAll(const Catalog& catalog);
  void Count(const LiveSlot& slot);
  void FillOfOrganizers(const Catalog& catalog, absl::Span<LiveSlot> slots);
  void FillOfOrganizer(const Catalog& catalog, OrganizerRow organizer);
  template <class SlotAt>
  void FillOfOrganizer(const OrganizerCounters& host,
                       absl::Span<const int32_t> slots, const SlotAt& slot_at,
                       std::vector<uint64_t>& scratch);
  void RankAnew();

  Micros minute_ = 0;
  Micros undated_lifetime_ = 0;
  CowVector<State> states_;     // By event row;
  CowVector<Micros> expiries_;  // Expiry(),
  CowVector<uint64_t> keys_;    // and KeyOf().
  CowVector<LiveSlot> slots_;
  CowVector<UnitVector> places_;
  CowVector<int32_t> cells_;  // By slot.
  ListColumn<EventRow> in_cells_;
  RowBitmap upcoming_;  // Rows.
  RowBitmap live_;
  int32_t num_upcoming_ = 0;
  std::array<LogHistogram, kNumLiveRanks> histograms_;  // Of upcoming events.
  std::array<LogHistogram::Ranks, kNumLiveRanks> ranks_{};
  Reasons not_live_{};
  Reasons not_live_nor_running_{};
};

// The start of the minute of `now`.
Micros MinuteOf(Micros now);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_LIVE_COLUMNS_H_
