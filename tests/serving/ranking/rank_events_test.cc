#include "serving/ranking/rank_events.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/ranking/explanation.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kEvents = 300;

// More candidates than there are events.
RankingPolicy Exhaustive() {
  RankingPolicy policy;
  policy.scan_candidates = 10 * kEvents;
  return policy;
}

Query For(const std::string& user, Micros now = kCityNow) {
  Query query;
  query.user_id = user;
  query.now = now;
  query.limit = 200;
  return query;
}

Ranking Rank(const Query& query, const Snapshot& snapshot,
             const RankingPolicy& policy = Exhaustive()) {
  return RankEvents(query, policy,
                    BuildLiveView(snapshot, policy, query.now, 0), snapshot);
}

std::vector<std::string> Ids(const Ranking& ranking, const Snapshot& snapshot) {
  std::vector<std::string> ids;
  for (const RankedEvent& event : ranking.results) {
    ids.push_back(std::string(snapshot.catalog.EventId(event.event)));
  }
  return ids;
}

struct Expected {
  std::vector<EventRow> events;
  std::vector<float> scores;
  std::array<int64_t, kNumDropReasons> dropped{};
};

// Looks at every event of the catalogue, one after the other.
Expected BruteForce(const Query& query, const Snapshot& snapshot,
                    const RankingPolicy& policy) {
  const LiveView view = BuildLiveView(snapshot, policy, query.now, 0);
  const Catalog& catalog = snapshot.catalog;
  const UserState user = BuildUserState(query, snapshot, *view.columns);
  const CompiledFilter filter(query.filter, catalog, user.place);
  const std::set<EventRow> answered(user.answered.begin(), user.answered.end());
  Expected expected;
  std::vector<std::pair<float, EventRow>> scored;
  for (size_t i = 0; i < catalog.num_events(); ++i) {
    const EventRow row{static_cast<int32_t>(i)};
    DropReason reason = WhyNotLive(catalog.events.columns[i], query.now,
                                   {query.filter.include_running, 0});
    if (reason == DropReason::kNone && !query.filter.include_interacted &&
        answered.contains(row)) {
      reason = DropReason::kAnswered;
    }
    if (reason == DropReason::kNone && !filter.Matches(row)) {
      reason = DropReason::kFiltered;
    }
    if (reason != DropReason::kNone) {
      ++expected.dropped[static_cast<size_t>(reason)];
      continue;
    }
    const FeatureMatrix features =
        ComputeFeatures({row}, user, *view.columns, snapshot);
    float score = 0;
    for (size_t f = 0; f < kNumFeatures; ++f) {
      score += policy.weights[f] * features.Row(0)[f];
    }
    scored.emplace_back(score, row);
  }
  std::stable_sort(scored.begin(), scored.end(), [&](auto& a, auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return catalog.events.columns[Index(a.second)].start <
           catalog.events.columns[Index(b.second)].start;
  });
  for (const auto& [score, row] : scored) {
    expected.events.push_back(row);
    expected.scores.push_back(score);
  }
  return expected;
}

void ExpectSame(const Ranking& ranking, const Expected& expected) {
  ASSERT_EQ(ranking.results.size(),
            std::min<size_t>(200, expected.events.size()));
  for (size_t i = 0; i < ranking.results.size(); ++i) {
    EXPECT_EQ(ranking.results[i].event, expected.events[i]) << i;
    EXPECT_EQ(ranking.results[i].score, expected.scores[i]) << i;
  }
}

class RankEventsTest : public ::testing::Test {
 protected:
  const Snapshot snapshot_ = SnapshotOf(RandomCatalog(1, kEvents));
};

TEST_F(RankEventsTest, WithCandidatesEnoughItIsBruteForce) {
  for (int u = 0; u < 40; ++u) {
    const Query query = For(absl::StrCat("u", u));
    const Expected expected = BruteForce(query, snapshot_, Exhaustive());
    ASSERT_GT(expected.events.size(), 50);
    ExpectSame(Rank(query, snapshot_), expected);
  }
}

