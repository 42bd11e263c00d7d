#include "index/catalog/live_columns.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"
#include "index/catalog/geo_cells.h"

namespace usher {
namespace {

constexpr Micros kNow = 20'000 * kDay;

Event At(int i, Micros start) {
  Event event;
  event.id = absl::StrCat("e", i);
  event.start_time = start;
  return event;
}

// Starts, ends and announcements around kNow, to the microsecond.
Catalog RandomCity(uint64_t seed, int events) {
  Random random(seed);
  Catalog catalog;
  const auto near = [&](Micros span) {
    const Micros offset =
        static_cast<Micros>(random.Below(2 * static_cast<uint64_t>(span)));
    return kNow - span + offset;
  };
  for (int i = 0; i < events; ++i) {
    const Micros span = i % 2 == 0 ? 2 * kMinute : 30 * kDay;
    Event event = At(i, i % 9 == 0 ? kNoTime : near(span));
    if (i % 3 == 0) event.announce_time = near(span);
    if (i % 4 != 0 && event.start_time != kNoTime) {
      event.end_time = event.start_time + near(span) - kNow + span;
    }
    if (i % 5 != 0) event.organizer = absl::StrCat("o", random.Below(8));
    if (i % 3 != 1) {
      event.location = {30.0f + static_cast<float>(random.Below(100)) / 100,
                        -90.0f};
    }
    event.status = random.Below(6) == 0 ? EventStatus::kCancelled
                                        : EventStatus::kScheduled;
    catalog.UpsertEvent(event);
  }
  for (int n = 0; n < events * 4; ++n) {
    catalog.Apply(
        catalog.UserRowOf(absl::StrCat("u", random.Below(30))),
        EventRow{static_cast<int32_t>(random.Below(random.Below(events) + 1))},
        InteractionKind::kRsvpYes, 0,
        kNow - static_cast<Micros>(random.Below(10 * kDay)));
  }
  return catalog;
}

EventRow RowOf(size_t row) { return EventRow{static_cast<int32_t>(row)}; }

bool IsUpcoming(const LiveColumns& live, size_t slot) {
  return live.upcoming().Test(Index(live[slot].row));
}

// ln(1 + upcoming slots for which `beats` holds).
float BruteRank(const LiveColumns& live,
                const std::function<bool(size_t)>& beats) {
  int count = 0;
  for (size_t s = 0; s < live.size(); ++s) {
    count += IsUpcoming(live, s) && beats(s);
  }
  return std::log1p(static_cast<float>(count));
}

TEST(LiveColumnsTest, WhatIsLiveWithinTheMinuteHasASlot) {
  const Catalog catalog = RandomCity(1, 400);
  const LiveColumns live(catalog, kNow, 0);
  std::vector<Micros> nows = {kNow, kNow + kMinute - 1};
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventColumns& event = catalog.events.columns[row];
    for (const Micros edge : {event.start, event.end, event.announce}) {
      if (edge == kNoTime) continue;
      for (const Micros now : {edge - 1, edge, edge + 1}) {
        if (MinuteOf(now) == kNow) nows.push_back(now);
      }
    }
  }
  ASSERT_GT(nows.size(), 50);
  for (const Micros now : nows) {
    for (size_t row = 0; row < catalog.num_events(); ++row) {
      const EventColumns& event = catalog.events.columns[row];
      if (WhyNotLive(event, now, {false, 0}) == DropReason::kNone) {
        EXPECT_TRUE(live.upcoming().Test(row)) << row << " at " << now;
        EXPECT_GE(live.SlotOf(RowOf(row)), 0);
      }
      if (WhyNotLive(event, now, {true, 0}) == DropReason::kNone) {
        EXPECT_TRUE(live.IsLive(EventRow{static_cast<int32_t>(row)}))
            << row << " at " << now;
      }
    }
  }
}

TEST(LiveColumnsTest, WhatIsLiveAtNoInstantOfTheMinuteHasNoSlot) {
  const Catalog catalog = RandomCity(3, 400);
  const LiveColumns live(catalog, kNow, 0);
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventColumns& event = catalog.events.columns[row];
    const bool dead = WhyNotLive(event, kNow, {true, 0}) != DropReason::kNone &&
                      (event.announce == kNoTime || event.announce <= kNow ||
                       event.announce >= kNow + kMinute);
    if (dead) {
      EXPECT_EQ(live.SlotOf(RowOf(row)), -1) << row;
    }
  }
}

