#include "index/catalog/live_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <numeric>

#include "index/catalog/geo_cells.h"

namespace usher {
namespace {

// The least memory that slots of events that are live no more take is cheaper
// than building anew.
constexpr size_t kFewSlots = 1024;

size_t Of(LiveRank rank) { return static_cast<size_t>(rank); }

// Sorts like the number, which is 0 or more.
uint64_t Ascending(float number) { return std::bit_cast<uint32_t>(number); }
uint64_t Descending(float number) { return ~std::bit_cast<uint32_t>(number); }

// Keys above, slots below: calls give(slot, rank) for each, ln(1 + how many
// have a smaller key).
template <class Give>
void RankExactly(std::vector<uint64_t>& keyed, const Give& give) {
  std::sort(keyed.begin(), keyed.end());
  size_t tie = 0;
  float rank = 0;
  for (size_t i = 0; i < keyed.size(); ++i) {
    if (i > 0 && keyed[i - 1] >> 32 != keyed[i] >> 32) {
      tie = i;
      rank = std::log1p(static_cast<float>(tie));
    }
    give(static_cast<int32_t>(keyed[i] & 0xffffffff), rank);
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
  expiries_.Resize(rows);
  keys_.Resize(rows);
  in_cells_.Resize(kNumGeoCells);
  upcoming_.Grow(rows);
  live_.Grow(rows);
  for (size_t row = 0; row < rows; ++row) PutIn(catalog, row);
  CompleteAll(catalog);
}

LiveColumns LiveColumns::Share() {
  LiveColumns shared;
  shared.minute_ = minute_;
  shared.undated_lifetime_ = undated_lifetime_;
  shared.states_ = states_.Share();
  shared.expiries_ = expiries_.Share();
  shared.keys_ = keys_.Share();
  shared.slots_ = slots_.Share();
  shared.places_ = places_.Share();
  shared.cells_ = cells_.Share();
  shared.in_cells_ = in_cells_.Share();
  shared.upcoming_ = upcoming_;
  shared.live_ = live_;
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
  expiries_.Resize(catalog.num_events());
  keys_.Resize(catalog.num_events());
  upcoming_.Grow(states_.size());
  live_.Grow(states_.size());
  std::vector<OrganizerRow> organizers;
  for (const EventRow event : changed) {
    const size_t row = Index(event);
    if (row < known) TakeOut(row);
    organizers.push_back(states_[row].organizer);
    PutIn(catalog, row);
    Complete(catalog, row);
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

void LiveColumns::MoveTo(const Catalog& catalog, Micros minute) {
  if (minute < minute_) {
    *this = LiveColumns(catalog, minute, undated_lifetime_);
    return;
  }
  std::vector<size_t> expired;
  for (size_t row = 0; row < expiries_.size(); ++row) {
    if (expiries_[row] <= minute) expired.push_back(row);
  }
  for (const size_t row : expired) TakeOut(row);
  minute_ = minute;
  for (const size_t row : expired) PutIn(catalog, row);
  const size_t live = live_.Count();
  if (slots_.size() > 2 * live + kFewSlots) {
    *this = LiveColumns(catalog, minute, undated_lifetime_);
    return;
  }
  CompleteAll(catalog);
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
  if (reason == DropReason::kNone) return {reason, reason};
  return {reason, WhyNotLive(first, minute_, {true, undated_lifetime_})};
}

Micros LiveColumns::Expiry(const EventColumns& event) const {
  Micros earliest = std::numeric_limits<Micros>::max();
  const auto consider = [&](Micros time) {
    if (time == minute_) time += 1;
    if (time > minute_) earliest = std::min(earliest, time);
  };
  if (event.start != kNoTime) {
    consider(event.start);
    consider(event.start - kMinute);
  }
  if (event.end != kNoTime) consider(event.end);
  if (event.announce != kNoTime) {
    consider(event.announce);
    consider(event.announce - kMinute);
    consider(event.announce + undated_lifetime_);
  }
  return earliest;
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
    live_.Clear(row);
  } else {
    --not_live_nor_running_[static_cast<size_t>(state.not_live_nor_running)];
  }
}

void LiveColumns::MoveToCell(const GeoPoint& place, size_t row) {
  const auto slot = static_cast<size_t>(states_[row].slot);
  const int32_t before = cells_[slot];
  const int32_t after = CellOf(place);
  if (before == after) return;
  const EventRow event{static_cast<int32_t>(row)};
  if (before >= 0) {
    const absl::Span<const EventRow> rows = InCell(before);
    in_cells_.Erase(
        static_cast<size_t>(before),
        static_cast<size_t>(std::find(rows.begin(), rows.end(), event) -
                            rows.begin()));
  }
  if (after >= 0) in_cells_.Append(static_cast<size_t>(after), event);
  cells_.Mutable(slot) = after;
}

void LiveColumns::PutIn(const Catalog& catalog, size_t row) {
  const EventColumns& event = catalog.events.columns[row];
  const Verdict verdict = Judge(event);
  State& state = states_.Mutable(row);
  state.organizer = event.organizer;
  state.not_live = verdict.not_live;
  state.not_live_nor_running = verdict.not_live_nor_running;
  expiries_.Mutable(row) = Expiry(event);
  if (!state.live()) {
    ++not_live_[static_cast<size_t>(state.not_live)];
    ++not_live_nor_running_[static_cast<size_t>(state.not_live_nor_running)];
    return;
  }
  if (state.slot < 0) {
    state.slot = static_cast<int32_t>(slots_.size());
    slots_.Resize(slots_.size() + 1);
    places_.Resize(slots_.size());
    cells_.PushBack(-1);
  }
  LiveSlot& slot = slots_.Mutable(state.slot);
  slot.row = EventRow{static_cast<int32_t>(row)};
  keys_.Mutable(row) = IdKey(catalog.EventId(slot.row));
  FillSteady(event, catalog.events.counters[row], slot);
  places_.Mutable(state.slot) = OnUnitSphere(event.location);
  MoveToCell(event.location, row);
  live_.Set(row);
  if (state.not_live == DropReason::kNone) {
    upcoming_.Set(row);
    ++num_upcoming_;
  } else {
    ++not_live_[static_cast<size_t>(state.not_live)];
  }
}

void LiveColumns::Count(const LiveSlot& slot) {
  for (size_t r = 0; r < kNumLiveRanks; ++r) histograms_[r].Add(slot.bins[r]);
}

void LiveColumns::Complete(const Catalog& catalog, size_t row) {
  if (!states_[row].live()) return;
  LiveSlot& slot = slots_.Mutable(states_[row].slot);
  const SlotToFill fill = {&catalog.events.columns[row],
                           &catalog.events.counters[row], &slot};
  FillMinute(minute_, {&fill, 1});
  if (upcoming_.Test(row)) Count(slot);
}

// In an array of their own, which the column then borrows.
void LiveColumns::CompleteAll(const Catalog& catalog) {
  const auto slots = std::make_shared<std::vector<LiveSlot>>(slots_.size());
  histograms_ = {};
  std::vector<SlotToFill> batch;
  const auto fill = [&] {
    FillMinute(minute_, batch);
    for (const SlotToFill& filled : batch) {
      if (upcoming_.Test(Index(filled.slot->row))) Count(*filled.slot);
    }
    batch.clear();
  };
  for (size_t s = 0; s < slots->size(); ++s) {
    LiveSlot& slot = (*slots)[s];
    slot = slots_[s];
    if (slot.row == kNoEvent) continue;
    const size_t row = Index(slot.row);
    batch.push_back(
        {&catalog.events.columns[row], &catalog.events.counters[row], &slot});
    if (batch.size() == kSlotsAtOnce) fill();
  }
  fill();
  FillOfOrganizers(catalog, absl::MakeSpan(*slots));
  slots_ = CowVector<LiveSlot>::Borrow(slots->data(), slots->size(), slots);
  RankAnew();
}

// All of them: the slots sorted by organizer.
void LiveColumns::FillOfOrganizers(const Catalog& catalog,
                                   absl::Span<LiveSlot> slots) {
  const auto has_organizer = [](const LiveSlot& slot) {
    return slot.row != kNoEvent && slot.organizer != kNoOrganizer;
  };
  std::vector<int32_t> ends(catalog.num_organizers() + 1, 0);
  for (const LiveSlot& slot : slots) {
    if (has_organizer(slot)) ++ends[Index(slot.organizer) + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<int32_t> sorted(static_cast<size_t>(ends.back()));
  std::vector<int32_t> next(ends.begin(), ends.end() - 1);
  for (size_t s = 0; s < slots.size(); ++s) {
    if (!has_organizer(slots[s])) continue;
    sorted[next[Index(slots[s].organizer)]++] = static_cast<int32_t>(s);
  }
  std::vector<uint64_t> scratch;
  for (size_t o = 0; o + 1 < ends.size(); ++o) {
    if (ends[o] == ends[o + 1]) continue;
    FillOfOrganizer(
        catalog.organizers.counters[o],
        absl::MakeConstSpan(sorted).subspan(ends[o], ends[o + 1] - ends[o]),
        [&](int32_t s) -> LiveSlot& { return slots[s]; }, scratch);
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
  std::vector<uint64_t> scratch;
  FillOfOrganizer(
      catalog.organizers.counters[Index(organizer)], slots,
      [&](int32_t s) -> LiveSlot& { return slots_.Mutable(s); }, scratch);
}

template <class SlotAt>
void LiveColumns::FillOfOrganizer(const OrganizerCounters& host,
                                  absl::Span<const int32_t> slots,
                                  const SlotAt& slot_at,
                                  std::vector<uint64_t>& scratch) {
  if (slots.empty()) return;
  const HostFigures figures(host, minute_);
  scratch.clear();
  for (const int32_t s : slots) {
    LiveSlot& slot = slot_at(s);
    figures.Fill(slot);
    slot.organizer_next = slot.organizer_yes = 0;
    if (!upcoming_.Test(Index(slot.row))) continue;
    scratch.push_back(Ascending(slot.lead_hours) << 32 |
                      static_cast<uint32_t>(s));
  }
  if (scratch.size() < 2) return;
  RankExactly(scratch,
              [&](int32_t s, float rank) { slot_at(s).organizer_next = rank; });
  for (uint64_t& keyed : scratch) {
    const auto s = static_cast<uint32_t>(keyed);
    keyed = Descending(slot_at(static_cast<int32_t>(s)).yes) << 32 | s;
  }
  RankExactly(scratch,
              [&](int32_t s, float rank) { slot_at(s).organizer_yes = rank; });
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