TEST_F(RankEventsTest, WithEveryOptionItIsBruteForce) {
  Query query = For("u3");
  query.filter.include_interacted = true;
  query.filter.include_running = true;
  query.filter.max_distance_km = 12;
  query.filter.exclude_tags = {"t1"};
  query.location = {51.1f, 3.85f};
  query.seeds = {{"e1"}, {"e2", InteractionKind::kNotInterested, 2}};
  const Expected expected = BruteForce(query, snapshot_, Exhaustive());
  ASSERT_GT(expected.events.size(), 10);
  ExpectSame(Rank(query, snapshot_), expected);
}

TEST_F(RankEventsTest, NothingIsShownThatIsNotLiveAtTheMicrosecond) {
  std::set<Micros> nows = {kCityNow};
  for (size_t row = 0; row < kEvents; ++row) {
    const EventColumns& event = snapshot_.catalog.events.columns[row];
    for (const Micros edge : {event.start, event.announce}) {
      if (edge == kNoTime || std::abs(edge - kCityNow) > 3 * kMinute) continue;
      nows.insert({edge - 1, edge, edge + 1});
    }
  }
  ASSERT_GT(nows.size(), 200);
  for (const Micros now : nows) {
    const Ranking ranking = Rank(For("u1", now), snapshot_);
    for (const RankedEvent& event : ranking.results) {
      ASSERT_EQ(WhyNotLive(snapshot_.catalog.events.columns[Index(event.event)],
                           now, {}),
                DropReason::kNone)
          << Index(event.event) << " at " << now;
    }
    EXPECT_EQ(ranking.results.size(),
              BruteForce(For("u1", now), snapshot_, Exhaustive()).events.size())
        << now;
  }
}

TEST_F(RankEventsTest, AnEventLeavesWithTheMicrosecondThatItStarts) {
  for (size_t row = 0; row < kEvents; ++row) {
    const EventColumns& event = snapshot_.catalog.events.columns[row];
    if (event.start == kNoTime || event.start % kMinute == 0) continue;
    if (WhyNotLive(event, event.start - 1, {}) != DropReason::kNone) continue;
    const std::string id(
        snapshot_.catalog.EventId(EventRow{static_cast<int32_t>(row)}));
    Query query = For("", event.start - 1);
    query.filter.only_event_ids = {id};
    EXPECT_THAT(Ids(Rank(query, snapshot_), snapshot_), ElementsAre(id));
    query.now = event.start;
    EXPECT_THAT(Rank(query, snapshot_).results, IsEmpty());
    if (event.end == kNoTime) continue;
    query.filter.include_running = true;
    EXPECT_THAT(Ids(Rank(query, snapshot_), snapshot_), ElementsAre(id));
    query.now = event.end;
    EXPECT_THAT(Rank(query, snapshot_).results, IsEmpty());
  }
}

TEST_F(RankEventsTest, WhatIsDroppedIsCountedAsByBruteForce) {
  for (int options = 0; options < 8; ++options) {
    Query query = For("u2");
    query.filter.include_running = (options & 1) != 0;
    query.filter.include_interacted = (options & 2) != 0;
    if ((options & 4) != 0) query.filter.categories = {"music"};
    EXPECT_EQ(Rank(query, snapshot_).dropped,
              BruteForce(query, snapshot_, Exhaustive()).dropped)
        << options;
  }
}

TEST_F(RankEventsTest, WithinAMinuteNothingIsLostFromTheCounts) {
  for (const Micros into : {Micros{1}, 17 * kSecond + 3, kMinute - 1}) {
    const Ranking ranking = Rank(For("u2", kCityNow + into), snapshot_);
    int64_t total = static_cast<int64_t>(ranking.results.size());
    for (const int64_t count : ranking.dropped) total += count;
    EXPECT_EQ(total, kEvents) << into;
  }
}

TEST_F(RankEventsTest, OnlyTheEventsAskedForAreRankedAndCounted) {
  Query query = For("u1");
  for (int i = 0; i < 40; ++i) {
    query.filter.only_event_ids.push_back(absl::StrCat("e", i));
  }
  query.filter.only_event_ids.push_back("unknown");
  const Ranking ranking = Rank(query, snapshot_);
  Expected expected = BruteForce(query, snapshot_, Exhaustive());
  ExpectSame(ranking, expected);
  int64_t total = static_cast<int64_t>(ranking.results.size());
  for (const int64_t count : ranking.dropped) total += count;
  EXPECT_EQ(total, 41);
}

