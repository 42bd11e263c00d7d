// What can be said of every live event without knowing who asks.
#ifndef USHER_INDEX_CATALOG_LIVE_COLUMNS_H_
#define USHER_INDEX_CATALOG_LIVE_COLUMNS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "index/base/clock.h"
#include "index/catalog/catalog.h"
#include "index/catalog/eligibility.h"
#include "index/catalog/geo.h"
#include "index/catalog/row_bitmap.h"
#include "index/catalog/rows.h"

namespace usher {

// The live events at one minute, in slots 0, 1, ... by ascending row, and a
// column of each figure over the slots. Immutable.
//
// The minute stands for every instant within it, so the slots are a superset:
// an event that begins or is announced within the minute is there, and
// eligibility is checked again at the exact instant. Running events (begun, not
// over) have slots too but no part in the ranks of the others.
//
// A rank is ln(1 + number of upcoming events that beat this one), read from a
// LogHistogram: what survives when a city grows or a season ends. What never
// begins or was never answered is beaten by all that does or was.
//
// An event without a time of announcement has no freshness: it beats nobody in
// fresh_rank, is beaten by nobody, and has the mean rank of the upcoming events
// that have one (0 where none has). Any other number, and 0 above all, would
// make a weight on freshness reward or punish that nothing is known.
struct LiveColumns {
  Micros minute = 0;
  std::vector<EventRow> rows;
  std::vector<int32_t> slot_of;  // By event row; -1 for the others.
  RowBitmap upcoming;            // Rows.
  int32_t num_upcoming = 0;
  RowBitmap running;  // Rows.

  std::vector<UnitVector> places;  // NaN without one.

  std::vector<float> lead_hours;   // To the start; large without one.
  std::vector<float> fresh_hours;  // Since the announcement; NaN without.
  std::vector<float> hour_count;   // ln(1 + positive answers), which fade
  std::vector<float> day_count;    // over an hour, a day, a week.
  std::vector<float> week_count;
  std::vector<float> fill;             // Commitments / capacity, at most 1; 0
                                       // without a capacity.
  std::vector<float> usual_yes;        // ln(1 + its organizer's commitments an
                                       // event).
  std::vector<float> organizer_day;    // ln(1 + positive answers to all events
  std::vector<float> organizer_week;   // of its organizer), which fade over a
  std::vector<float> organizer_month;  // day, a week, 30 days.
  std::vector<float> lead_rank;        // Beaten by those that start sooner.
  std::vector<float> day_rank;         // ... with more answers of late.
  std::vector<float> yes_rank;         // ... with more commitments.
  std::vector<float> answer_rank;      // ... answered more recently.
  std::vector<float> fresh_rank;       // ... announced more recently.
  std::vector<float> organizer_next;   // Of the same organizer, sooner.
  std::vector<float> organizer_yes;    // Of the same organizer, more wanted.

  // Events of the catalogue that are not live, by reason; and those that are
  // not even where running events count.
  std::array<int64_t, kNumDropReasons> not_live{};
  std::array<int64_t, kNumDropReasons> not_live_nor_running{};
};

// The start of the minute of `now`.
Micros MinuteOf(Micros now);

// O(events + live log live).
LiveColumns BuildLiveColumns(const Catalog& catalog, Micros minute,
                             Micros undated_lifetime);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_LIVE_COLUMNS_H_
