#include "index/catalog/live_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

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

// ln(1 + a count), which is none of most events.
float Log(float count) { return count == 0 ? 0.0f : std::log1p(count); }

size_t Of(LiveRank rank) { return static_cast<size_t>(rank); }

// Calls give(slot, rank) for each of `slots`, which it sorts: ln(1 + how many
// come strictly before it).
template <class Before, class Give>
void RankExactly(absl::Span<int32_t> slots, const Before& before,
                 const Give& give) {
  std::sort(slots.begin(), slots.end(), before);
  size_t tie = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i > 0 && before(slots[i - 1], slots[i])) tie = i;
    give(slots[i], Log(static_cast<float>(tie)));
  }
}

}  // namespace

Micros MinuteOf(Micros now) {
  const Micros into = now % kMinute;
  return now - (into < 0 ? into + kMinute : into);
}

LiveColumns::LiveColumns(const Catalog& catalog, Micros minute,
                         Micros undated_lifetime)
    : minute_(minute), undated_lifetime_(undated_lifetime) {
  const size_t rows = catalog.num_events();
  states_.Resize(rows);
  upcoming_.Grow(rows);
  running_.Grow(rows);
  for (size_t row = 0; row < rows; ++row) PutIn(catalog, row);
  FillOfOrganizers(catalog);
  RankAnew();
}

LiveColumns LiveColumns::Share() {
  LiveColumns shared;
  shared.minute_ = minute_;
  shared.undated_lifetime_ = undated_lifetime_;
  shared.states_ = states_.Share();
  shared.slots_ = slots_.Share();
  shared.places_ = places_.Share();
  shared.upcoming_ = upcoming_;
  shared.running_ = running_;
  shared.num_upcoming_ = num_upcoming_;
  shared.histograms_ = histograms_;
  shared.ranks_ = ranks_;
  shared.not_live_ = not_live_;
  shared.not_live_nor_running_ = not_live_nor_running_;
  return shared;
}

void LiveColumns::Update(const Catalog& catalog,
                         absl::Span<const EventRow> changed) {
  const size_t known = states_.size();
  states_.Resize(catalog.num_events());
  upcoming_.Grow(states_.size());
  running_.Grow(states_.size());
  std::vector<OrganizerRow> organizers;
  for (const EventRow event : changed) {
    const size_t row = Index(event);
    if (row < known) TakeOut(row);
    organizers.push_back(states_[row].organizer);
    PutIn(catalog, row);
    organizers.push_back(states_[row].organizer);
  }
  std::sort(organizers.begin(), organizers.end());
  organizers.erase(std::unique(organizers.begin(), organizers.end()),
                   organizers.end());
  for (const OrganizerRow organizer : organizers) {
    if (organizer != kNoOrganizer) FillOfOrganizer(catalog, organizer);
  }
  RankAnew();
}

// Anything live at some instant of the minute is live for its first instant
// once what is announced within it counts as announced.
LiveColumns::Verdict LiveColumns::Judge(const EventColumns& event) const {
  EventColumns first = event;
  if (first.announce != kNoTime && first.announce < minute_ + kMinute) {
    first.announce = std::min(first.announce, minute_);
  }
  const DropReason reason =
      WhyNotLive(first, minute_, {false, undated_lifetime_});
  if (reason == DropReason::kNone) {
    const bool begins =
        event.end > event.start && event.start < minute_ + kMinute;
    return {reason, reason, begins};
  }
  const DropReason over = WhyNotLive(first, minute_, {true, undated_lifetime_});
  return {reason, over, over == DropReason::kNone};
}

void LiveColumns::TakeOut(size_t row) {
  const State& state = states_[row];
  if (state.not_live == DropReason::kNone) {
    const LiveSlot& slot = slots_[state.slot];
    for (size_t r = 0; r < kNumLiveRanks; ++r) {
      histograms_[r].Remove(slot.bins[r]);
    }
    upcoming_.Clear(row);
    --num_upcoming_;
  } else {
    --not_live_[static_cast<size_t>(state.not_live)];
  }
  if (state.live()) {
    slots_.Mutable(state.slot).row = kNoEvent;
    running_.Clear(row);
  } else {
    --not_live_nor_running_[static_cast<size_t>(state.not_live_nor_running)];
  }
}