TEST_F(RankEventsTest, UnknownIdsAskedForAreFiltered) {
  Query query = For("u1");
  query.filter.only_event_ids = {"no", "such", "such"};
  const Ranking ranking = Rank(query, snapshot_);
  EXPECT_THAT(ranking.results, IsEmpty());
  EXPECT_EQ(ranking.dropped[static_cast<size_t>(DropReason::kFiltered)], 2);
}

// A list in the order of a ranking: its first part is ranked anew, and the rest
// stays behind it as it was, without what may not be shown.
TEST(RankListTest, TheRestOfALongCompleteListFollowsAsItStands) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(5, 1500));
  Query query = For("u3");
  query.limit = 10;
  query.further = 480;
  const RankingPolicy policy;
  const LiveView view = BuildLiveView(snapshot, policy, query.now, 0);
  const Ranking online = RankEvents(query, policy, view, snapshot);
  std::vector<EventRow> rows;
  for (const RankedEvent& event : online.results) rows.push_back(event.event);
  rows.insert(rows.end(), online.further.begin(), online.further.end());
  ASSERT_GT(rows.size(), 250u);
  std::reverse(rows.begin() + 200, rows.end());
  // One that is over in the part that is not looked at.
  const auto not_live = [&](size_t row) {
    return view.columns->SlotOf(EventRow{static_cast<int32_t>(row)}) < 0;
  };
  size_t dead = 0;
  while (!not_live(dead)) ++dead;
  std::vector<EventRow> list = rows;
  list.insert(list.begin() + 220, EventRow{static_cast<int32_t>(dead)});
  // Nothing has been announced since.
  const ListedEvents listed{list, {}, query.now + 2 * kMinute, true};
  Shortcuts shortcuts;
  shortcuts.list = &listed;
  shortcuts.wanted = query.limit;
  const Ranking answer = RankEvents(query, policy, view, snapshot, shortcuts);
  EXPECT_TRUE(answer.from_list);
  EXPECT_EQ(Ids(answer, snapshot), Ids(online, snapshot));
  std::vector<EventRow> got;
  for (const RankedEvent& event : answer.results) got.push_back(event.event);
  got.insert(got.end(), answer.further.begin(), answer.further.end());
  EXPECT_EQ(got, rows);
  EXPECT_EQ(answer.candidates[static_cast<int>(CandidateSource::kList)], 100);
}

TEST(RankListTest, AnyLimitOfARequestCutsTheSameList) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(5, 1500));
  const RankingPolicy policy;
  const LiveView view = BuildLiveView(snapshot, policy, kCityNow, 0);
  for (const char* user : {"u3", "u4", "stranger"}) {
    Query query = For(user);
    query.limit = static_cast<int>(kRankedAtLeast);
    query.further = 300;
    const Ranking whole = RankEvents(query, policy, view, snapshot);
    ASSERT_EQ(whole.results.size(), kRankedAtLeast);
    EXPECT_FALSE(whole.further.empty());
    const std::vector<std::string> ids = Ids(whole, snapshot);
    for (const int limit : {1, 20, 150}) {
      query.limit = limit;
      EXPECT_EQ(Ids(RankEvents(query, policy, view, snapshot), snapshot),
                std::vector<std::string>(ids.begin(), ids.begin() + limit));
    }
  }
}

TEST_F(RankEventsTest, AScoreThatIsNoNumberHasNoPlace) {
  RankingPolicy policy = Exhaustive();
  policy.weight(Feature::kDistance) = std::numeric_limits<float>::infinity();
  const Ranking ranking = Rank(For("u1"), snapshot_, policy);
  for (const RankedEvent& event : ranking.results) {
    EXPECT_TRUE(std::isfinite(event.score));
  }
  EXPECT_THAT(ranking.degraded, Contains(HasSubstr("score")));
}