TEST(LiveColumnsTest, SlotsAscendByRowAndKnowTheirWayBack) {
  const Catalog catalog = RandomCity(4, 300);
  const LiveColumns live(catalog, kNow, 0);
  ASSERT_GT(live.size(), 0);
  for (size_t s = 1; s < live.size(); ++s) {
    EXPECT_LT(live[s - 1].row, live[s].row);
  }
  size_t found = 0;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    if (live.SlotOf(RowOf(row)) < 0) continue;
    ++found;
    EXPECT_EQ(Index(live[live.SlotOf(RowOf(row))].row), row);
  }
  EXPECT_EQ(found, live.size());
}

TEST(LiveColumnsTest, EveryEventIsUpcomingOrCountedUnderItsReason) {
  const Catalog catalog = RandomCity(5, 300);
  const LiveColumns live(catalog, kNow, 0);
  int64_t counted = 0;
  for (const int64_t count : live.not_live()) counted += count;
  EXPECT_EQ(counted + static_cast<int64_t>(live.upcoming().Count()), 300);
  int64_t cancelled = 0;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    cancelled += WhyNotLive(catalog.events.columns[row], kNow, {}) ==
                 DropReason::kCancelled;
  }
  EXPECT_EQ(live.not_live()[static_cast<size_t>(DropReason::kCancelled)],
            cancelled);
}

// Distances from now in ratios of 1.1, so that each has a bin of its own.
class DistinctRanksTest : public ::testing::Test {
 protected:
  DistinctRanksTest() {
    Random random(6);
    std::vector<int> order(60);
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    for (size_t i = order.size(); i-- > 1;) {
      std::swap(order[i], order[random.Below(i + 1)]);
    }
    for (int i = 0; i < 60; ++i) {
      Event event = At(i, kNow + Apart(order[i]));
      event.announce_time = kNow - Apart(order[(i + 7) % 60]);
      event.organizer = absl::StrCat("o", i % 7);
      catalog_.UpsertEvent(event);
    }
    // Event i gets i % 12 answers, the last of them at a time of its own.
    for (int i = 0; i < 60; ++i) {
      for (int n = 0; n < i % 12; ++n) {
        catalog_.Apply(catalog_.UserRowOf(absl::StrCat("u", n)), EventRow{i},
                       InteractionKind::kRsvpYes, 0,
                       kNow - (n + 1) * Apart(order[(i + 23) % 60]));
      }
    }
    live_ = LiveColumns(catalog_, kNow, 0);
  }

  static Micros Apart(int step) {
    return static_cast<Micros>(static_cast<double>(kHour) *
                               std::pow(1.1, step));
  }
  const EventColumns& ColumnsOf(size_t slot) const {
    return catalog_.events.columns[Index(live_[slot].row)];
  }
  const EventCounters& CountersOf(size_t slot) const {
    return catalog_.events.counters[Index(live_[slot].row)];
  }

  Catalog catalog_;
  LiveColumns live_;
};

TEST_F(DistinctRanksTest, LeadAndFreshRanksAreThoseOfSorting) {
  ASSERT_EQ(live_.size(), 60);
  for (size_t s = 0; s < live_.size(); ++s) {
    EXPECT_EQ(live_.Rank(LiveRank::kLead, s),
              BruteRank(live_, [&](size_t other) {
                return ColumnsOf(other).start < ColumnsOf(s).start;
              }));
    EXPECT_EQ(live_.Rank(LiveRank::kFresh, s),
              BruteRank(live_, [&](size_t other) {
                return ColumnsOf(other).announce > ColumnsOf(s).announce;
              }));
  }
}

TEST_F(DistinctRanksTest, YesAndAnswerRanksAreThoseOfSorting) {
  for (size_t s = 0; s < live_.size(); ++s) {
    EXPECT_EQ(live_.Rank(LiveRank::kYes, s),
              BruteRank(live_, [&](size_t other) {
                return CountersOf(other).yes > CountersOf(s).yes;
              }));
    EXPECT_EQ(
        live_.Rank(LiveRank::kAnswer, s), BruteRank(live_, [&](size_t other) {
          return CountersOf(other).last_answer > CountersOf(s).last_answer;
        }));
  }
}

