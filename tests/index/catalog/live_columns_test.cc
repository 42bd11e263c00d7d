#include "index/catalog/live_columns.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

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

bool IsUpcoming(const LiveColumns& live, size_t slot) {
  return live.upcoming.Test(Index(live.rows[slot]));
}

// ln(1 + upcoming slots for which `beats` holds).
float BruteRank(const LiveColumns& live,
                const std::function<bool(size_t)>& beats) {
  int count = 0;
  for (size_t s = 0; s < live.rows.size(); ++s) {
    count += IsUpcoming(live, s) && beats(s);
  }
  return std::log1p(static_cast<float>(count));
}

TEST(LiveColumnsTest, WhatIsLiveWithinTheMinuteHasASlot) {
  const Catalog catalog = RandomCity(1, 400);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
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
        EXPECT_TRUE(live.upcoming.Test(row)) << row << " at " << now;
        EXPECT_GE(live.slot_of[row], 0);
      }
      if (WhyNotLive(event, now, {true, 0}) == DropReason::kNone) {
        EXPECT_TRUE(live.upcoming.Test(row) || live.running.Test(row))
            << row << " at " << now;
      }
    }
  }
}

TEST(LiveColumnsTest, WhatIsLiveAtNoInstantOfTheMinuteHasNoSlot) {
  const Catalog catalog = RandomCity(3, 400);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    const EventColumns& event = catalog.events.columns[row];
    const bool dead = WhyNotLive(event, kNow, {true, 0}) != DropReason::kNone &&
                      (event.announce == kNoTime || event.announce <= kNow ||
                       event.announce >= kNow + kMinute);
    if (dead) {
      EXPECT_EQ(live.slot_of[row], -1) << row;
    }
  }
}

TEST(LiveColumnsTest, SlotsAscendByRowAndKnowTheirWayBack) {
  const Catalog catalog = RandomCity(4, 300);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  ASSERT_FALSE(live.rows.empty());
  EXPECT_TRUE(std::is_sorted(live.rows.begin(), live.rows.end()));
  size_t found = 0;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    if (live.slot_of[row] < 0) continue;
    ++found;
    EXPECT_EQ(Index(live.rows[live.slot_of[row]]), row);
  }
  EXPECT_EQ(found, live.rows.size());
}

TEST(LiveColumnsTest, EveryEventIsUpcomingOrCountedUnderItsReason) {
  const Catalog catalog = RandomCity(5, 300);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  int64_t counted = 0;
  for (const int64_t count : live.not_live) counted += count;
  EXPECT_EQ(counted + static_cast<int64_t>(live.upcoming.Count()), 300);
  int64_t cancelled = 0;
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    cancelled += WhyNotLive(catalog.events.columns[row], kNow, {}) ==
                 DropReason::kCancelled;
  }
  EXPECT_EQ(live.not_live[static_cast<size_t>(DropReason::kCancelled)],
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
    live_ = BuildLiveColumns(catalog_, kNow, 0);
  }

  static Micros Apart(int step) {
    return static_cast<Micros>(static_cast<double>(kHour) *
                               std::pow(1.1, step));
  }
  const EventColumns& ColumnsOf(size_t slot) const {
    return catalog_.events.columns[Index(live_.rows[slot])];
  }
  const EventCounters& CountersOf(size_t slot) const {
    return catalog_.events.counters[Index(live_.rows[slot])];
  }

  Catalog catalog_;
  LiveColumns live_;
};

TEST_F(DistinctRanksTest, LeadAndFreshRanksAreThoseOfSorting) {
  ASSERT_EQ(live_.rows.size(), 60);
  for (size_t s = 0; s < live_.rows.size(); ++s) {
    EXPECT_EQ(live_.lead_rank[s], BruteRank(live_, [&](size_t other) {
                return ColumnsOf(other).start < ColumnsOf(s).start;
              }));
    EXPECT_EQ(live_.fresh_rank[s], BruteRank(live_, [&](size_t other) {
                return ColumnsOf(other).announce > ColumnsOf(s).announce;
              }));
  }
}

TEST_F(DistinctRanksTest, YesAndAnswerRanksAreThoseOfSorting) {
  for (size_t s = 0; s < live_.rows.size(); ++s) {
    EXPECT_EQ(live_.yes_rank[s], BruteRank(live_, [&](size_t other) {
                return CountersOf(other).yes > CountersOf(s).yes;
              }));
    EXPECT_EQ(live_.answer_rank[s], BruteRank(live_, [&](size_t other) {
                return CountersOf(other).last_answer >
                       CountersOf(s).last_answer;
              }));
  }
}

TEST_F(DistinctRanksTest, DayCountIsTheSumOfFadedAnswers) {
  for (size_t s = 0; s < live_.rows.size(); ++s) {
    double day = 0;
    for (size_t user = 0; user < catalog_.num_users(); ++user) {
      for (const Action& action : catalog_.users.history[user]) {
        if (action.event != live_.rows[s]) continue;
        day += std::exp(-static_cast<double>(kNow - action.time) / kDay);
      }
    }
    EXPECT_NEAR(std::expm1(live_.day_count[s]), day, 1e-4 * (1 + day));
  }
}

