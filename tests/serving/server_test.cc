// The server around the rankings, as its clients see it.
#include "serving/server.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "serving/convert_resources.h"
#include "tests/serving/server_fixture.h"
#include "usher/v1/admin.grpc.pb.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ServerTest, BeforeTheFirstModelCallsFailAsAPrecondition) {
  v1::RecommendResponse response;
  EXPECT_EQ(Call(request_, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ServerTest, HealthIsNotServingUntilItIsSaidAndForEveryService) {
  for (const char* service :
       {"", "usher.v1.RecommendationService", "usher.v1.AdminService"}) {
    EXPECT_EQ(Health(channel_, service), 2) << service;
    server_->SetServing(true);
    EXPECT_EQ(Health(channel_, service), 1) << service;
    server_->SetServing(false);
  }
  EXPECT_EQ(Health(channel_, "nobody"), 0);
}

TEST_F(ServerTest, ABadFieldIsNamedWithItsPath) {
  PublishTiny();
  request_.mutable_filter()->set_max_distance_km(-3);
  v1::RecommendResponse response;
  const grpc::Status status = Call(request_, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              StartsWith("filter.max_distance_km: -3 is negative; "));
}

TEST_F(ServerTest, SimilarEventsKnowsPastEventsAndNotUnknownOnes) {
  PublishTiny();
  v1::SimilarEventsRequest request;
  v1::SimilarEventsResponse response;
  request.set_event_id("code0");
  request.set_limit(4);
  grpc::ClientContext first;
  ASSERT_TRUE(stub_->SimilarEvents(&first, request, &response).ok());
  EXPECT_THAT(IdsOf(response), ElementsAre("code1", "code2", "code3", "code4"));
  EXPECT_EQ(response.model_version(), 7);
  request.set_event_id("nobody");
  grpc::ClientContext second;
  EXPECT_EQ(stub_->SimilarEvents(&second, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, SimilarUsersOfAnUnknownUserIsAnEmptyList) {
  PublishTiny();
  v1::SimilarUsersRequest request;
  v1::SimilarUsersResponse response;
  request.set_user_id("cem");
  grpc::ClientContext first;
  ASSERT_TRUE(stub_->SimilarUsers(&first, request, &response).ok());
  EXPECT_THAT(UsersOf(response), ElementsAre("dee"));
  request.set_user_id("nobody");
  grpc::ClientContext second;
  ASSERT_TRUE(stub_->SimilarUsers(&second, request, &response).ok());
  EXPECT_THAT(UsersOf(response), IsEmpty());
}

TEST_F(ServerTest, FindAudienceFindsThoseWhoWentAndNoUnknownEvent) {
  PublishTiny();
  v1::FindAudienceRequest request;
  v1::FindAudienceResponse response;
  request.set_event_id("code2");
  request.set_limit(2);
  grpc::ClientContext first;
  ASSERT_TRUE(stub_->FindAudience(&first, request, &response).ok());
  EXPECT_THAT(UsersOf(response), ElementsAre("cem", "dee"));
  request.set_event_id("nobody");
  grpc::ClientContext second;
  EXPECT_EQ(stub_->FindAudience(&second, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, WarningsOfTheConfigurationAreReported) {
  const StatusReporter reporter(holder_, publisher_, loader_, clock_,
                                {"an open door"});
  EXPECT_THAT(reporter.Report().warnings,
              ElementsAre("an open door", HasSubstr("kept in memory only")));
}

TEST_F(ServerTest, StatusAnswersBeforeAndAfterTheFirstModel) {
  loader_.RunOnce();
  const auto admin = v1::AdminService::NewStub(channel_);
  v1::GetStatusResponse status;
  grpc::ClientContext first;
  ASSERT_TRUE(admin->GetStatus(&first, {}, &status).ok());
  EXPECT_EQ(status.model_version(), 0);
  EXPECT_EQ(FromProto(status.started(), "").value(), kTinyNow);
  EXPECT_THAT(status.warnings(), ElementsAre(HasSubstr("no model in nowhere"),
                                             HasSubstr("kept in memory only")));
  EXPECT_EQ(status.state(), "");
  PublishTiny();
  grpc::ClientContext second;
  ASSERT_TRUE(admin->GetStatus(&second, {}, &status).ok());
  EXPECT_EQ(status.model_version(), 7);
  EXPECT_EQ(status.algorithm(), "hand");
  EXPECT_EQ(status.users(), 5);
  EXPECT_EQ(status.events(), 10);
  EXPECT_EQ(status.live_events(), 8);
  EXPECT_FALSE(status.server_version().empty());
}

TEST_F(ServerTest, CallsBeyondTheQueueAreRefusedAtOnce) {
  PublishTiny();
  absl::Notification go;
  HoldPool(go);
  ASSERT_TRUE(pool_.Submit([] {}).ok());
  EXPECT_EQ(SimilarUsers().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  go.Notify();
  pool_.Drain(absl::InfiniteDuration());
}

// Recommend is refused by the first thread that has done with what it did.
// Whether the call has arrived by then is the machine's business, so there are
// several attempts.
TEST_F(ServerTest, RecommendBeyondTheQueueIsRefused) {
  PublishTiny();
  bool refused = false;
  for (int attempt = 0; attempt < 50 && !refused; ++attempt) {
    absl::Notification go;
    HoldPool(go);
    ASSERT_TRUE(pool_.Submit([] {}).ok());
    grpc::Status status;
    std::thread caller([&] {
      v1::RecommendResponse response;
      status = Call(request_, &response);
    });
    // Others come and go meanwhile.
    for (int i = 0; i < 20; ++i) SimilarUsers();
    go.Notify();
    caller.join();
    refused = status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
    if (!refused) {
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }
  EXPECT_TRUE(refused);
  while (pool_.waiting() > 0) std::this_thread::yield();
  Recommend();
}

// Whether the server notices in time is the machine's business, so there are
// several attempts; a server that works on such calls fails them all. What was
// worked on shows in the ids of recommendations, which are counted.
TEST_F(ServerTest, ACallWhoseDeadlinePassedInTheQueueIsNotWorkedOn) {
  PublishTiny();
  const Recommender counter(holder_, kSeed);
  bool left_out = false;
  for (int attempt = 0; attempt < 50 && !left_out; ++attempt) {
    absl::Notification go;
    HoldPool(go);
    v1::RecommendResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(20));
    EXPECT_EQ(stub_->Recommend(&context, request_, &response).error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
    go.Notify();
    while (!Call(request_, &response).ok()) {
    }
    int worked_on = -1;
    std::string id;
    do {
      id = counter.Recommend({})->recommendation_id;
      ++worked_on;
    } while (id != response.recommendation_id());
    // Others did not arrive in time to be left out.
    left_out = worked_on == 0 &&
               telemetry_.calls.ended(RpcMethod::kRecommend,
                                      absl::StatusCode::kDeadlineExceeded) > 0;
  }
  EXPECT_TRUE(left_out);
}

TEST_F(ServerTest, WhileDrainingCallsAreUnavailable) {
  PublishTiny();
  pool_.Drain(absl::InfiniteDuration());
  v1::RecommendResponse response;
  EXPECT_EQ(Call(request_, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(ServerAddressTest, APortOfZeroIsReplacedAndATakenOneRefused) {
  SnapshotHolder holder;
  const FakeClock clock(kTinyNow);
  const std::unique_ptr<StateStore> state =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotPublisher publisher(*state, holder, {});
  ModelLoader loader({"nowhere", "", 0}, publisher, clock);
  Recommender recommender(holder, 1);
  const PageTokenCodec pages("key");
  StatusReporter reporter(holder, publisher, loader, clock);
  WorkerPool pool({1, 1});
  const std::unique_ptr<ExposureStore> store =
      ExposureStore::Open(ExposureStore::kMemory).value();
  ExposureLog exposures(*store, clock, {});
  UserEraser eraser("nowhere", publisher, exposures, nullptr, clock);
  const UserExporter exporter(holder, publisher, exposures);
  Telemetry telemetry;
  const ServerParts parts{holder,
                          publisher,
                          recommender,
                          pages,
                          reporter,
                          loader,
                          eraser,
                          exporter,
                          Experiments::None(),
                          Scenarios::None(),
                          exposures,
                          clock,
                          pool,
                          telemetry};
  const auto server = Server::Start("127.0.0.1:0", parts);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT((*server)->address(),
              AllOf(StartsWith("127.0.0.1:"), Not("127.0.0.1:0")));
  const auto second = Server::Start((*server)->address(), parts);
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr((*server)->address()));
}

}  // namespace
}  // namespace usher
