#include "serving/ranking/candidates.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

using ::testing::IsEmpty;

// Of the scan's best, how many become candidates.
constexpr size_t kAll = 1000;

class CandidatesTest : public ::testing::Test {
 protected:
  CandidatesTest() {
    policy_.scan_candidates = 12;
    policy_.source_candidates = 6;
    view_ = BuildLiveView(snapshot_, policy_, kCityNow, 0);
  }

  UserState StateOf(const std::string& user) const {
    Query query;
    query.user_id = user;
    query.now = kCityNow;
    return BuildUserState(query, snapshot_, *view_.columns);
  }

  std::vector<Candidate> Collect(const UserState& user,
                                 const RowBitmap& allowed) {
    return CollectCandidates(policy_, user, allowed, view_, snapshot_, kAll,
                             nullptr, degraded_)
        .candidates;
  }

  static std::set<EventRow> From(const std::vector<Candidate>& candidates,
                                 CandidateSource source) {
    std::set<EventRow> rows;
    for (const Candidate& candidate : candidates) {
      if ((candidate.sources >> static_cast<int>(source) & 1) != 0) {
        rows.insert(candidate.event);
      }
    }
    return rows;
  }

  // The score that retrieval looks at.
  float ScanScore(const UserState& user, size_t row) const {
    float score = view_.bias[row];
    const absl::Span<const float> vector = snapshot_.vectors.Row(row);
    for (size_t i = 0; i < user.vector.size(); ++i) {
      score += vector[i] * user.vector[i] *
               policy_.weight(i < snapshot_.model->by_event.dim()
                                  ? Feature::kAlsEvent
                                  : Feature::kAlsOrganizer);
    }
    return score;
  }

  void ExpectBestOfScan(const std::string& who, const RowBitmap& allowed) {
    const UserState user = StateOf(who);
    std::vector<std::pair<float, EventRow>> scored;
    allowed.ForEach([&](size_t row) {
      scored.emplace_back(-ScanScore(user, row),
                          EventRow{static_cast<int32_t>(row)});
    });
    std::sort(scored.begin(), scored.end());
    std::set<EventRow> best;
    for (size_t i = 0; i < 12; ++i) best.insert(scored[i].second);
    EXPECT_EQ(From(Collect(user, allowed), CandidateSource::kScan), best);
  }

  RankingPolicy policy_;
  Snapshot snapshot_ = SnapshotOf(RandomCatalog(2, 300));
  LiveView view_{std::make_shared<LiveColumns>(), RankingPolicy()};
  std::vector<std::string> degraded_;
};

TEST_F(CandidatesTest, TheScanFindsTheBestOfVectorsAndLiveBias) {
  for (const char* user : {"u1", "u2", "u3", "stranger"}) {
    ExpectBestOfScan(user, view_.columns->upcoming());
  }
}

TEST_F(CandidatesTest, WhatTheScanFoundBehindTheFirstFollowsInItsOrder) {
  constexpr size_t kFirst = 5;
  const UserState user = StateOf("u1");
  const RowBitmap& allowed = view_.columns->upcoming();
  const FoundCandidates some = CollectCandidates(
      policy_, user, allowed, view_, snapshot_, kFirst, nullptr, degraded_);
  const std::set<EventRow> all =
      From(Collect(user, allowed), CandidateSource::kScan);
  std::set<EventRow> scanned = From(some.candidates, CandidateSource::kScan);
  EXPECT_GE(scanned.size(), kFirst);
  ASSERT_FALSE(some.behind.empty());
  for (size_t i = 1; i < some.behind.size(); ++i) {
    EXPECT_GE(ScanScore(user, Index(some.behind[i - 1])) + 1e-5f,
              ScanScore(user, Index(some.behind[i])));
  }
  // Nothing is there twice, and nothing is missing.
  for (const EventRow row : some.behind) {
    EXPECT_TRUE(scanned.insert(row).second);
  }
  EXPECT_EQ(scanned, all);
}

