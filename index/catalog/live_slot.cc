#include "index/catalog/live_slot.h"

#include <algorithm>
#include <limits>

#include "index/base/quick_math.h"

namespace usher {
namespace {

// Stands for "never" and "at no known time".
constexpr float kManyHours = 1e6f;

float Hours(Micros span) {
  return static_cast<float>(static_cast<double>(span) / kHour);
}

// Hours since `time`; until then, where it is far in the future (see
// DecayedCounts::At).
float AgeHours(Micros now, Micros time) {
  if (time - now > DecayedCounts::kAhead) return Hours(time - now);
  return std::max(0.0f, Hours(now - time));
}

int64_t NonNegative(int64_t value, int64_t modulus) {
  return (value % modulus + modulus) % modulus;
}

int64_t HoursSinceEpoch(Micros time) {
  return (time - NonNegative(time, kHour)) / kHour;
}

LogHistogram::Bin& BinOf(LiveSlot& slot, LiveRank rank) {
  return slot.bins[static_cast<size_t>(rank)];
}

// One figure of each slot.
using OfSlots = std::array<float, kSlotsAtOnce>;

void Log1pAll(const OfSlots& from, OfSlots& to) {
  for (size_t i = 0; i < kSlotsAtOnce; ++i) to[i] = QuickLog1p(from[i]);
}

void FadeAll(const OfSlots& values, const OfSlots& away, Micros horizon,
             OfSlots& to) {
  for (size_t i = 0; i < kSlotsAtOnce; ++i) {
    to[i] = DecayedCounts::Faded(values[i], away[i], horizon);
  }
}

}  // namespace

void FillSteady(const EventColumns& event, const EventCounters& counters,
                LiveSlot& slot) {
  slot.organizer = event.organizer;
  if (event.start != kNoTime) {
    const int64_t hour = HoursSinceEpoch(event.start);
    slot.start_hour = static_cast<float>(NonNegative(hour, 24));
    // 1970-01-01 was a Thursday.
    slot.start_day = static_cast<float>(
        NonNegative((hour - NonNegative(hour, 24)) / 24 + 3, 7));
  } else {
    slot.start_hour = slot.start_day = 0;
  }
  slot.yes = static_cast<float>(std::max(0, counters.yes));
  slot.log_yes = QuickLog1p(slot.yes);
  slot.fill =
      event.capacity > 0
          ? std::min(1.0f, slot.yes / static_cast<float>(event.capacity))
          : 0;
  slot.usual_yes = slot.organizer_events = slot.organizer_day =
      slot.organizer_week = slot.organizer_month = slot.organizer_next =
          slot.organizer_yes = 0;
  BinOf(slot, LiveRank::kYes) = LogHistogram::BinOf(slot.yes);
}

void FillMinute(Micros minute, absl::Span<const SlotToFill> slots) {
  OfSlots lead{}, answer{}, away{}, log_lead, log_answer;
  std::array<OfSlots, 3> counts{};
  for (size_t i = 0; i < slots.size(); ++i) {
    const EventColumns& event = *slots[i].event;
    const EventCounters& counters = *slots[i].counters;
    lead[i] = event.start == kNoTime
                  ? kManyHours
                  : std::max(0.0f, Hours(event.start - minute));
    answer[i] = counters.last_answer == kNoTime
                    ? kManyHours
                    : AgeHours(minute, counters.last_answer);
    away[i] = counters.answers.Away(minute);
    for (size_t c = 0; c < counts.size(); ++c) {
      counts[c][i] =
          counters.answers.as_of == kNoTime ? 0 : counters.answers.values[c];
    }
  }
  for (size_t c = 0; c < counts.size(); ++c) {
    FadeAll(counts[c], away, kEventHorizons[c], counts[c]);
  }
  const OfSlots day = counts[1];
  for (OfSlots& count : counts) Log1pAll(count, count);
  Log1pAll(lead, log_lead);
  Log1pAll(answer, log_answer);
  for (size_t i = 0; i < slots.size(); ++i) {
    LiveSlot& slot = *slots[i].slot;
    const Micros announce = slots[i].event->announce;
    slot.lead_hours = lead[i];
    slot.fresh_hours = announce == kNoTime
                           ? std::numeric_limits<float>::quiet_NaN()
                           : std::max(0.0f, Hours(minute - announce));
    slot.answer_hours = answer[i];
    slot.hour_count = counts[0][i];
    slot.day_count = counts[1][i];
    slot.week_count = counts[2][i];
    slot.log_lead = log_lead[i];
    slot.log_answer = log_answer[i];
    BinOf(slot, LiveRank::kLead) = LogHistogram::BinOf(slot.lead_hours);
    BinOf(slot, LiveRank::kDay) = LogHistogram::BinOf(day[i]);
    BinOf(slot, LiveRank::kAnswer) = LogHistogram::BinOf(slot.answer_hours);
    BinOf(slot, LiveRank::kFresh) = LogHistogram::BinOf(slot.fresh_hours);
  }
}

HostFigures::HostFigures(const OrganizerCounters& host, Micros minute)
    : usual_yes(QuickLog1p(static_cast<float>(std::max(0, host.yes)) /
                           static_cast<float>(std::max(1, host.events)))),
      events(QuickLog1p(static_cast<float>(std::max(0, host.events)))),
      day(QuickLog1p(host.answers.At(0, minute, kOrganizerHorizons))),
      week(QuickLog1p(host.answers.At(1, minute, kOrganizerHorizons))),
      month(QuickLog1p(host.answers.At(2, minute, kOrganizerHorizons))) {}

void HostFigures::Fill(LiveSlot& slot) const {
  slot.usual_yes = usual_yes;
  slot.organizer_events = events;
  slot.organizer_day = day;
  slot.organizer_week = week;
  slot.organizer_month = month;
}

}  // namespace usher