TEST(LiveColumnsTest, RanksWithinTheOrganizerAreThoseOfBruteForce) {
  const Catalog catalog = RandomCity(7, 500);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  for (size_t s = 0; s < live.rows.size(); ++s) {
    const OrganizerRow organizer =
        catalog.events.columns[Index(live.rows[s])].organizer;
    const auto rank = [&](const std::function<bool(size_t)>& beats) {
      if (organizer == kNoOrganizer || !IsUpcoming(live, s)) return 0.0f;
      return BruteRank(live, [&](size_t other) {
        return catalog.events.columns[Index(live.rows[other])].organizer ==
                   organizer &&
               beats(other);
      });
    };
    EXPECT_EQ(live.organizer_next[s], rank([&](size_t other) {
                return live.lead_hours[other] < live.lead_hours[s];
              }));
    EXPECT_EQ(live.organizer_yes[s], rank([&](size_t other) {
                return catalog.events.counters[Index(live.rows[other])].yes >
                       catalog.events.counters[Index(live.rows[s])].yes;
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
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  ASSERT_EQ(live.rows.size(), 3);
  EXPECT_EQ(live.lead_rank[1], 0.0f);
  EXPECT_EQ(live.lead_rank[2], std::log1p(1.0f));
}

TEST(LiveColumnsTest, WithoutAnAnnouncementAnEventHasTheMeanFreshRank) {
  Catalog catalog;
  for (int i = 0; i < 4; ++i) {
    Event event = At(i, kNow + kDay);
    // The second and the fourth tell none.
    if (i % 2 == 0) event.announce_time = kNow - (i + 1) * kHour;
    catalog.UpsertEvent(event);
  }
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  // They beat nobody either.
  EXPECT_EQ(live.fresh_rank[0], 0.0f);
  EXPECT_EQ(live.fresh_rank[2], std::log1p(1.0f));
  for (const size_t slot : {1, 3}) {
    EXPECT_FLOAT_EQ(live.fresh_rank[slot], std::log1p(1.0f) / 2);
  }
}

TEST(LiveColumnsTest, WhereNothingWasAnnouncedAllAreEquallyFresh) {
  Catalog catalog;
  catalog.UpsertEvent(At(0, kNow + kDay));
  catalog.UpsertEvent(At(1, kNow + 2 * kDay));
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  EXPECT_EQ(live.fresh_rank, std::vector<float>(2, 0.0f));
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
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  const double day = 1.0 / 24;
  EXPECT_FLOAT_EQ(live.hour_count[1], std::log1p(std::exp(-1.0)));
  EXPECT_FLOAT_EQ(live.day_count[0], std::log1p(3 * std::exp(-1.0)));
  EXPECT_FLOAT_EQ(live.week_count[0], std::log1p(3 * std::exp(-1.0 / 7)));
  EXPECT_FLOAT_EQ(live.fill[0], 1.0f);
  EXPECT_FLOAT_EQ(live.fill[1], 0.125f);
  for (const size_t slot : {0, 1}) {
    // Four commitments to two events.
    EXPECT_FLOAT_EQ(live.usual_yes[slot], std::log1p(2.0f));
    EXPECT_FLOAT_EQ(live.organizer_day[slot],
                    std::log1p(3 * std::exp(-1.0) + std::exp(-day)));
    EXPECT_FLOAT_EQ(live.organizer_week[slot],
                    std::log1p(3 * std::exp(-1.0 / 7) + std::exp(-day / 7)));
    EXPECT_FLOAT_EQ(live.organizer_month[slot],
                    std::log1p(3 * std::exp(-1.0 / 30) + std::exp(-day / 30)));
  }
  // Nobody's, without a capacity, not answered.
  for (const std::vector<float>* column :
       {&live.hour_count, &live.day_count, &live.week_count, &live.fill,
        &live.usual_yes, &live.organizer_day, &live.organizer_week,
        &live.organizer_month}) {
    EXPECT_EQ((*column)[2], 0.0f);
  }
}

TEST(LiveColumnsTest, AnAnswerFarInTheFutureIsNotTheLatest) {
  Catalog catalog;
  for (int i = 0; i < 2; ++i) catalog.UpsertEvent(At(i, kNow + kDay));
  const UserRow user = catalog.UserRowOf("u");
  catalog.Apply(user, EventRow{0}, InteractionKind::kRsvpYes, 0,
                kNow + 3650 * kDay);
  catalog.Apply(user, EventRow{1}, InteractionKind::kRsvpYes, 0, kNow - kHour);
  const LiveColumns live = BuildLiveColumns(catalog, kNow, 0);
  EXPECT_EQ(live.answer_rank[1], 0.0f);
  EXPECT_EQ(live.answer_rank[0], std::log1p(1.0f));
  EXPECT_LT(live.day_count[0], live.day_count[1]);
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