TEST_F(CandidatesTest, TheScanLooksAtNewVectorsNotAtTheIndex) {
  for (int row = 0; row < 60; ++row) {
    Event event = snapshot_.catalog.GetEvent(EventRow{row});
    event.title = "rust rust rust";
    snapshot_.catalog.UpsertEvent(event);
    snapshot_.RefreshVectors(EventRow{row});
  }
  Event late = snapshot_.catalog.GetEvent(EventRow{1});
  late.id = "late";
  late.start_time = kCityNow + kHour;
  snapshot_.RefreshVectors(snapshot_.catalog.UpsertEvent(late));
  view_ = BuildLiveView(snapshot_, policy_, kCityNow, 0);
  for (const char* user : {"u1", "u2", "u3"}) {
    ExpectBestOfScan(user, view_.columns->upcoming());
  }
}

TEST_F(CandidatesTest, EveryCandidateIsAllowedAndComesOnceAscending) {
  RowBitmap allowed(300);
  view_.columns->upcoming().ForEach([&](size_t row) {
    if (row % 3 == 0) allowed.Set(row);
  });
  for (int u = 0; u < 40; ++u) {
    const std::vector<Candidate> found =
        Collect(StateOf(absl::StrCat("u", u)), allowed);
    EXPECT_FALSE(found.empty());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(allowed.Test(Index(found[i].event)));
      EXPECT_NE(found[i].sources, 0);
      if (i == 0) continue;
      EXPECT_LT(found[i - 1].event, found[i].event);
    }
  }
  EXPECT_THAT(degraded_, IsEmpty());
}

TEST_F(CandidatesTest, NothingAllowedIsNoCandidate) {
  EXPECT_THAT(Collect(StateOf("u1"), RowBitmap(300)), IsEmpty());
}

TEST_F(CandidatesTest, OrganizersAreThoseWhomTheUserKnows) {
  const UserState user = StateOf("u2");
  const std::set<EventRow> rows = From(Collect(user, view_.columns->upcoming()),
                                       CandidateSource::kOrganizer);
  ASSERT_FALSE(rows.empty());
  for (const EventRow row : rows) {
    const OrganizerRow organizer =
        snapshot_.catalog.events.columns[Index(row)].organizer;
    EXPECT_TRUE(user.organizers.contains(organizer) ||
                user.followed.contains(organizer));
  }
}

TEST_F(CandidatesTest, NeighboursGiveTheirHeaviestPicks) {
  const UserState user = StateOf("u2");
  std::vector<std::pair<float, EventRow>> picks;
  for (size_t i = 0; i < user.neighbour_picks.size(); ++i) {
    const auto [event, weight] = user.neighbour_picks[i];
    if (view_.columns->upcoming().Test(Index(event))) {
      picks.emplace_back(-weight, event);
    }
  }
  std::sort(picks.begin(), picks.end());
  ASSERT_GT(picks.size(), 6);
  std::set<EventRow> best;
  for (size_t i = 0; i < 6; ++i) best.insert(picks[i].second);
  EXPECT_EQ(From(Collect(user, view_.columns->upcoming()),
                 CandidateSource::kNeighbours),
            best);
}

TEST_F(CandidatesTest, NearbyNeedsAPlaceOnBothSides) {
  const std::set<EventRow> near =
      From(Collect(StateOf("u1"), view_.columns->upcoming()),
           CandidateSource::kNearby);
  EXPECT_EQ(near.size(), 6);
  for (const EventRow row : near) {
    EXPECT_TRUE(snapshot_.catalog.events.columns[Index(row)].location.known());
  }
  // u5 has told nobody where they live.
  EXPECT_THAT(From(Collect(StateOf("u5"), view_.columns->upcoming()),
                   CandidateSource::kNearby),
              IsEmpty());
}