TEST_F(RankEventsTest, AnsweredEventsComeBackWithIncludeInteracted) {
  Query query = For("u1");
  const LiveView view = BuildLiveView(snapshot_, Exhaustive(), kCityNow, 0);
  const UserState user = BuildUserState(query, snapshot_, *view.columns);
  const auto answered = [&](const Ranking& ranking) {
    return std::count_if(ranking.results.begin(), ranking.results.end(),
                         [&](const RankedEvent& event) {
                           return std::binary_search(user.answered.begin(),
                                                     user.answered.end(),
                                                     event.event);
                         });
  };
  const Ranking without = Rank(query, snapshot_);
  query.filter.include_interacted = true;
  const Ranking with = Rank(query, snapshot_);
  EXPECT_EQ(answered(without), 0);
  EXPECT_GT(answered(with), 0);
  EXPECT_EQ(with.results.size(),
            without.results.size() + static_cast<size_t>(answered(with)));
}

TEST_F(RankEventsTest, ContributionsSumToTheScore) {
  const RankingPolicy policy = Exhaustive();
  for (int u = 0; u < 10; ++u) {
    for (const RankedEvent& event :
         Rank(For(absl::StrCat("u", u)), snapshot_).results) {
      double sum = 0;
      for (const Contribution& part : Contributions(event, policy)) {
        sum += part.contribution;
      }
      EXPECT_NEAR(sum, event.score, 1e-4);
    }
  }
}

TEST_F(RankEventsTest, CapsKeepTheBestOfEachOrganizerVenueAndSeries) {
  Query query = For("u4");
  const Ranking whole = Rank(query, snapshot_);
  query.max_per_organizer = 2;
  query.max_per_venue = 3;
  query.max_per_series = 1;
  const Ranking capped = Rank(query, snapshot_);
  std::vector<EventRow> expected;
  std::map<int, int> organizers, venues, series;
  for (const RankedEvent& event : whole.results) {
    const EventColumns& columns =
        snapshot_.catalog.events.columns[Index(event.event)];
    const int organizer = static_cast<int>(columns.organizer);
    if (organizer >= 0 && organizers[organizer] >= 2) continue;
    if (columns.venue >= 0 && venues[columns.venue] >= 3) continue;
    if (columns.series >= 0 && series[columns.series] >= 1) continue;
    ++organizers[organizer];
    ++venues[columns.venue];
    ++series[columns.series];
    expected.push_back(event.event);
  }
  ASSERT_LT(expected.size(), whole.results.size());
  std::vector<EventRow> got;
  for (const RankedEvent& event : capped.results) got.push_back(event.event);
  EXPECT_EQ(got, expected);
}

TEST_F(RankEventsTest, TheLimitCutsTheSameList) {
  Query query = For("u5");
  const std::vector<std::string> whole = Ids(Rank(query, snapshot_), snapshot_);
  for (const int limit : {0, 1, 7}) {
    query.limit = limit;
    EXPECT_EQ(Ids(Rank(query, snapshot_), snapshot_),
              std::vector<std::string>(whole.begin(), whole.begin() + limit));
  }
}

TEST_F(RankEventsTest, EqualInputsGiveEqualLists) {
  const Snapshot again = SnapshotOf(RandomCatalog(1, kEvents));
  RankingPolicy policy;
  policy.scan_candidates = 20;
  policy.source_candidates = 10;
  for (int u = 0; u < 40; ++u) {
    const Query query = For(absl::StrCat("u", u));
    const Ranking one = Rank(query, snapshot_, policy);
    const Ranking two = Rank(query, again, policy);
    ASSERT_EQ(one.results.size(), two.results.size());
    for (size_t i = 0; i < one.results.size(); ++i) {
      EXPECT_EQ(one.results[i].event, two.results[i].event);
      EXPECT_EQ(one.results[i].score, two.results[i].score);
      EXPECT_EQ(one.results[i].sources, two.results[i].sources);
    }
  }
}

