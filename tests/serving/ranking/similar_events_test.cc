#include "serving/ranking/similar_events.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/tiny_city.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class SimilarEventsTest : public ::testing::Test {
 protected:
  SimilarEventsTest() { query_.now = kTinyNow; }

  std::vector<SimilarEvent> To(const std::string& id) const {
    return SimilarEvents({{snapshot_.catalog.FindEvent(id), 1}}, query_,
                         BuildLiveView(snapshot_, {}, query_.now, 0),
                         snapshot_);
  }
  std::vector<std::string> IdsTo(const std::string& id) const {
    std::vector<std::string> ids;
    for (const SimilarEvent& event : To(id)) {
      ids.push_back(std::string(snapshot_.catalog.EventId(event.event)));
    }
    return ids;
  }

  Snapshot snapshot_ = TinySnapshot(TinyCatalog());
  Query query_;
};

TEST_F(SimilarEventsTest, TheSameTasteComesFirstWithoutTheEventItself) {
  EXPECT_THAT(IdsTo("jazz2"), ElementsAre("jazz1", "jazz3", "jazz4", "code1",
                                          "code2", "code3", "code4"));
}

TEST_F(SimilarEventsTest, ScoresAreHalfTheCosinePlusTheBonuses) {
  const std::vector<SimilarEvent> events = To("jazz2");
  // Equal vectors, no content; the same organizer, and, digits apart, the same
  // title.
  EXPECT_FLOAT_EQ(events[0].score, 0.5f + 0.1f + 0.1f);
  EXPECT_FLOAT_EQ(events.back().score, 0.0f);
}

TEST_F(SimilarEventsTest, APastEventHasSimilarOnes) {
  EXPECT_EQ(IdsTo("code0")[0], "code1");
  EXPECT_THAT(IdsTo("code0"), Not(Contains("jazz0")));
}

TEST_F(SimilarEventsTest, TimeFilterAndLimitAreHonoured) {
  query_.limit = 2;
  EXPECT_THAT(IdsTo("jazz2"), ElementsAre("jazz1", "jazz3"));
  query_.filter.exclude_event_ids = {"jazz1"};
  EXPECT_THAT(IdsTo("jazz2"), ElementsAre("jazz3", "jazz4"));
  query_.now = kTinyNow + 3 * kDay;
  EXPECT_THAT(IdsTo("jazz2"), ElementsAre("jazz4", "code4"));
  query_.filter.include_running = true;
  EXPECT_THAT(IdsTo("jazz2"), ElementsAre("jazz3", "jazz4"));
  query_.now = kTinyNow + 9 * kDay;
  EXPECT_THAT(IdsTo("jazz2"), IsEmpty());
}

TEST_F(SimilarEventsTest, DistancesAreFromTheEventUnlessAPlaceIsGiven) {
  query_.filter.max_distance_km = 1;
  EXPECT_EQ(To("jazz2").size(), 7u);
  EXPECT_EQ(To("jazz2")[0].distance_km, 0);
  query_.location = {52.0f, 3.72f};
  EXPECT_THAT(To("jazz2"), IsEmpty());
}

TEST_F(SimilarEventsTest, ARefusedSeedPushesAway) {
  const EventRow jazz = snapshot_.catalog.FindEvent("jazz1");
  const EventRow code = snapshot_.catalog.FindEvent("code1");
  const std::vector<SimilarEvent> events =
      SimilarEvents({{jazz, 1}, {code, -1}}, query_,
                    BuildLiveView(snapshot_, {}, query_.now, 0), snapshot_);
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(snapshot_.catalog.EventId(events[0].event), "jazz2");
  EXPECT_LT(events.back().score, 0);
}

TEST_F(SimilarEventsTest, NoTargetsGiveNothing) {
  EXPECT_THAT(
      SimilarEvents({}, query_, BuildLiveView(snapshot_, {}, query_.now, 0),
                    snapshot_),
      IsEmpty());
}

}  // namespace
}  // namespace usher
