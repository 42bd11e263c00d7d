#include "serving/ranking/live_view.h"

#include "gtest/gtest.h"
#include "tests/serving/ranking/hand_city.h"

namespace usher {
namespace {

TEST(LiveViewTest, TheBiasIsThePartOfTheScoreThatNoUserChanges) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(3, 200));
  RankingPolicy policy;
  policy.weight(Feature::kFreshRank) = 0.7f;
  const LiveView view = BuildLiveView(snapshot, policy, kCityNow + 5, 0);
  ASSERT_EQ(view.bias.size(), 200);
  const LiveColumns& live = *view.columns;
  ASSERT_GT(live.size(), 50);
  std::vector<EventRow> rows;
  for (size_t slot = 0; slot < live.size(); ++slot) {
    rows.push_back(live[slot].row);
  }
  const FeatureMatrix features =
      ComputeFeatures(rows, UserState(), live, snapshot);
  for (size_t slot = 0; slot < live.size(); ++slot) {
    float bias = 0;
    for (size_t f = static_cast<size_t>(kFirstLiveFeature); f < kNumFeatures;
         ++f) {
      bias += policy.weights[f] * features.Row(slot)[f];
    }
    EXPECT_EQ(view.bias[Index(rows[slot])], bias);
  }
}

TEST(LiveViewTest, EventsWithoutASlotHaveNoBias) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(3, 200));
  const LiveView view = BuildLiveView(snapshot, RankingPolicy(), kCityNow, 0);
  for (int row = 0; row < 200; ++row) {
    if (view.columns->SlotOf(EventRow{row}) >= 0) continue;
    EXPECT_EQ(view.bias[row], 0);
  }
}

TEST(LiveViewTest, AMinuteHasOneView) {
  const Snapshot snapshot = SnapshotOf(RandomCatalog(3, 200));
  const RankingPolicy policy;
  const LiveView a = BuildLiveView(snapshot, policy, kCityNow, 0);
  const LiveView b = BuildLiveView(snapshot, policy, kCityNow + kMinute - 1, 0);
  EXPECT_EQ(a.columns->minute(), b.columns->minute());
  EXPECT_EQ(a.bias, b.bias);
}

TEST(LiveViewTest, TheLifetimeOfUndatedEventsIsHonoured) {
  Catalog catalog;
  Event event;
  event.id = "undated";
  event.announce_time = kCityNow - 10 * kDay;
  catalog.UpsertEvent(event);
  const Snapshot snapshot = SnapshotOf(std::move(catalog));
  const RankingPolicy policy;
  EXPECT_EQ(BuildLiveView(snapshot, policy, kCityNow, 0).columns->size(), 1);
  EXPECT_EQ(
      BuildLiveView(snapshot, policy, kCityNow, 11 * kDay).columns->size(), 1);
  EXPECT_EQ(
      BuildLiveView(snapshot, policy, kCityNow, 10 * kDay).columns->size(), 0);
}

}  // namespace
}  // namespace usher