void LiveColumns::PutIn(const Catalog& catalog, size_t row) {
  const EventColumns& event = catalog.events.columns[row];
  const Verdict verdict = Judge(event);
  State& state = states_.Mutable(row);
  state.organizer = event.organizer;
  state.not_live = verdict.not_live;
  state.not_live_nor_running = verdict.not_live_nor_running;
  if (!state.live()) {
    ++not_live_[static_cast<size_t>(state.not_live)];
    ++not_live_nor_running_[static_cast<size_t>(state.not_live_nor_running)];
    return;
  }
  if (state.slot < 0) {
    state.slot = static_cast<int32_t>(slots_.size());
    slots_.Resize(slots_.size() + 1);
    places_.Resize(slots_.size());
  }
  LiveSlot& slot = slots_.Mutable(state.slot);
  slot.row = EventRow{static_cast<int32_t>(row)};
  slot.key = IdKey(catalog.EventId(slot.row));
  Fill(event, catalog.events.counters[row], slot);
  places_.Mutable(state.slot) = OnUnitSphere(event.location);
  if (verdict.running) running_.Set(row);
  if (state.not_live == DropReason::kNone) {
    upcoming_.Set(row);
    ++num_upcoming_;
    for (size_t r = 0; r < kNumLiveRanks; ++r) {
      histograms_[r].Add(slot.bins[r]);
    }
  } else {
    ++not_live_[static_cast<size_t>(state.not_live)];
  }
}

void LiveColumns::Fill(const EventColumns& event, const EventCounters& counters,
                       LiveSlot& slot) const {
  const auto answers = [&](size_t i) {
    return counters.answers.At(i, minute_, kEventHorizons);
  };
  slot.lead_hours = event.start == kNoTime
                        ? kManyHours
                        : std::max(0.0f, Hours(event.start - minute_));
  slot.fresh_hours = event.announce == kNoTime
                         ? std::numeric_limits<float>::quiet_NaN()
                         : std::max(0.0f, Hours(minute_ - event.announce));
  slot.answer_hours = counters.last_answer == kNoTime
                          ? kManyHours
                          : AgeHours(minute_, counters.last_answer);
  if (event.start != kNoTime) {
    const int64_t hour = HoursSinceEpoch(event.start);
    slot.start_hour = static_cast<float>(NonNegative(hour, 24));
    // 1970-01-01 was a Thursday.
    slot.start_day = static_cast<float>(
        NonNegative((hour - NonNegative(hour, 24)) / 24 + 3, 7));
  } else {
    slot.start_hour = slot.start_day = 0;
  }
  const float day = answers(1);
  slot.hour_count = Log(answers(0));
  slot.day_count = Log(day);
  slot.week_count = Log(answers(2));
  slot.yes = static_cast<float>(std::max(0, counters.yes));
  slot.log_lead = std::log1p(slot.lead_hours);
  slot.log_answer = std::log1p(slot.answer_hours);
  slot.log_yes = Log(slot.yes);
  slot.fill =
      event.capacity > 0
          ? std::min(1.0f, slot.yes / static_cast<float>(event.capacity))
          : 0;
  slot.usual_yes = slot.organizer_events = slot.organizer_day =
      slot.organizer_week = slot.organizer_month = slot.organizer_next =
          slot.organizer_yes = 0;
  slot.bins[Of(LiveRank::kLead)] = LogHistogram::BinOf(slot.lead_hours);
  slot.bins[Of(LiveRank::kDay)] = LogHistogram::BinOf(day);
  slot.bins[Of(LiveRank::kYes)] = LogHistogram::BinOf(slot.yes);
  slot.bins[Of(LiveRank::kAnswer)] =
      LogHistogram::BinOf(counters.last_answer == kNoTime
                              ? kManyHours
                              : AgeHours(minute_, counters.last_answer));
  slot.bins[Of(LiveRank::kFresh)] = LogHistogram::BinOf(slot.fresh_hours);
}

