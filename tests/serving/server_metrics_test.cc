// What a server's calls leave in its metrics.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "serving/gauge_reader.h"
#include "tests/serving/server_fixture.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

class ServerMetricsTest : public ServerTest {
 protected:
  int64_t Ended(RpcMethod method, absl::StatusCode code) const {
    return telemetry_.calls.ended(method, code);
  }
  // How many lists have been through the stage.
  int64_t Through(Stage stage) const {
    int64_t sum = 0;
    for (const int64_t count :
         telemetry_.lists.stages[static_cast<size_t>(stage)]
             .histogram.Get()
             .counts) {
      sum += count;
    }
    return sum;
  }
};

TEST_F(ServerMetricsTest, ACallCountsUnderItsMethodAndCode) {
  v1::RecommendResponse response;
  EXPECT_FALSE(Call(request_, &response).ok());
  PublishTiny();
  Recommend();
  Recommend();
  request_.set_limit(-1);
  EXPECT_FALSE(Call(request_, &response).ok());
  EXPECT_EQ(Ended(RpcMethod::kRecommend, absl::StatusCode::kOk), 2);
  EXPECT_EQ(Ended(RpcMethod::kRecommend, absl::StatusCode::kInvalidArgument),
            1);
  EXPECT_EQ(Ended(RpcMethod::kRecommend, absl::StatusCode::kFailedPrecondition),
            1);
  EXPECT_EQ(telemetry_.calls.begun(RpcMethod::kRecommend), 4);
  EXPECT_EQ(telemetry_.calls.begun(RpcMethod::kExplain), 0);
  int64_t timed = 0;
  for (const int64_t count :
       telemetry_.calls.latency(RpcMethod::kRecommend).Get().counts) {
    timed += count;
  }
  EXPECT_EQ(timed, 4);
}

TEST_F(ServerMetricsTest, AListGoesOnceThroughEachStage) {
  PublishTiny();
  const v1::RecommendResponse answer = Recommend();
  for (const Stage stage : {Stage::kView, Stage::kUser, Stage::kCandidates,
                            Stage::kRank, Stage::kFinalCheck}) {
    EXPECT_EQ(Through(stage), 1) << StageName(stage);
  }
  const ListMetrics& lists = telemetry_.lists;
  EXPECT_GE(lists.candidates.Get(static_cast<size_t>(CandidateSource::kScan)),
            answer.results_size());
  EXPECT_EQ(lists.dropped.Get(static_cast<size_t>(DropReason::kEnded)),
            answer.serving_info().dropped().at("ended"));
  EXPECT_EQ(lists.known.Get(), 1);
  EXPECT_EQ(lists.empty.Get(), 0);
  request_.set_user_id("nobody");
  request_.mutable_filter()->add_only_event_ids("none");
  Recommend();
  EXPECT_EQ(lists.cold.Get(), 1);
  EXPECT_EQ(lists.empty.Get(), 1);
}

TEST_F(ServerMetricsTest, AStreamIsOneCallOfManyResponses) {
  PublishTiny();
  v1::RecommendStreamRequest request;
  for (const char* user : {"ann", "bob", "cem"}) request.add_user_ids(user);
  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  stream->Write(request);
  stream->WritesDone();
  v1::RecommendStreamResponse response;
  int responses = 0;
  while (stream->Read(&response)) ++responses;
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(responses, 3);
  EXPECT_EQ(telemetry_.calls.streamed(RpcMethod::kRecommendStream), 3);
  EXPECT_EQ(Ended(RpcMethod::kRecommendStream, absl::StatusCode::kOk), 1);
  EXPECT_EQ(telemetry_.lists.known.Get(), 3);
}

TEST_F(ServerMetricsTest, GaugesFollowTheModelAndTheState) {
  const GaugeReader reader(reporter_, publisher_, recommender_, list_counters_,
                           exposures_, pool_, nullptr, clock_);
  EXPECT_EQ(reader.Read().model_version, 0);
  EXPECT_EQ(reader.Read().model_age_seconds, 0);
  Snapshot snapshot = TinySnapshot(TinyCatalog());
  snapshot.info.created = kTinyNow - kHour;
  Publish(std::move(snapshot));
  Interaction interaction;
  interaction.user_id = "ann";
  interaction.event_id = "code1";
  interaction.kind = InteractionKind::kRsvpYes;
  interaction.occurred_at = kTinyNow;
  ASSERT_TRUE(publisher_.Write(Interactions{interaction}).ok());
  ASSERT_TRUE(pool_.Drain(absl::InfiniteDuration()));
  const ServerGauges gauges = reader.Read();
  EXPECT_EQ(gauges.model_version, 7);
  EXPECT_EQ(gauges.model_age_seconds, 3600);
  EXPECT_EQ(gauges.users, 5);
  EXPECT_EQ(gauges.events, 10);
  EXPECT_EQ(gauges.live_events, 8);
  EXPECT_EQ(gauges.state_position, 1);
  EXPECT_EQ(gauges.calls_waiting, 0);
  EXPECT_EQ(gauges.calls_waiting_limit, 1);
  EXPECT_EQ(gauges.ineligible_served, 0);
  EXPECT_GT(gauges.process.cpu_seconds, 0);
  EXPECT_GT(gauges.process.resident_bytes, 1 << 20);
}

}  // namespace
}  // namespace usher