TEST_F(DistinctRanksTest, DayCountIsTheSumOfFadedAnswers) {
  for (size_t s = 0; s < live_.size(); ++s) {
    double day = 0;
    for (size_t user = 0; user < catalog_.num_users(); ++user) {
      for (const Action& action : catalog_.users.history[user]) {
        if (action.event != live_[s].row) continue;
        day += std::exp(-static_cast<double>(kNow - action.time) / kDay);
      }
    }
    EXPECT_NEAR(std::expm1(live_[s].day_count), day, 1e-4 * (1 + day));
  }
}

TEST(LiveColumnsTest, RanksWithinTheOrganizerAreThoseOfBruteForce) {
  const Catalog catalog = RandomCity(7, 500);
  const LiveColumns live(catalog, kNow, 0);
  for (size_t s = 0; s < live.size(); ++s) {
    const OrganizerRow organizer =
        catalog.events.columns[Index(live[s].row)].organizer;
    const auto rank = [&](const std::function<bool(size_t)>& beats) {
      if (organizer == kNoOrganizer || !IsUpcoming(live, s)) return 0.0f;
      return BruteRank(live, [&](size_t other) {
        return catalog.events.columns[Index(live[other].row)].organizer ==
                   organizer &&
               beats(other);
      });
    };
    EXPECT_EQ(live[s].organizer_next, rank([&](size_t other) {
                return live[other].lead_hours < live[s].lead_hours;
              }));
    EXPECT_EQ(live[s].organizer_yes, rank([&](size_t other) {
                return catalog.events.counters[Index(live[other].row)].yes >
                       catalog.events.counters[Index(live[s].row)].yes;
              }));
  }
}

TEST(LiveColumnsTest, RunningEventsHaveNoPartInTheRanksOfTheOthers) {
  Catalog catalog;
  Event running = At(0, kNow - kHour);
  running.end_time = kNow + kHour;
  catalog.UpsertEvent(running);
  catalog.UpsertEvent(At(1, kNow + kHour));
  catalog.UpsertEvent(At(2, kNow + 5 * kHour));
  const LiveColumns live(catalog, kNow, 0);
  ASSERT_EQ(live.size(), 3);
  EXPECT_EQ(live.Rank(LiveRank::kLead, 1), 0.0f);
  EXPECT_EQ(live.Rank(LiveRank::kLead, 2), std::log1p(1.0f));
}

TEST(LiveColumnsTest, WithoutAnAnnouncementAnEventHasTheMeanFreshRank) {
  Catalog catalog;
  for (int i = 0; i < 4; ++i) {
    Event event = At(i, kNow + kDay);
    // The second and the fourth tell none.
    if (i % 2 == 0) event.announce_time = kNow - (i + 1) * kHour;
    catalog.UpsertEvent(event);
  }
  const LiveColumns live(catalog, kNow, 0);
  // They beat nobody either.
  EXPECT_EQ(live.Rank(LiveRank::kFresh, 0), 0.0f);
  EXPECT_EQ(live.Rank(LiveRank::kFresh, 2), std::log1p(1.0f));
  for (const size_t slot : {1, 3}) {
    EXPECT_FLOAT_EQ(live.Rank(LiveRank::kFresh, slot), std::log1p(1.0f) / 2);
  }
}

TEST(LiveColumnsTest, WhereNothingWasAnnouncedAllAreEquallyFresh) {
  Catalog catalog;
  catalog.UpsertEvent(At(0, kNow + kDay));
  catalog.UpsertEvent(At(1, kNow + 2 * kDay));
  const LiveColumns live(catalog, kNow, 0);
  for (const size_t slot : {0, 1}) {
    EXPECT_EQ(live.Rank(LiveRank::kFresh, slot), 0.0f);
  }
}

