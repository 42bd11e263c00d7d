#include "index/catalog/live_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "index/catalog/log_histogram.h"

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

float Rank(uint32_t beaten_by) {
  return std::log1p(static_cast<float>(beaten_by));
}

// Collects the slots. Anything live at some instant of the minute is live for
// its first instant once what is announced within it counts as announced.
void CollectSlots(const Catalog& catalog, Micros undated_lifetime,
                  LiveColumns& live) {
  const size_t n = catalog.num_events();
  live.slot_of.assign(n, -1);
  live.upcoming = RowBitmap(n);
  live.running = RowBitmap(n);
  for (size_t row = 0; row < n; ++row) {
    EventColumns event = catalog.events.columns[row];
    if (event.announce != kNoTime && event.announce < live.minute + kMinute) {
      event.announce = std::min(event.announce, live.minute);
    }
    const DropReason reason =
        WhyNotLive(event, live.minute, {false, undated_lifetime});
    if (reason != DropReason::kNone) {
      ++live.not_live[static_cast<size_t>(reason)];
      const DropReason over =
          WhyNotLive(event, live.minute, {true, undated_lifetime});
      if (over != DropReason::kNone) {
        ++live.not_live_nor_running[static_cast<size_t>(over)];
        continue;
      }
      live.running.Set(row);
    } else {
      live.upcoming.Set(row);
      ++live.num_upcoming;
      if (event.end > event.start && event.start < live.minute + kMinute) {
        live.running.Set(row);
      }
    }
    live.slot_of[row] = static_cast<int32_t>(live.rows.size());
    live.rows.push_back(EventRow{static_cast<int32_t>(row)});
  }
}

// ln(1 + a count), which is none of most events.
float Log(float count) { return count == 0 ? 0.0f : std::log1p(count); }

// What ranks are taken of but nobody else needs.
struct Raw {
  std::vector<float> day;
  std::vector<float> yes;
  std::vector<float> answer_age;
};

void FillTimes(const EventColumns& event, size_t s, LiveColumns& live) {
  live.lead_hours[s] = event.start == kNoTime
                           ? kManyHours
                           : std::max(0.0f, Hours(event.start - live.minute));
  live.fresh_hours[s] =
      event.announce == kNoTime
          ? std::numeric_limits<float>::quiet_NaN()
          : std::max(0.0f, Hours(live.minute - event.announce));
}

void FillCounts(const EventColumns& event, const EventCounters& counters,
                size_t s, LiveColumns& live, Raw& raw) {
  const auto answers = [&](size_t i) {
    return counters.answers.At(i, live.minute, kEventHorizons);
  };
  raw.day[s] = answers(1);
  raw.yes[s] = static_cast<float>(std::max(0, counters.yes));
  raw.answer_age[s] = counters.last_answer == kNoTime
                          ? kManyHours
                          : AgeHours(live.minute, counters.last_answer);
  live.hour_count[s] = Log(answers(0));
  live.day_count[s] = Log(raw.day[s]);
  live.week_count[s] = Log(answers(2));
  if (event.capacity > 0) {
    live.fill[s] =
        std::min(1.0f, raw.yes[s] / static_cast<float>(event.capacity));
  }
}

void FillOrganizer(const OrganizerCounters& host, size_t s, LiveColumns& live) {
  const auto answers = [&](size_t i) {
    return Log(host.answers.At(i, live.minute, kOrganizerHorizons));
  };
  live.usual_yes[s] = Log(static_cast<float>(std::max(0, host.yes)) /
                          static_cast<float>(std::max(1, host.events)));
  live.organizer_day[s] = answers(0);
  live.organizer_week[s] = answers(1);
  live.organizer_month[s] = answers(2);
}

Raw FillFigures(const Catalog& catalog, LiveColumns& live) {
  const size_t slots = live.rows.size();
  Raw raw;
  for (std::vector<float>* column :
       {&live.lead_hours, &live.fresh_hours, &live.hour_count, &live.day_count,
        &live.week_count, &live.fill, &live.usual_yes, &live.organizer_day,
        &live.organizer_week, &live.organizer_month, &raw.day, &raw.yes,
        &raw.answer_age}) {
    column->resize(slots);
  }
  live.places.resize(slots);
  for (size_t s = 0; s < slots; ++s) {
    const size_t row = Index(live.rows[s]);
    const EventColumns& event = catalog.events.columns[row];
    live.places[s] = OnUnitSphere(event.location);
    FillTimes(event, s, live);
    FillCounts(event, catalog.events.counters[row], s, live, raw);
    if (event.organizer != kNoOrganizer) {
      FillOrganizer(catalog.organizers.counters[Index(event.organizer)], s,
                    live);
    }
  }
  return raw;
}

