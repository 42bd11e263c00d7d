// A server on a snapshot made by hand, with a client on a channel without a
// socket.
#ifndef USHER_TESTS_SERVING_SERVER_FIXTURE_H_
#define USHER_TESTS_SERVING_SERVER_FIXTURE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "serving/server.h"
#include "tests/testing/tiny_city.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher {

// Of the ids of recommendations.
inline constexpr uint64_t kSeed = 5;

// One worker, and room for one call that waits.
class ServerTest : public ::testing::Test {
 protected:
  explicit ServerTest(Experiments experiments = {})
      : experiments_(std::move(experiments)) {
    server_ =
        Server::Start("", {holder_, publisher_, recommender_, pages_, reporter_,
                           loader_, clock_, pool_, experiments_, exposures_})
            .value();
    channel_ = server_->InProcessChannel();
    stub_ = v1::RecommendationService::NewStub(channel_);
    request_.set_user_id("ann");
  }

  void Publish(Snapshot snapshot, RankingPolicy policy = {}) {
    ASSERT_TRUE(publisher_.Adopt(std::move(snapshot), policy).ok());
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
  SnapshotHolder holder_;
  FakeClock clock_{kTinyNow};
  std::unique_ptr<StateStore> state_ =
      StateStore::Open(StateStore::kMemory).value();
  SnapshotPublisher publisher_{*state_, holder_, {}};
  ModelLoader loader_{{"nowhere", "", 0}, publisher_, clock_};
  Recommender recommender_{holder_, kSeed, experiments_};
  PageTokenCodec pages_{"key"};
  StatusReporter reporter_{holder_, publisher_, loader_, clock_};
  WorkerPool pool_{{1, 1}};
  std::unique_ptr<ExposureStore> exposure_store_ =
      ExposureStore::Open(ExposureStore::kMemory).value();
  ExposureLog exposures_{*exposure_store_, clock_, {}};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RecommendationService::Stub> stub_;
  v1::RecommendRequest request_;
};

}  // namespace usher

#endif  // USHER_TESTS_SERVING_SERVER_FIXTURE_H_
