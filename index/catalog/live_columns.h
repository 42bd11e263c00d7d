// What can be said of every live event without knowing who asks.
#ifndef USHER_INDEX_CATALOG_LIVE_COLUMNS_H_
#define USHER_INDEX_CATALOG_LIVE_COLUMNS_H_

#include <array>
#include <cstdint>
#include <limits>

#include "absl/types/span.h"
#include "index/base/clock.h"
#include "index/base/cow_vector.h"
#include "index/catalog/catalog.h"
#include "index/catalog/eligibility.h"
#include "index/catalog/geo.h"
#include "index/catalog/log_histogram.h"
#include "index/catalog/row_bitmap.h"
#include "index/catalog/rows.h"

namespace usher {

// A rank is ln(1 + number of upcoming events that beat this one), read from a
// LogHistogram: what survives when a city grows or a season ends. What never
// begins or was never answered is beaten by all that does or was.
//
// An event without a time of announcement has no freshness: it beats nobody in
// kFresh, is beaten by nobody, and has the mean rank of the upcoming events
// that have one (0 where none has). Any other number, and 0 above all, would
// make a weight on freshness reward or punish that nothing is known.
enum class LiveRank : uint8_t {
  kLead,    // Beaten by those that start sooner.
  kDay,     // ... with more answers of late.
  kYes,     // ... with more commitments.
  kAnswer,  // ... answered more recently.
  kFresh,   // ... announced more recently.
};
inline constexpr size_t kNumLiveRanks = 5;

// A live event at the minute.
struct LiveSlot {
  EventRow row = kNoEvent;  // kNoEvent: it is live no more.
  uint64_t key = 0;         // IdKey() of its id.
  float lead_hours = 0;     // To the start; large without one.
  float fresh_hours = 0;    // Since the announcement; NaN without.
  float answer_hours = 0;   // Since the last answer; large without one.
  float yes = 0;            // Commitments.

  // One behind the other in the order in which ranking has them as features.
  float organizer_next = 0;  // Rank by lead_hours and by yes among those of
  float organizer_yes = 0;   // its organizer, exact.
  float hour_count = 0;      // ln(1 + positive answers), which fade
  float day_count = 0;       // over an hour, a day, a week.
  float week_count = 0;
  float fill = 0;            // yes / capacity, at most 1; 0 without a capacity.
  float usual_yes = 0;       // ln(1 + its organizer's commitments an event).
  float organizer_day = 0;   // ln(1 + positive answers to all events of its
  float organizer_week = 0;  // organizer), which fade over a day, a week,
  float organizer_month = 0;   // 30 days.
  float log_lead = 0;          // ln(1 + lead_hours),
  float log_answer = 0;        // ln(1 + answer_hours),
  float log_yes = 0;           // ln(1 + yes).
  float start_hour = 0;        // Hour of the day and
  float start_day = 0;         // day of the week, Monday 0, of the start (UTC).
  float organizer_events = 0;  // ln(1 + its organizer's events).

  std::array<LogHistogram::Bin, kNumLiveRanks> bins{};
};

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

  Micros minute() const { return minute_; }
  Micros undated_lifetime() const { return undated_lifetime_; }

  // Slots, those of events that are live no more included.
  size_t size() const { return slots_.size(); }
  const LiveSlot& operator[](size_t slot) const { return slots_[slot]; }
  // NaN without a place.
  const UnitVector& Place(size_t slot) const { return places_[slot]; }
  float Rank(LiveRank rank, size_t slot) const {
    const auto r = static_cast<size_t>(rank);
    return ranks_[r][slots_[slot].bins[r]];
  }

  // Rows that the columns know, live or not.
  size_t num_events() const { return states_.size(); }
  // -1 for what is not live.
  int32_t SlotOf(EventRow row) const {
    const State& state = states_[Index(row)];
    return state.live() ? state.slot : -1;
  }
  // Of the event, live or not. Requires Index(row) < num_events().
  OrganizerRow OrganizerOf(EventRow row) const {
    return states_[Index(row)].organizer;
  }
  const RowBitmap& upcoming() const { return upcoming_; }
  int32_t num_upcoming() const { return num_upcoming_; }
  const RowBitmap& running() const { return running_; }

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
    bool running;
  };
  Verdict Judge(const EventColumns& event) const;

  void TakeOut(size_t row);
  void PutIn(const Catalog& catalog, size_t row);
  void Fill(const EventColumns& event, const EventCounters& counters,
            LiveSlot& slot) const;
  void FillOfOrganizers(const Catalog& catalog);
  void FillOfOrganizer(const Catalog& catalog, OrganizerRow organizer);
  void FillOfOrganizer(const OrganizerCounters& host,
                       absl::Span<int32_t> slots);
  void RankAnew();

  Micros minute_ = 0;
  Micros undated_lifetime_ = 0;
  CowVector<State> states_;  // By event row.
  CowVector<LiveSlot> slots_;
  CowVector<UnitVector> places_;
  RowBitmap upcoming_;  // Rows.
  RowBitmap running_;
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