std::vector<float> OfUpcoming(const LiveColumns& live,
                              const std::vector<float>& column) {
  std::vector<float> values;
  values.reserve(column.size());
  for (size_t s = 0; s < column.size(); ++s) {
    if (live.upcoming.Test(Index(live.rows[s]))) values.push_back(column[s]);
  }
  return values;
}

std::vector<float> RanksBySmall(const LiveColumns& live,
                                const std::vector<float>& column) {
  const LogHistogram histogram(OfUpcoming(live, column));
  std::vector<float> ranks(column.size());
  for (size_t s = 0; s < ranks.size(); ++s) {
    ranks[s] = Rank(histogram.Below(column[s]));
  }
  return ranks;
}

// Ranks of numbers of which some are not known: those get the mean of the
// others'.
std::vector<float> RanksOfKnownBySmall(const LiveColumns& live,
                                       const std::vector<float>& column) {
  const LogHistogram histogram(OfUpcoming(live, column));
  std::vector<float> ranks(column.size());
  double sum = 0;
  double known = 0;
  for (size_t s = 0; s < ranks.size(); ++s) {
    if (std::isnan(column[s])) continue;
    ranks[s] = Rank(histogram.Below(column[s]));
    if (!live.upcoming.Test(Index(live.rows[s]))) continue;
    sum += ranks[s];
    known += 1;
  }
  const float mean = known > 0 ? static_cast<float>(sum / known) : 0.0f;
  for (size_t s = 0; s < ranks.size(); ++s) {
    if (std::isnan(column[s])) ranks[s] = mean;
  }
  return ranks;
}

std::vector<float> RanksByLarge(const LiveColumns& live,
                                const std::vector<float>& column) {
  const LogHistogram histogram(OfUpcoming(live, column));
  std::vector<float> ranks(column.size());
  for (size_t s = 0; s < ranks.size(); ++s) {
    ranks[s] = Rank(histogram.Above(column[s]));
  }
  return ranks;
}

// For each slot, how many slots of the same organizer come strictly before it
// when ordered by `before`.
template <class Before>
std::vector<float> RanksWithinOrganizer(const Catalog& catalog,
                                        const LiveColumns& live,
                                        const Before& before) {
  const auto organizer = [&](int32_t slot) {
    return catalog.events.columns[Index(live.rows[slot])].organizer;
  };
  std::vector<int32_t> order;
  for (size_t s = 0; s < live.rows.size(); ++s) {
    if (live.upcoming.Test(Index(live.rows[s])) &&
        organizer(static_cast<int32_t>(s)) != kNoOrganizer) {
      order.push_back(static_cast<int32_t>(s));
    }
  }
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    if (organizer(a) != organizer(b)) return organizer(a) < organizer(b);
    if (before(a, b)) return true;
    if (before(b, a)) return false;
    return a < b;
  });
  std::vector<float> ranks(live.rows.size(), 0.0f);
  size_t group = 0;
  size_t tie = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || organizer(order[i]) != organizer(order[i - 1])) {
      group = tie = i;
    } else if (before(order[i - 1], order[i])) {
      tie = i;
    }
    ranks[order[i]] = Rank(static_cast<uint32_t>(tie - group));
  }
  return ranks;
}

}  // namespace

Micros MinuteOf(Micros now) {
  const Micros into = now % kMinute;
  return now - (into < 0 ? into + kMinute : into);
}

LiveColumns BuildLiveColumns(const Catalog& catalog, Micros minute,
                             Micros undated_lifetime) {
  LiveColumns live;
  live.minute = minute;
  CollectSlots(catalog, undated_lifetime, live);
  const Raw raw = FillFigures(catalog, live);
  live.lead_rank = RanksBySmall(live, live.lead_hours);
  live.day_rank = RanksByLarge(live, raw.day);
  live.yes_rank = RanksByLarge(live, raw.yes);
  live.answer_rank = RanksBySmall(live, raw.answer_age);
  live.fresh_rank = RanksOfKnownBySmall(live, live.fresh_hours);
  live.organizer_next =
      RanksWithinOrganizer(catalog, live, [&](int32_t a, int32_t b) {
        return live.lead_hours[a] < live.lead_hours[b];
      });
  live.organizer_yes = RanksWithinOrganizer(
      catalog, live,
      [&](int32_t a, int32_t b) { return raw.yes[a] > raw.yes[b]; });
  return live;
}

}  // namespace usher
