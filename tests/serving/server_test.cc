// The server as its clients see it, over a channel without a socket.
#include "serving/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/convert_resources.h"
#include "tests/testing/tiny_city.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr uint64_t kSeed = 5;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    server_ =
        Server::Start("", {recommender_, reporter_, clock_, pool_}).value();
    channel_ = server_->InProcessChannel();
    stub_ = v1::RecommendationService::NewStub(channel_);
    request_.set_user_id("ann");
  }

  void Publish(Snapshot snapshot, RankingPolicy policy = {}) {
    holder_.Publish(
        std::make_shared<const Served>(std::move(snapshot), policy, 0));
  }
  void PublishTiny() { Publish(TinySnapshot(TinyCatalog())); }

  grpc::Status Call(const v1::RecommendRequest& request,
                    v1::RecommendResponse* response) {
    grpc::ClientContext context;
    return stub_->Recommend(&context, request, response);
  }
  v1::RecommendResponse Recommend() {
    v1::RecommendResponse response;
    const grpc::Status status = Call(request_, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::vector<std::string> Ids() { return IdsOf(Recommend()); }

  template <class Response>
  static std::vector<std::string> IdsOf(const Response& response) {
    std::vector<std::string> ids;
    for (const auto& result : response.results()) {
      ids.push_back(result.event_id());
    }
    return ids;
  }
  template <class Response>
  static std::vector<std::string> UsersOf(const Response& response) {
    std::vector<std::string> ids;
    for (const auto& result : response.results()) {
      ids.push_back(result.user_id());
    }
    return ids;
  }

  // What grpc.health.v1 answers: 1 SERVING, 2 NOT_SERVING; 0 no answer.
  int Health(const std::string& service) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    // HealthCheckRequest{service = 1}, HealthCheckResponse{status = 1}.
    std::string bytes;
    if (!service.empty()) {
      bytes = absl::StrCat(
          "\n", std::string(1, static_cast<char>(service.size())), service);
    }
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                      request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
    grpc::Slice answer;
    if (!status.ok() || !response.DumpToSingleSlice(&answer).ok() ||
        answer.size() != 2) {
      return 0;
    }
    return answer.begin()[1];
  }

  SnapshotHolder holder_;
  FakeClock clock_{kTinyNow};
  ModelLoader loader_{{"nowhere", "", 0}, holder_, clock_};
  Recommender recommender_{holder_, kSeed};
  StatusReporter reporter_{holder_, loader_, clock_};
  WorkerPool pool_{{1, 1}};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RecommendationService::Stub> stub_;
  v1::RecommendRequest request_;
};

TEST_F(ServerTest, BeforeTheFirstModelCallsFailAsAPrecondition) {
  v1::RecommendResponse response;
  EXPECT_EQ(Call(request_, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ServerTest, HealthIsNotServingUntilItIsSaidAndForEveryService) {
  for (const char* service :
       {"", "usher.v1.RecommendationService", "usher.v1.AdminService"}) {
    EXPECT_EQ(Health(service), 2) << service;
    server_->SetServing(true);
    EXPECT_EQ(Health(service), 1) << service;
    server_->SetServing(false);
  }
  EXPECT_EQ(Health("nobody"), 0);
}

TEST_F(ServerTest, AnswersWithALikedOrganizerFirst) {
  PublishTiny();
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response),
              UnorderedElementsAre("jazz1", "jazz2", "jazz3", "jazz4", "code1",
                                   "code2", "code3", "code4"));
  EXPECT_EQ(response.results(0).event_id(), "jazz1");
  EXPECT_EQ(response.model_version(), 7);
  EXPECT_EQ(response.recommendation_id().size(), 32u);
  EXPECT_FALSE(response.serving_info().cold_user());
  EXPECT_THAT(response.serving_info().degraded(), IsEmpty());
  EXPECT_EQ(response.serving_info().dropped().at("ended"), 2);
  for (int i = 0; i < response.results_size(); ++i) {
    EXPECT_EQ(response.results(i).position(), i + 1);
    EXPECT_EQ(response.results(i).distance_km(), 0);
    EXPECT_THAT(response.results(i).reasons(), IsEmpty());
    EXPECT_FALSE(response.results(i).has_event());
    if (i == 0) continue;
    EXPECT_LE(response.results(i).score(), response.results(i - 1).score());
  }
}