TEST_F(RankEventsTest, FewerCandidatesRankTheirOwnJustAlike) {
  RankingPolicy few;
  few.scan_candidates = 10;
  few.source_candidates = 5;
  const Ranking all = Rank(For("u6"), snapshot_);
  const Ranking some = Rank(For("u6"), snapshot_, few);
  ASSERT_LT(some.results.size(), all.results.size());
  size_t at = 0;
  for (const RankedEvent& event : some.results) {
    while (at < all.results.size() && all.results[at].event != event.event) {
      ++at;
    }
    ASSERT_LT(at, all.results.size());
    EXPECT_EQ(all.results[at].score, event.score);
  }
}

TEST_F(RankEventsTest, NobodyIsRefused) {
  for (const char* nobody : {"", "stranger"}) {
    const Ranking ranking = Rank(For(nobody), snapshot_);
    EXPECT_TRUE(ranking.cold_user);
    EXPECT_GT(ranking.results.size(), 50);
    EXPECT_THAT(ranking.degraded, IsEmpty());
  }
  EXPECT_FALSE(Rank(For("u1"), snapshot_).cold_user);
}

// Events that differ in nothing but the place.
Catalog RowOfTwins(int count) {
  Catalog catalog;
  for (int i = 0; i < count; ++i) {
    Event event;
    // Neither in the order of ids nor of rows.
    event.id = absl::StrCat("twin", (i * 7) % count);
    event.start_time = kCityNow + kDay;
    event.location = {51.0f + 0.01f * static_cast<float>((i * 7) % count),
                      3.7f};
    catalog.UpsertEvent(event);
  }
  return catalog;
}

TEST(RankEventsOfTwinsTest, AStrangerGetsTheNearestFirstWhenAllElseIsEqual) {
  const Snapshot snapshot = SnapshotOf(RowOfTwins(12));
  Query query = For("stranger");
  query.location = {51.0f, 3.7f};
  std::vector<std::string> expected;
  for (int i = 0; i < 12; ++i) expected.push_back(absl::StrCat("twin", i));
  EXPECT_EQ(Ids(Rank(query, snapshot), snapshot), expected);
}

TEST(RankEventsOfTwinsTest, TiesGoToTheSoonerStartThenToTheSmallerRow) {
  RankingPolicy indifferent = Exhaustive();
  indifferent.weights.fill(0);
  Catalog catalog;
  const Micros starts[] = {5, 3, 5, 1, 3};
  for (int i = 0; i < 5; ++i) {
    Event event;
    event.id = absl::StrCat("e", i);
    event.start_time = kCityNow + starts[i] * kDay;
    catalog.UpsertEvent(event);
  }
  const Snapshot snapshot = SnapshotOf(std::move(catalog));
  EXPECT_THAT(Ids(Rank(For(""), snapshot, indifferent), snapshot),
              ElementsAre("e3", "e1", "e4", "e0", "e2"));
}

TEST_F(RankEventsTest, SeedsRankLikeAHistory) {
  // A visitor who likes what somebody answered at this instant.
  Catalog catalog = RandomCatalog(1, kEvents);
  const UserRow twin = catalog.UserRowOf("twin");
  Query seeded = For("visitor");
  for (const int liked : {1, 2, 4, 8}) {
    catalog.Apply(twin, EventRow{liked}, InteractionKind::kRsvpYes, NAN,
                  kCityNow);
    seeded.seeds.push_back({absl::StrCat("e", liked)});
  }
  // Both as they are known to the same snapshot.
  const Snapshot snapshot = SnapshotOf(std::move(catalog));
  Query known = For("twin");
  RankingPolicy policy = Exhaustive();
  // The twin is among their own likes' attendees; the visitor has no row.
  policy.weight(Feature::kNeighbours) = 0;
  const Ranking a = Rank(seeded, snapshot, policy);
  const Ranking b = Rank(known, snapshot, policy);
  EXPECT_EQ(Ids(a, snapshot), Ids(b, snapshot));
  EXPECT_FALSE(a.cold_user);
}