TEST(LiveColumnsTest, CountsOfTheEventAndItsOrganizerFadeOverTheirHorizons) {
  Catalog catalog;
  Event full = At(0, kNow + kDay);
  full.organizer = "o";
  full.capacity = 2;
  Event other = At(1, kNow + 2 * kDay);
  other.organizer = "o";
  other.capacity = 8;
  catalog.UpsertEvent(full);
  catalog.UpsertEvent(other);
  catalog.UpsertEvent(At(2, kNow + 3 * kDay));
  for (int n = 0; n < 3; ++n) {
    catalog.Apply(catalog.UserRowOf(absl::StrCat("u", n)), EventRow{0},
                  InteractionKind::kRsvpYes, 0, kNow - kDay);
  }
  catalog.Apply(catalog.UserRowOf("v"), EventRow{1}, InteractionKind::kRsvpYes,
                0, kNow - kHour);
  const LiveColumns live(catalog, kNow, 0);
  const double day = 1.0 / 24;
  EXPECT_FLOAT_EQ(live[1].hour_count, std::log1p(std::exp(-1.0)));
  EXPECT_FLOAT_EQ(live[0].day_count, std::log1p(3 * std::exp(-1.0)));
  EXPECT_FLOAT_EQ(live[0].week_count, std::log1p(3 * std::exp(-1.0 / 7)));
  EXPECT_FLOAT_EQ(live[0].fill, 1.0f);
  EXPECT_FLOAT_EQ(live[1].fill, 0.125f);
  for (const size_t slot : {0, 1}) {
    // Four commitments to two events.
    EXPECT_FLOAT_EQ(live[slot].usual_yes, std::log1p(2.0f));
    EXPECT_FLOAT_EQ(live[slot].organizer_day,
                    std::log1p(3 * std::exp(-1.0) + std::exp(-day)));
    EXPECT_FLOAT_EQ(live[slot].organizer_week,
                    std::log1p(3 * std::exp(-1.0 / 7) + std::exp(-day / 7)));
    EXPECT_FLOAT_EQ(live[slot].organizer_month,
                    std::log1p(3 * std::exp(-1.0 / 30) + std::exp(-day / 30)));
  }
  // Nobody's, without a capacity, not answered.
  for (const auto figure :
       {&LiveSlot::hour_count, &LiveSlot::day_count, &LiveSlot::week_count,
        &LiveSlot::fill, &LiveSlot::usual_yes, &LiveSlot::organizer_day,
        &LiveSlot::organizer_week, &LiveSlot::organizer_month}) {
    EXPECT_EQ(live[2].*figure, 0.0f);
  }
}

TEST(LiveColumnsTest, AnAnswerFarInTheFutureIsNotTheLatest) {
  Catalog catalog;
  for (int i = 0; i < 2; ++i) catalog.UpsertEvent(At(i, kNow + kDay));
  const UserRow user = catalog.UserRowOf("u");
  catalog.Apply(user, EventRow{0}, InteractionKind::kRsvpYes, 0,
                kNow + 3650 * kDay);
  catalog.Apply(user, EventRow{1}, InteractionKind::kRsvpYes, 0, kNow - kHour);
  const LiveColumns live(catalog, kNow, 0);
  EXPECT_EQ(live.Rank(LiveRank::kAnswer, 1), 0.0f);
  EXPECT_EQ(live.Rank(LiveRank::kAnswer, 0), std::log1p(1.0f));
  EXPECT_LT(live[0].day_count, live[1].day_count);
}

// Equal, but for the order of the slots.
// By cell, sorted: live rows.
std::vector<EventRow> LiveInCell(const LiveColumns& columns, int32_t cell) {
  std::vector<EventRow> live;
  for (const EventRow row : columns.InCell(cell)) {
    if (columns.SlotOf(row) >= 0) live.push_back(row);
  }
  std::sort(live.begin(), live.end());
  return live;
}