TEST_F(ServerTest, TheUnknownAndTheNamelessGetALocalList) {
  Catalog catalog = TinyCatalog();
  Event far = TinyEvent("far", kHour);
  far.location = {40.0f, -74.0f};
  catalog.UpsertEvent(far);
  Publish(TinySnapshot(std::move(catalog)));
  for (const char* user : {"stranger", ""}) {
    request_.set_user_id(user);
    request_.mutable_context()->mutable_location()->set_latitude(51.0);
    request_.mutable_context()->mutable_location()->set_longitude(3.7);
    const v1::RecommendResponse response = Recommend();
    EXPECT_TRUE(response.serving_info().cold_user());
    EXPECT_EQ(response.results_size(), 9);
    EXPECT_EQ(IdsOf(response).back(), "far") << user;
  }
}

TEST_F(ServerTest, AKnownUserWithoutAHistoryIsColdAndGetsAList) {
  PublishTiny();
  request_.set_user_id("eve");
  const v1::RecommendResponse response = Recommend();
  EXPECT_TRUE(response.serving_info().cold_user());
  EXPECT_EQ(response.results_size(), 8);
}

TEST_F(ServerTest, SeedsStandInForAHistory) {
  PublishTiny();
  request_.set_user_id("");
  request_.add_seeds()->set_event_id("code0");
  EXPECT_THAT(Ids()[0], StartsWith("code"));
}

TEST_F(ServerTest, NowMovesEligibilityAtTheMicrosecond) {
  PublishTiny();
  const Micros start = kTinyNow + kDay;  // Of jazz1 and code1.
  *request_.mutable_context()->mutable_now() = ToProto(start - 1);
  EXPECT_THAT(Ids(), IsSupersetOf({"jazz1", "code1"}));
  *request_.mutable_context()->mutable_now() = ToProto(start);
  EXPECT_THAT(Ids(), AllOf(Not(Contains("jazz1")), Not(Contains("code1"))));
  request_.mutable_filter()->set_include_running(true);
  EXPECT_THAT(Ids(), IsSupersetOf({"jazz1", "code1"}));
  *request_.mutable_context()->mutable_now() = ToProto(start + 2 * kHour - 1);
  EXPECT_THAT(Ids(), IsSupersetOf({"jazz1", "code1"}));
  *request_.mutable_context()->mutable_now() = ToProto(start + 2 * kHour);
  EXPECT_THAT(Ids(), AllOf(Not(Contains("jazz1")), Not(Contains("code1"))));
}

TEST_F(ServerTest, TheServersClockIsTheDefaultOfNow) {
  PublishTiny();
  clock_.Set(kTinyNow + 4 * kDay - 1);
  EXPECT_THAT(Ids(), UnorderedElementsAre("jazz4", "code4"));
  clock_.Set(kTinyNow + 4 * kDay);
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response), IsEmpty());
  EXPECT_EQ(response.serving_info().dropped().at("ended"), 10);
}

TEST_F(ServerTest, AnUnannouncedEventAppearsWithItsMicrosecond) {
  Catalog catalog = TinyCatalog();
  Event event = TinyEvent("x", kDay);
  event.announce_time = kTinyNow + 5;
  catalog.UpsertEvent(event);
  Publish(TinySnapshot(std::move(catalog)));
  clock_.Set(kTinyNow + 4);
  EXPECT_THAT(Ids(), Not(Contains("x")));
  clock_.Set(kTinyNow + 5);
  EXPECT_THAT(Ids(), Contains("x"));
}

TEST_F(ServerTest, CancelledSoldOutHiddenAndDeletedEventsAreNeverServed) {
  Catalog catalog = TinyCatalog();
  const EventStatus statuses[] = {EventStatus::kCancelled,
                                  EventStatus::kSoldOut, EventStatus::kHidden};
  for (const EventStatus status : statuses) {
    Event event = TinyEvent(std::string(EventStatusName(status)), kDay);
    event.status = status;
    catalog.UpsertEvent(event);
  }
  catalog.DeleteEvent(catalog.FindEvent("jazz1"));
  Publish(TinySnapshot(std::move(catalog)));
  const v1::RecommendResponse response = Recommend();
  EXPECT_EQ(response.results_size(), 7);
  EXPECT_THAT(IdsOf(response), Not(Contains("jazz1")));
  EXPECT_EQ(response.serving_info().dropped().at("cancelled"), 1);
  EXPECT_EQ(response.serving_info().dropped().at("sold_out"), 1);
  EXPECT_EQ(response.serving_info().dropped().at("hidden"), 2);
}