// All of them: the slots sorted by organizer.
void LiveColumns::FillOfOrganizers(const Catalog& catalog) {
  const auto organizer_of = [&](size_t slot) {
    return states_[Index(slots_[slot].row)].organizer;
  };
  std::vector<int32_t> ends(catalog.num_organizers() + 1, 0);
  for (size_t s = 0; s < slots_.size(); ++s) {
    const OrganizerRow organizer = organizer_of(s);
    if (organizer != kNoOrganizer) ++ends[Index(organizer) + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<int32_t> slots(static_cast<size_t>(ends.back()));
  std::vector<int32_t> next(ends.begin(), ends.end() - 1);
  for (size_t s = 0; s < slots_.size(); ++s) {
    const OrganizerRow organizer = organizer_of(s);
    if (organizer == kNoOrganizer) continue;
    slots[next[Index(organizer)]++] = static_cast<int32_t>(s);
  }
  for (size_t o = 0; o + 1 < ends.size(); ++o) {
    FillOfOrganizer(
        catalog.organizers.counters[o],
        absl::MakeSpan(slots).subspan(ends[o], ends[o + 1] - ends[o]));
  }
}

void LiveColumns::FillOfOrganizer(const Catalog& catalog,
                                  OrganizerRow organizer) {
  std::vector<int32_t> slots;
  for (const EventRow row : catalog.organizers.events[Index(organizer)]) {
    const int32_t slot = SlotOf(row);
    if (slot >= 0 && states_[Index(row)].organizer == organizer) {
      slots.push_back(slot);
    }
  }
  FillOfOrganizer(catalog.organizers.counters[Index(organizer)],
                  absl::MakeSpan(slots));
}

void LiveColumns::FillOfOrganizer(const OrganizerCounters& host,
                                  absl::Span<int32_t> slots) {
  if (slots.empty()) return;
  const auto answers = [&](size_t i) {
    return Log(host.answers.At(i, minute_, kOrganizerHorizons));
  };
  const float usual_yes = Log(static_cast<float>(std::max(0, host.yes)) /
                              static_cast<float>(std::max(1, host.events)));
  const float day = answers(0);
  const float week = answers(1);
  const float month = answers(2);
  for (const int32_t s : slots) {
    LiveSlot& slot = slots_.Mutable(s);
    slot.usual_yes = usual_yes;
    slot.organizer_events = Log(static_cast<float>(std::max(0, host.events)));
    slot.organizer_day = day;
    slot.organizer_week = week;
    slot.organizer_month = month;
  }
  const auto running = std::partition(
      slots.begin(), slots.end(),
      [&](int32_t s) { return upcoming_.Test(Index(slots_[s].row)); });
  const absl::Span<int32_t> upcoming =
      slots.first(static_cast<size_t>(running - slots.begin()));
  RankExactly(
      upcoming,
      [&](int32_t a, int32_t b) {
        return slots_[a].lead_hours < slots_[b].lead_hours;
      },
      [&](int32_t s, float rank) { slots_.Mutable(s).organizer_next = rank; });
  RankExactly(
      upcoming,
      [&](int32_t a, int32_t b) { return slots_[a].yes > slots_[b].yes; },
      [&](int32_t s, float rank) { slots_.Mutable(s).organizer_yes = rank; });
}

void LiveColumns::RankAnew() {
  for (const LiveRank rank :
       {LiveRank::kLead, LiveRank::kAnswer, LiveRank::kFresh}) {
    ranks_[Of(rank)] = histograms_[Of(rank)].RanksOfSmall();
  }
  for (const LiveRank rank : {LiveRank::kDay, LiveRank::kYes}) {
    ranks_[Of(rank)] = histograms_[Of(rank)].RanksOfLarge();
  }
}

}  // namespace usher
