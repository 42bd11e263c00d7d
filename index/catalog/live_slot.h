// What can be said of one live event at a minute.
#ifndef USHER_INDEX_CATALOG_LIVE_SLOT_H_
#define USHER_INDEX_CATALOG_LIVE_SLOT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "index/base/clock.h"
#include "index/catalog/catalog.h"
#include "index/catalog/log_histogram.h"
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
  OrganizerRow organizer = kNoOrganizer;
  float lead_hours = 0;    // To the start; large without one.
  float fresh_hours = 0;   // Since the announcement; NaN without.
  float answer_hours = 0;  // Since the last answer; large without one.
  float yes = 0;           // Commitments.

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

// Everything but what its organizer's other events say is filled in two steps:
// what stays from minute to minute,
void FillSteady(const EventColumns& event, const EventCounters& counters,
                LiveSlot& slot);

// and what does not, of many slots at once: slots[i] is of events[i]. They get
// the same bits in any company.
struct SlotToFill {
  const EventColumns* event;
  const EventCounters* counters;
  LiveSlot* slot;
};
inline constexpr size_t kSlotsAtOnce = 64;
// At most kSlotsAtOnce.
void FillMinute(Micros minute, absl::Span<const SlotToFill> slots);

// What an organizer's counters say at the minute, in each slot of it.
struct HostFigures {
  float usual_yes = 0, events = 0, day = 0, week = 0, month = 0;

  HostFigures(const OrganizerCounters& host, Micros minute);
  void Fill(LiveSlot& slot) const;
};

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_LIVE_SLOT_H_