void ExpectSame(const LiveColumns& followed, const LiveColumns& built) {
  for (size_t i = 0; i < kNumGeoCells; ++i) {
    const auto cell = static_cast<int32_t>(i);
    if (followed.InCell(cell).empty() && built.InCell(cell).empty()) continue;
    ASSERT_EQ(LiveInCell(followed, cell), LiveInCell(built, cell)) << cell;
  }
  ASSERT_EQ(followed.num_events(), built.num_events());
  EXPECT_EQ(followed.num_upcoming(), built.num_upcoming());
  EXPECT_EQ(followed.not_live(), built.not_live());
  EXPECT_EQ(followed.not_live_nor_running(), built.not_live_nor_running());
  for (size_t row = 0; row < built.num_events(); ++row) {
    EXPECT_EQ(followed.upcoming().Test(row), built.upcoming().Test(row));
    EXPECT_EQ(followed.live().Test(row), built.live().Test(row));
    const int32_t a = followed.SlotOf(RowOf(row));
    const int32_t b = built.SlotOf(RowOf(row));
    ASSERT_EQ(a >= 0, b >= 0) << row;
    if (b < 0) continue;
    const LiveSlot& x = followed[a];
    const LiveSlot& y = built[b];
    EXPECT_EQ(x.row, y.row);
    for (const auto figure :
         {&LiveSlot::lead_hours, &LiveSlot::answer_hours, &LiveSlot::hour_count,
          &LiveSlot::day_count, &LiveSlot::week_count, &LiveSlot::yes,
          &LiveSlot::fill, &LiveSlot::usual_yes, &LiveSlot::organizer_day,
          &LiveSlot::organizer_week, &LiveSlot::organizer_month,
          &LiveSlot::organizer_next, &LiveSlot::organizer_yes,
          &LiveSlot::log_lead, &LiveSlot::log_answer, &LiveSlot::log_yes,
          &LiveSlot::start_hour, &LiveSlot::start_day,
          &LiveSlot::organizer_events}) {
      EXPECT_EQ(x.*figure, y.*figure) << row;
    }
    EXPECT_EQ(std::isnan(x.fresh_hours), std::isnan(y.fresh_hours));
    if (!std::isnan(x.fresh_hours)) {
      EXPECT_EQ(x.fresh_hours, y.fresh_hours);
    }
    EXPECT_EQ(followed.KeyOf(x.row), built.KeyOf(x.row));
    EXPECT_EQ(x.organizer, y.organizer);
    EXPECT_EQ(x.bins, y.bins);
    for (const LiveRank rank : {LiveRank::kLead, LiveRank::kDay, LiveRank::kYes,
                                LiveRank::kAnswer, LiveRank::kFresh}) {
      EXPECT_EQ(followed.Rank(rank, a), built.Rank(rank, b)) << row;
    }
    EXPECT_EQ(followed.Place(a).known(), built.Place(b).known());
    if (built.Place(b).known()) {
      EXPECT_EQ(followed.Place(a).x, built.Place(b).x);
    }
  }
  size_t live = 0;
  for (size_t s = 0; s < followed.size(); ++s) {
    live += followed[s].row != kNoEvent;
  }
  EXPECT_EQ(live, built.size());
}

// One of everything that may happen to a catalogue.
void Disturb(Random& random, Catalog& catalog) {
  const auto any = [&] {
    return static_cast<int>(random.Below(catalog.num_events()));
  };
  switch (random.Below(6)) {
    case 0:  // A new event, or one that moves in time and to another organizer.
    case 1: {
      Event event = At(
          random.Below(3) == 0 ? static_cast<int>(catalog.num_events()) : any(),
          kNow - kDay + static_cast<Micros>(random.Below(9 * kDay)));
      event.end_time = event.start_time + 2 * kHour;
      event.organizer = absl::StrCat("o", random.Below(10));
      event.location = {30.0f + static_cast<float>(random.Below(100)) / 100,
                        -90.0f};
      if (random.Below(4) == 0) event.status = EventStatus::kSoldOut;
      if (random.Below(3) == 0) event.announce_time = kNow - kHour;
      if (random.Below(3) == 0) event.capacity = 3;
      catalog.UpsertEvent(event);
      break;
    }
    case 2:
      catalog.DeleteEvent(EventRow{any()});
      break;
    case 3:  // Somebody speaks of an event that nobody has described.
      catalog.EventRowOf(absl::StrCat("unknown", random.Below(1000)));
      break;
    default:
      catalog.Apply(catalog.UserRowOf(absl::StrCat("u", random.Below(30))),
                    EventRow{any()},
                    random.Below(3) == 0 ? InteractionKind::kRsvpNo
                                         : InteractionKind::kRsvpYes,
                    0, kNow - static_cast<Micros>(random.Below(3 * kDay)));
  }
}

TEST(LiveColumnsTest, ThatFollowTheCatalogueAreThoseThatAreBuiltFromIt) {
  Random random(11);
  Catalog catalog = RandomCity(12, 300);
  LiveColumns followed(catalog, kNow, 0);
  int64_t revision = catalog.changed_events.revision();
  for (int round = 0; round < 60; ++round) {
    for (uint64_t n = random.Below(12); n-- > 0;) Disturb(random, catalog);
    const LiveColumns before = followed.Share();
    const int upcoming = before.num_upcoming();
    followed.Update(catalog, *catalog.changed_events.Since(revision));
    revision = catalog.changed_events.revision();
    ExpectSame(followed, LiveColumns(catalog, kNow, 0));
    EXPECT_EQ(before.num_upcoming(), upcoming);
  }
}