TEST_F(ServerTest, AnsweredEventsComeOnlyWithIncludeInteracted) {
  Catalog catalog = TinyCatalog();
  catalog.Apply(catalog.FindUser("ann"), catalog.FindEvent("jazz1"),
                InteractionKind::kRsvpYes, 0, kTinyNow - kHour);
  Publish(TinySnapshot(std::move(catalog)));
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response), Not(Contains("jazz1")));
  EXPECT_EQ(response.serving_info().dropped().at("answered"), 1);
  request_.mutable_filter()->set_include_interacted(true);
  EXPECT_THAT(Ids(), Contains("jazz1"));
}

TEST_F(ServerTest, OnlyTheEventsAskedForAreRanked) {
  PublishTiny();
  for (const char* id : {"code2", "jazz0", "nobody", "jazz3"}) {
    request_.mutable_filter()->add_only_event_ids(id);
  }
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response), ElementsAre("jazz3", "code2"));
  EXPECT_EQ(response.serving_info().dropped().at("ended"), 1);
}

TEST_F(ServerTest, ExcludedEventsAreLeftOutAndCounted) {
  PublishTiny();
  request_.mutable_filter()->add_exclude_event_ids("jazz1");
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response), Not(Contains("jazz1")));
  EXPECT_EQ(response.serving_info().dropped().at("filtered"), 1);
}

TEST_F(ServerTest, DistanceAndPriceLimitTheList) {
  Catalog catalog = TinyCatalog();
  Event near = TinyEvent("near", kDay);
  near.location = {51.1f, 3.72f};  // 5.6 km north.
  near.price = 10;
  catalog.UpsertEvent(near);
  Event nowhere = TinyEvent("nowhere", kDay);
  nowhere.location = {};
  nowhere.price = 5;
  catalog.UpsertEvent(nowhere);
  Publish(TinySnapshot(std::move(catalog)));
  request_.mutable_filter()->set_max_distance_km(5);
  EXPECT_THAT(Ids(), AllOf(Not(Contains("near")), Not(Contains("nowhere")),
                           Contains("jazz1")));
  request_.mutable_filter()->set_max_distance_km(6);
  EXPECT_THAT(Ids(), AllOf(Contains("near"), Not(Contains("nowhere"))));
  request_.clear_filter();
  request_.mutable_filter()->set_max_price(10);
  EXPECT_THAT(Ids(), UnorderedElementsAre("near", "nowhere"));
  request_.mutable_filter()->set_max_price(9.5);
  EXPECT_THAT(Ids(), ElementsAre("nowhere"));
}

TEST_F(ServerTest, CapsAndLimitCutTheList) {
  PublishTiny();
  request_.set_max_per_organizer(1);
  EXPECT_THAT(Ids(), ElementsAre("jazz1", "code1"));
  request_.set_limit(1);
  EXPECT_THAT(Ids(), ElementsAre("jazz1"));
}

TEST_F(ServerTest, ReasonsAndContributionsAreToldAsAsked) {
  PublishTiny();
  request_.set_detail(v1::REASONS);
  v1::RecommendResponse response = Recommend();
  EXPECT_GE(response.results(0).reasons_size(), 1);
  EXPECT_LE(response.results(0).reasons_size(), 3);
  EXPECT_FALSE(response.results(0).reasons(0).text().empty());
  EXPECT_THAT(response.results(0).contributions(), IsEmpty());
  request_.set_detail(v1::FEATURES);
  response = Recommend();
  for (const v1::Recommendation& result : response.results()) {
    double sum = result.base_value();
    for (const v1::Contribution& part : result.contributions()) {
      sum += part.contribution();
    }
    EXPECT_NEAR(sum, result.score(), 1e-5);
  }
}

