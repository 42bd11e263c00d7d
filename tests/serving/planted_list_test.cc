// A list in Redis, as callers of Recommend see it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "serving/gauge_reader.h"
#include "serving/lists/list_codec.h"
#include "serving/lists/list_keys.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/redis_server.h"
#include "usher/v1/catalog.grpc.pb.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

// What the server is made of beside the fixture.
struct ListsInRedis {
  RedisListsOptions Options() const {
    RedisListsOptions options;
    options.address = redis_server.address();
    options.redis.timeout = options.redis.connect_timeout = absl::Seconds(20);
    options.current_for = 0;  // Always asked for anew.
    return options;
  }

  RedisServer redis_server;
  const FakeClock lists_clock{kTinyNow};
  ListCounters counters;
  MemoryLists memory{{}, lists_clock, counters};
  RedisLists redis{Options(), lists_clock, counters};
  CandidateLists candidate_lists{&redis, memory, counters};
};

class PlantedListTest : public ListsInRedis, public ServerTest {
 protected:
  PlantedListTest()
      : ServerTest("", nullptr, nullptr, {}, {}, &candidate_lists) {
    PublishTiny();
    RankedList list;
    list.event_ids = {"code2", "code3", "jazz4"};
    list.model_version = 7;
    list.policy = PolicyHash(RankingPolicy());
    list.generated_at = kTinyNow;
    redis_server.Do({"SET", ListKey("default", ListKind::kRanking, "b", "eve"),
                     EncodeList(list)});
    redis_server.Do({"SET", CurrentKey("default", ListKind::kRanking), "b"});
    // Nothing is known of eve that would bring other candidates.
    request_.set_user_id("eve");
    request_.set_limit(3);
  }

  // The counts that Prometheus is shown, by label.
  ServerGauges Gauges() const {
    return GaugeReader(reporter_, publisher_, recommender_, counters,
                       exposures_, pool_, nullptr, clock_)
        .Read();
  }
};

TEST_F(PlantedListTest, IsFollowedAndTheAnswerSaysSo) {
  const v1::RecommendResponse response = Recommend();
  EXPECT_EQ(response.serving_info().cache(), v1::ServingInfo::REDIS);
  EXPECT_THAT(response.serving_info().degraded(), IsEmpty());
  EXPECT_THAT(IdsOf(response), UnorderedElementsAre("code2", "code3", "jazz4"));
  EXPECT_THAT(Gauges().list_origins, Contains(Pair("redis", 1)));
}

TEST_F(PlantedListTest, ItsTopEventIsGoneWithTheAnswerAfterItsCancellation) {
  std::vector<std::string> ids = Ids();
  const std::string top = ids.front();
  ids.erase(ids.begin());
  request_.set_limit(2);
  const auto catalog = v1::CatalogService::NewStub(channel_);
  v1::UpsertEventsRequest cancel;
  cancel.add_events()->set_id(top);
  cancel.mutable_events(0)->set_status(v1::EVENT_STATUS_CANCELLED);
  cancel.mutable_update_mask()->add_paths("status");
  v1::UpsertEventsResponse done;
  grpc::ClientContext context;
  ASSERT_TRUE(catalog->UpsertEvents(&context, cancel, &done).ok());
  const v1::RecommendResponse response = Recommend();
  EXPECT_EQ(response.serving_info().cache(), v1::ServingInfo::REDIS);
  EXPECT_THAT(IdsOf(response), UnorderedElementsAreArray(ids));
  EXPECT_EQ(response.serving_info().dropped().at("cancelled"), 1);
}

TEST_F(PlantedListTest, WithoutRedisTheAnswerIsFoundAndSaysWhatIsMissing) {
  redis_server.Kill();
  const v1::RecommendResponse response = Recommend();
  EXPECT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.serving_info().cache(), v1::ServingInfo::MISS);
  EXPECT_THAT(response.serving_info().degraded(),
              ElementsAre(HasSubstr("lists: redis")));
  EXPECT_THAT(Gauges().redis_questions, Contains(Pair("failed", 1)));
  EXPECT_THAT(Gauges().list_origins, Contains(Pair("online", 1)));
}

}  // namespace
}  // namespace usher