TEST(LiveColumnsTest, AnEventIsInTheCellOfItsPlaceAndInNoOther) {
  const GeoPoint north = {51.2f, 4.4f};
  const GeoPoint south = {-33.9f, 18.4f};
  Catalog catalog;
  Event event = At(0, kNow + kHour);
  event.location = north;
  const EventRow row = catalog.UpsertEvent(event);
  LiveColumns live(catalog, kNow, 0);
  EXPECT_THAT(live.InCell(CellOf(north)), testing::ElementsAre(row));
  const LiveColumns before = live.Share();
  event.location = south;
  catalog.UpsertEvent(event);
  live.Update(catalog, {row});
  EXPECT_THAT(live.InCell(CellOf(north)), testing::IsEmpty());
  EXPECT_THAT(live.InCell(CellOf(south)), testing::ElementsAre(row));
  EXPECT_THAT(before.InCell(CellOf(north)), testing::ElementsAre(row));
  event.location = {};
  catalog.UpsertEvent(event);
  live.Update(catalog, {row});
  EXPECT_THAT(live.InCell(CellOf(south)), testing::IsEmpty());
}

TEST(LiveColumnsTest, ThatMoveToAMinuteAreThoseThatAreBuiltForIt) {
  Random random(15);
  Catalog catalog = RandomCity(16, 300);
  for (const Micros lifetime : {Micros{0}, 3 * kDay}) {
    Micros minute = kNow - 20 * kDay;
    LiveColumns moved(catalog, minute, lifetime);
    int64_t revision = catalog.changed_events.revision();
    // Most events begin or end around kNow.
    while (minute < kNow + 20 * kDay) {
      const Micros away =
          minute > kNow - kHour && minute < kNow + kHour ? kMinute : kHour * 30;
      minute += random.Below(4) == 0 ? kMinute : away;
      for (uint64_t n = random.Below(4); n-- > 0;) Disturb(random, catalog);
      const LiveColumns before = moved.Share();
      const int upcoming = before.num_upcoming();
      moved.Update(catalog, *catalog.changed_events.Since(revision));
      revision = catalog.changed_events.revision();
      moved.MoveTo(catalog, minute);
      ExpectSame(moved, LiveColumns(catalog, minute, lifetime));
      EXPECT_EQ(before.num_upcoming(), upcoming);
    }
  }
}

TEST(LiveColumnsTest, ThatMoveFollowTheCatalogueAsOthersDo) {
  Random random(17);
  Catalog catalog = RandomCity(18, 300);
  LiveColumns moved(catalog, kNow - kHour, 0);
  moved.MoveTo(catalog, kNow);
  int64_t revision = catalog.changed_events.revision();
  for (int round = 0; round < 30; ++round) {
    for (uint64_t n = random.Below(12); n-- > 0;) Disturb(random, catalog);
    moved.Update(catalog, *catalog.changed_events.Since(revision));
    revision = catalog.changed_events.revision();
    ExpectSame(moved, LiveColumns(catalog, kNow, 0));
  }
}

TEST(LiveColumnsTest, OfAnEarlierMinuteAreBuiltAnew) {
  const Catalog catalog = RandomCity(19, 300);
  LiveColumns moved(catalog, kNow, 0);
  moved.MoveTo(catalog, kNow - 5 * kDay);
  ExpectSame(moved, LiveColumns(catalog, kNow - 5 * kDay, 0));
}

TEST(LiveColumnsTest, WhatWasSharedStaysAsItWas) {
  Random random(13);
  Catalog catalog = RandomCity(14, 300);
  LiveColumns followed(catalog, kNow, 0);
  const LiveColumns shared = followed.Share();
  Catalog before = catalog.Share();
  const int64_t revision = catalog.changed_events.revision();
  for (int n = 0; n < 200; ++n) Disturb(random, catalog);
  followed.Update(catalog, *catalog.changed_events.Since(revision));
  ExpectSame(shared, LiveColumns(before, kNow, 0));
}

TEST(LiveColumnsTest, MinutesBeginAtWholeMinutesOnBothSidesOfTheEpoch) {
  EXPECT_EQ(MinuteOf(kNow), kNow);
  EXPECT_EQ(MinuteOf(kNow + kMinute - 1), kNow);
  EXPECT_EQ(MinuteOf(kNow - 1), kNow - kMinute);
  EXPECT_EQ(MinuteOf(-1), -kMinute);
  EXPECT_EQ(MinuteOf(-kMinute), -kMinute);
}

}  // namespace
}  // namespace usher