TEST_F(CandidatesTest, NearbyIsTheBestOfDistanceAndLiveBias) {
  for (const float weight : {-0.25f, -3.0f, 0.0f, 0.5f}) {
    policy_.weight(Feature::kDistance) = weight;
    view_ = BuildLiveView(snapshot_, policy_, kCityNow, 0);
    const UserState user = StateOf("u1");
    std::vector<std::pair<float, EventRow>> scored;
    view_.columns->upcoming().ForEach([&](size_t row) {
      const GeoPoint& place = snapshot_.catalog.events.columns[row].location;
      if (!place.known()) return;
      scored.emplace_back(-(weight * std::log1p(DistanceKm(user.place, place)) +
                            view_.bias[row]),
                          EventRow{static_cast<int32_t>(row)});
    });
    std::sort(scored.begin(), scored.end());
    std::set<EventRow> best;
    for (size_t i = 0; i < 6; ++i) best.insert(scored[i].second);
    EXPECT_EQ(From(Collect(user, view_.columns->upcoming()),
                   CandidateSource::kNearby),
              best)
        << weight;
  }
}

TEST_F(CandidatesTest, NearbyIsByDistanceWhenEventsAreAlikeOtherwise) {
  policy_.weights.fill(0);
  policy_.weight(Feature::kDistance) = -1;
  view_ = BuildLiveView(snapshot_, policy_, kCityNow, 0);
  const UserState user = StateOf("u1");
  std::vector<std::pair<float, EventRow>> by_distance;
  view_.columns->upcoming().ForEach([&](size_t row) {
    const GeoPoint& place = snapshot_.catalog.events.columns[row].location;
    if (!place.known()) return;
    by_distance.emplace_back(DistanceKm(user.place, place),
                             EventRow{static_cast<int32_t>(row)});
  });
  std::sort(by_distance.begin(), by_distance.end());
  for (const EventRow row : From(Collect(user, view_.columns->upcoming()),
                                 CandidateSource::kNearby)) {
    const float km = DistanceKm(
        user.place, snapshot_.catalog.events.columns[Index(row)].location);
    EXPECT_LE(km, by_distance[5].first);
  }
}

TEST(CandidatesAtTheAntimeridianTest, NearbyIsNearAcrossIt) {
  Catalog catalog;
  for (int i = 0; i < 20; ++i) {
    Event event;
    event.id = absl::StrCat("e", i);
    event.start_time = kCityNow + kDay;
    // Ten a few kilometres east, which is at -180 degrees, ten far in the west.
    event.location =
        i < 10 ? GeoPoint{-17, -179.99f + 0.001f * static_cast<float>(i)}
               : GeoPoint{-17, 170.0f + static_cast<float>(i) / 10};
    catalog.UpsertEvent(event);
  }
  const Snapshot snapshot = SnapshotOf(std::move(catalog));
  RankingPolicy policy;
  policy.source_candidates = 10;
  const LiveView view = BuildLiveView(snapshot, policy, kCityNow, 0);
  Query query;
  query.now = kCityNow;
  query.location = {-17, 179.99f};
  std::vector<std::string> degraded;
  int near = 0;
  for (const Candidate& candidate :
       CollectCandidates(policy, BuildUserState(query, snapshot, *view.columns),
                         view.columns->upcoming(), view, snapshot, kAll,
                         nullptr, degraded)
           .candidates) {
    const int source = static_cast<int>(CandidateSource::kNearby);
    if ((candidate.sources >> source & 1) == 0) continue;
    EXPECT_LT(Index(candidate.event), 10u);
    ++near;
  }
  EXPECT_EQ(near, 10);
}

TEST(CandidateSourceTest, EverySourceHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i < kNumCandidateSources; ++i) {
    names.insert(
        std::string(CandidateSourceName(static_cast<CandidateSource>(i))));
  }
  EXPECT_EQ(names, (std::set<std::string>{"list", "scan", "organizer", "rule",
                                          "neighbours", "nearby", "only"}));
}

}  // namespace
}  // namespace usher
