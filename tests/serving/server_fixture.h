// A server on a snapshot made by hand, with a client on a channel without a
// socket.
#ifndef USHER_TESTS_SERVING_SERVER_FIXTURE_H_
#define USHER_TESTS_SERVING_SERVER_FIXTURE_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "serving/lists/candidate_lists.h"
#include "serving/lists/list_counters.h"
#include "serving/server.h"
#include "tests/testing/tiny_city.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher {

// Of the ids of recommendations.
inline constexpr uint64_t kSeed = 5;

struct GenericAnswer {
  grpc::Status status;
  std::string bytes;
};

// Calls "/SERVICE/METHOD" with the bytes of a request; a token, if not empty,
// goes with it.
inline GenericAnswer CallByName(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& method,
                                const std::string& bytes,
                                const std::string& token = "") {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  GenericAnswer answer;
  call->Finish(&response, &answer.status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  grpc::Slice whole;
  if (answer.status.ok() && response.DumpToSingleSlice(&whole).ok()) {
    answer.bytes.assign(whole.begin(), whole.end());
  }
  return answer;
}

// What grpc.health.v1 answers: 1 SERVING, 2 NOT_SERVING; 0 no answer.
inline int Health(const std::shared_ptr<grpc::Channel>& channel,
                  const std::string& service) {
  // HealthCheckRequest{service = 1}, HealthCheckResponse{status = 1}.
  std::string bytes;
  if (!service.empty()) {
    bytes = absl::StrCat(
        "\n", std::string(1, static_cast<char>(service.size())), service);
  }
  const std::string answer =
      CallByName(channel, "/grpc.health.v1.Health/Check", bytes).bytes;
  return answer.size() == 2 ? answer[1] : 0;
}

// One worker, and room for one call that waits.
class ServerTest : public ::testing::Test {
 protected:
  explicit ServerTest(const std::string& address = "",
                      const TokenFile* tokens = nullptr,
                      const TlsFiles* tls = nullptr,
                      Experiments experiments = {}, Scenarios scenarios = {},
                      CandidateLists* lists = nullptr)
      : experiments_(std::move(experiments)),
        scenarios_(std::move(scenarios)),
        lists_(lists) {
    ServerParts parts = Parts();
    parts.tokens = tokens;
    parts.tls = tls;
    server_ = Server::Start(address, parts).value();
    channel_ = server_->InProcessChannel();
    stub_ = v1::RecommendationService::NewStub(channel_);
    request_.set_user_id("ann");
  }

  ServerParts Parts() {
    return {holder_,    publisher_, recommender_, pages_,       reporter_,
            loader_,    eraser_,    exporter_,    experiments_, scenarios_,
            exposures_, clock_,     pool_,        telemetry_};
  }

  void Publish(Snapshot snapshot, RankingPolicy policy = {}) {
    ASSERT_TRUE(publisher_.Adopt(std::move(snapshot), policy, kTinyNow).ok());
  }
  void PublishTiny() { Publish(TinySnapshot(TinyCatalog())); }

  grpc::Status Call(const v1::RecommendRequest& request,
                    v1::RecommendResponse* response) {
    grpc::ClientContext context;
    return stub_->Recommend(&context, request, response);
  }
  // A call that gRPC's threads take in: it arrives while the pool is held.
  grpc::Status SimilarUsers() {
    grpc::ClientContext context;
    v1::SimilarUsersRequest request;
    request.set_user_id("ann");
    v1::SimilarUsersResponse response;
    return stub_->SimilarUsers(&context, request, &response);
  }
  // Holds the pool's one thread until `go`.
  void HoldPool(absl::Notification& go) {
    absl::Notification held;
    const auto hold = [&] {
      held.Notify();
      go.WaitForNotification();
    };
    while (!pool_.Submit(hold).ok()) std::this_thread::yield();
    held.WaitForNotification();
  }
  v1::RecommendResponse Recommend() {
    v1::RecommendResponse response;
    const grpc::Status status = Call(request_, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::vector<std::string> Ids() { return IdsOf(Recommend()); }
  v1::ExplainResponse Explain(const v1::ExplainRequest& request) {
    v1::ExplainResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->Explain(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

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

  const Experiments experiments_;
  const Scenarios scenarios_;
  CandidateLists* const lists_;
  SnapshotHolder holder_;
  FakeClock clock_{kTinyNow};
  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotPublisher publisher_{*state_, holder_, {}};
  ModelLoader loader_{{"nowhere", "", 0}, publisher_, clock_};
  Telemetry telemetry_;
  ListCounters list_counters_;
  Recommender recommender_{holder_, kSeed, experiments_, &telemetry_.lists,
                           lists_};
  PageTokenCodec pages_{"key"};
  const std::string model_dir_ = testing::TempDir() + "/models";
  StatusReporter reporter_{holder_, publisher_, loader_, clock_};
  WorkerPool pool_{{1, 1}};
  std::unique_ptr<ExposureStore> exposure_store_ =
      ExposureStore::Open(ExposureStore::kMemory).value();
  ExposureLog exposures_{*exposure_store_, clock_, {}};
  UserEraser eraser_{model_dir_, publisher_, exposures_, nullptr, clock_};
  UserExporter exporter_{holder_, publisher_, exposures_};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RecommendationService::Stub> stub_;
  v1::RecommendRequest request_;
};

}  // namespace usher

#endif  // USHER_TESTS_SERVING_SERVER_FIXTURE_H_