TEST_F(RankEventsTest, SeedsThatAreAnswersDoNotComeBack) {
  Query query = For("visitor");
  const std::vector<std::string> before =
      Ids(Rank(query, snapshot_), snapshot_);
  for (const InteractionKind kind :
       {InteractionKind::kRsvpYes, InteractionKind::kDismiss}) {
    query.seeds = {{before[0], kind}};
    EXPECT_THAT(Ids(Rank(query, snapshot_), snapshot_),
                Not(Contains(before[0])));
    query.filter.include_interacted = true;
    EXPECT_THAT(Ids(Rank(query, snapshot_), snapshot_), Contains(before[0]));
    query.filter.include_interacted = false;
  }
  query.seeds = {{before[0], InteractionKind::kView}};
  EXPECT_THAT(Ids(Rank(query, snapshot_), snapshot_), Contains(before[0]));
}

TEST_F(RankEventsTest, ARefusalPushesWhatIsSimilarAway) {
  const Catalog& catalog = snapshot_.catalog;
  Query query = For("visitor");
  const Ranking before = Rank(query, snapshot_);
  const auto score_of = [](const Ranking& ranking, EventRow row) {
    for (const RankedEvent& event : ranking.results) {
      if (event.event == row) return event.score;
    }
    return std::numeric_limits<float>::quiet_NaN();
  };
  int compared = 0;
  for (const InteractionKind kind :
       {InteractionKind::kRsvpNo, InteractionKind::kDismiss,
        InteractionKind::kNotInterested}) {
    for (size_t i = 0; i < 20; ++i) {
      const EventRow refused = before.results[i].event;
      query.seeds = {{std::string(catalog.EventId(refused)), kind}};
      const Ranking after = Rank(query, snapshot_);
      for (const RankedEvent& event : after.results) {
        const bool same_organizer =
            catalog.events.columns[Index(refused)].organizer != kNoOrganizer &&
            catalog.events.columns[Index(event.event)].organizer ==
                catalog.events.columns[Index(refused)].organizer;
        const float likeness =
            event.features[static_cast<size_t>(Feature::kContent)];
        if (!same_organizer || likeness > -0.5f) continue;
        EXPECT_LT(event.score, score_of(before, event.event));
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 20);
}

TEST_F(RankEventsTest, AChangedEventIsRankedByItsNewVector) {
  Snapshot changed = SnapshotOf(RandomCatalog(1, kEvents));
  const EventRow row = changed.catalog.FindEvent("e1");
  Event event = changed.catalog.GetEvent(row);
  event.title = "jazz jazz jazz";
  event.start_time = kCityNow + kDay;
  event.announce_time = kNoTime;
  changed.catalog.UpsertEvent(event);
  changed.RefreshVectors(row);
  ExpectSame(Rank(For("u7"), changed),
             BruteForce(For("u7"), changed, Exhaustive()));
}

int64_t ticks = 0;

TEST_F(RankEventsTest, TimedStagesChangeNothingAndAddUpToTheWhole) {
  const RankingPolicy policy = Exhaustive();
  const Query query = For("u1");
  const LiveView view = BuildLiveView(snapshot_, policy, query.now, 0);
  StageTimes times([] { return ++ticks; });
  const Ranking timed = RankEvents(query, policy, view, snapshot_, {}, &times);
  const Ranking plain = RankEvents(query, policy, view, snapshot_);
  EXPECT_EQ(Ids(timed, snapshot_), Ids(plain, snapshot_));
  for (const Stage stage : {Stage::kUser, Stage::kCandidates, Stage::kRank}) {
    EXPECT_EQ(times.nanoseconds(stage), 1) << StageName(stage);
  }
  EXPECT_FALSE(times.ended(Stage::kView));
}

TEST_F(RankEventsTest, CandidatesAreCountedUnderEachOfTheirSources) {
  Query query = For("u1");
  const Ranking ranking = Rank(query, snapshot_);
  std::array<int64_t, kNumCandidateSources> counted{};
  for (const RankedEvent& event : ranking.results) {
    for (int i = 0; i < kNumCandidateSources; ++i) {
      counted[i] += event.sources >> i & 1;
    }
  }
  EXPECT_GT(ranking.candidates[0], 0);
  EXPECT_EQ(ranking.candidates, counted);
}

}  // namespace
}  // namespace usher