TEST_F(ServerTest, EventsAreSentWhenAskedFor) {
  PublishTiny();
  request_.set_include_events(true);
  EXPECT_EQ(Recommend().results(0).event().title(), "The event jazz1");
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

TEST_F(ServerTest, StatusAnswersBeforeAndAfterTheFirstModel) {
  loader_.RunOnce();
  const auto admin = v1::AdminService::NewStub(channel_);
  v1::GetStatusResponse status;
  grpc::ClientContext first;
  ASSERT_TRUE(admin->GetStatus(&first, {}, &status).ok());
  EXPECT_EQ(status.model_version(), 0);
  EXPECT_EQ(FromProto(status.started(), "").value(), kTinyNow);
  EXPECT_THAT(status.warnings(), ElementsAre(HasSubstr("no model in nowhere")));
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
  absl::Notification begun, go;
  ASSERT_TRUE(pool_
                  .Submit([&] {
                    begun.Notify();
                    go.WaitForNotification();
                  })
                  .ok());
  begun.WaitForNotification();
  ASSERT_TRUE(pool_.Submit([] {}).ok());
  v1::RecommendResponse response;
  EXPECT_EQ(Call(request_, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  go.Notify();
  pool_.Drain(absl::InfiniteDuration());
}

// Whether the server notices in time is the machine's business, so there are
// several attempts; a server that works on such calls fails them all. What was
// worked on shows in the ids of recommendations, which are counted.
TEST_F(ServerTest, ACallWhoseDeadlinePassedInTheQueueIsNotWorkedOn) {
  PublishTiny();
  const Recommender counter(holder_, kSeed);
  bool left_out = false;
  for (int attempt = 0; attempt < 50 && !left_out; ++attempt) {
    absl::Notification begun, go;
    ASSERT_TRUE(pool_
                    .Submit([&] {
                      begun.Notify();
                      go.WaitForNotification();
                    })
                    .ok());
    begun.WaitForNotification();
    v1::RecommendResponse response;
    grpc::Status status;
    // The first call that arrives waits in the queue, the next is refused.
    do {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::milliseconds(20));
      status = stub_->Recommend(&context, request_, &response);
      EXPECT_FALSE(status.ok());
    } while (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED);
    go.Notify();
    while (!Call(request_, &response).ok()) {
    }
    int worked_on = -1;
    std::string id;
    do {
      id = counter.Recommend({})->recommendation_id;
      ++worked_on;
    } while (id != response.recommendation_id());
    left_out = worked_on == 0;
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
  ModelLoader loader({"nowhere", "", 0}, holder, clock);
  Recommender recommender(holder, 1);
  StatusReporter reporter(holder, loader, clock);
  WorkerPool pool({1, 1});
  const ServerParts parts{recommender, reporter, clock, pool};
  const auto server = Server::Start("127.0.0.1:0", parts);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT((*server)->address(),
              AllOf(StartsWith("127.0.0.1:"), Not("127.0.0.1:0")));
  const auto second = Server::Start((*server)->address(), parts);
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr((*server)->address()));
}

// Every index type through the RPC, against a brute force over all events:
// asking for all of them by id skips the index.
class IndexTypeTest
    : public ServerTest,
      public ::testing::WithParamInterface<VectorIndexOptions::Type> {};

TEST_P(IndexTypeTest, FindsWhatBruteForceFinds) {
  constexpr int kEvents = 900;
  RankingPolicy policy;
  policy.weight(Feature::kLeadRank) = -0.02f;
  policy.weight(Feature::kAlsEvent) = 10;
  policy.scan_candidates = 100;
  policy.source_candidates = 0;
  Publish(RandomSnapshot(kEvents, GetParam()), policy);
  int wanted = 0, found = 0;
  for (int user = 0; user < 20; ++user) {
    request_.Clear();
    request_.set_user_id(absl::StrCat("u", user));
    const std::vector<std::string> got = Ids();
    ASSERT_EQ(got.size(), 20u);
    for (int i = 0; i < kEvents; ++i) {
      request_.mutable_filter()->add_only_event_ids(absl::StrCat("e", i));
    }
    const std::vector<std::string> exact = Ids();
    ASSERT_EQ(exact.size(), 20u);
    if (GetParam() == VectorIndexOptions::Type::kFlat) {
      EXPECT_EQ(got, exact);
    }
    for (const std::string& id : exact) {
      ++wanted;
      found += std::count(got.begin(), got.end(), id) > 0 ? 1 : 0;
    }
  }
  EXPECT_GE(found, wanted * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(All, IndexTypeTest,
                         ::testing::Values(VectorIndexOptions::Type::kFlat,
                                           VectorIndexOptions::Type::kHnsw,
                                           VectorIndexOptions::Type::kIvfPq));

}  // namespace
}  // namespace usher
