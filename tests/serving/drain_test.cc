// How a server ends, and what it does not do for callers who are gone.
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "tests/serving/server_fixture.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

class DrainTest : public ServerTest {
 protected:
  DrainTest() { PublishTiny(); }

  // Holds the writer's thread until `go`.
  void HoldWriter(absl::Notification& go) {
    absl::Notification held;
    publisher_.Submit(Interactions(), [&held, &go](const auto&) {
      held.Notify();
      go.WaitForNotification();
    });
    held.WaitForNotification();
  }
  // Waits until so many rows wait to be written.
  void AwaitRows(size_t rows) {
    while (publisher_.lag().rows_waiting < rows) std::this_thread::yield();
  }

  static v1::Interaction Yes(const std::string& user) {
    v1::Interaction interaction;
    interaction.set_user_id(user);
    interaction.set_event_id("code1");
    interaction.set_kind(v1::INTERACTION_KIND_RSVP_YES);
    return interaction;
  }
  grpc::Status Record(grpc::ClientContext& context, const std::string& user) {
    v1::RecordInteractionsRequest request;
    *request.add_interactions() = Yes(user);
    v1::RecordInteractionsResponse response;
    return interactions_->RecordInteractions(&context, request, &response);
  }

  const std::unique_ptr<v1::InteractionService::Stub> interactions_ =
      v1::InteractionService::NewStub(channel_);
};

TEST_F(DrainTest, WhatRunsIsAnsweredAndHealthSaysItFirst) {
  server_->SetServing(true);
  absl::Notification go;
  HoldPool(go);
  grpc::Status waiting = grpc::Status::CANCELLED;
  std::thread caller([&] { waiting = SimilarUsers(); });
  while (pool_.waiting() == 0) std::this_thread::yield();
  bool drained = false;
  std::thread ender([&] { drained = server_->Shutdown(); });
  while (Health(channel_, "") != 2) std::this_thread::yield();
  server_->SetServing(true);  // A model that arrives now changes nothing.
  EXPECT_EQ(Health(channel_, ""), 2);
  // Refused once the pool drains; until then the queue has no room.
  grpc::Status late;
  do {
    late = SimilarUsers();
  } while (late.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(late.error_code(), grpc::StatusCode::UNAVAILABLE);
  go.Notify();
  caller.join();
  ender.join();
  EXPECT_TRUE(waiting.ok()) << waiting.error_message();
  EXPECT_TRUE(drained);
}

// Taken in behind work that holds the only thread, so that it waits in the pool
// when the server ends. Whether it arrives in time is the machine's business.
TEST_F(DrainTest, ARecommendationThatWasTakenInIsAnswered) {
  bool taken_in = false;
  for (int attempt = 0; attempt < 50 && !taken_in; ++attempt) {
    WorkerPool pool({1, 16});
    const std::unique_ptr<Server> server =
        Server::Start("", {holder_, publisher_, recommender_, pages_, reporter_,
                           loader_, eraser_, exporter_, experiments_,
                           scenarios_, exposures_, clock_, pool, telemetry_})
            .value();
    const auto stub =
        v1::RecommendationService::NewStub(server->InProcessChannel());
    absl::Notification first_held, first, second_held, second;
    ASSERT_TRUE(pool.Submit([&] {
                      first_held.Notify();
                      first.WaitForNotification();
                    })
                    .ok());
    first_held.WaitForNotification();
    grpc::Status status = grpc::Status::CANCELLED;
    std::thread caller([&] {
      grpc::ClientContext context;
      v1::RecommendResponse response;
      status = stub->Recommend(&context, request_, &response);
    });
    ASSERT_TRUE(pool.Submit([&] {
                      second_held.Notify();
                      second.WaitForNotification();
                    })
                    .ok());
    // Others come and go meanwhile.
    for (int i = 0; i < 20; ++i) SimilarUsers();
    first.Notify();
    second_held.WaitForNotification();
    taken_in = pool.waiting() == 1;
    bool drained = false;
    std::thread ender([&] { drained = server->Shutdown(); });
    while (!absl::IsUnavailable(pool.Submit([] {}))) std::this_thread::yield();
    second.Notify();
    caller.join();
    ender.join();
    EXPECT_TRUE(drained);
    if (taken_in) {
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }
  EXPECT_TRUE(taken_in);
}

// Longer than calls that only hang get.
TEST_F(DrainTest, AWriteThatWasLetInIsCommittedAndAcknowledged) {
  absl::Notification go;
  HoldWriter(go);
  grpc::Status status = grpc::Status::CANCELLED;
  absl::Notification answered;
  std::thread caller([&] {
    grpc::ClientContext context;
    status = Record(context, "ann");
    answered.Notify();
  });
  AwaitRows(1);
  std::thread ender([&] { server_->Shutdown(); });
  EXPECT_FALSE(answered.WaitForNotificationWithTimeout(absl::Seconds(1)));
  go.Notify();
  caller.join();
  ender.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(state_->position(), 1);
}

// The server hears of a caller's giving up a moment after the caller. Whether
// that is in time is the machine's business, so there are several attempts; a
// server that works for such callers fails them all.
constexpr int kAttempts = 50;

TEST_F(DrainTest, AWriteWhoseCallerGaveUpInTheQueueIsNotWritten) {
  bool left_out = false;
  for (int attempt = 0; attempt < kAttempts && !left_out; ++attempt) {
    const int64_t before = state_->position();
    absl::Notification go;
    HoldWriter(go);
    grpc::ClientContext context;
    grpc::Status status;
    // Somebody else each time: twice the same would not be written either.
    std::thread caller(
        [&] { status = Record(context, absl::StrCat("u", attempt)); });
    AwaitRows(1);
    context.TryCancel();
    caller.join();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
    Recommend();
    go.Notify();
    ASSERT_TRUE(publisher_.Write(Interactions()).ok());  // Behind it.
    left_out = state_->position() == before;
  }
  EXPECT_TRUE(left_out);
  EXPECT_GT(telemetry_.calls.ended(RpcMethod::kRecordInteractions,
                                   absl::StatusCode::kCancelled),
            0);
}

TEST_F(DrainTest, AStreamThatIsGivenUpLeavesWhatWaitsUnwritten) {
  bool left_out = false;
  for (int attempt = 0; attempt < kAttempts && !left_out; ++attempt) {
    const int64_t before = state_->position();
    absl::Notification go;
    HoldWriter(go);
    grpc::ClientContext context;
    const auto stream = interactions_->StreamInteractions(&context);
    v1::StreamInteractionsRequest request;
    *request.add_interactions() = Yes(absl::StrCat("u", attempt));
    ASSERT_TRUE(stream->Write(request));
    AwaitRows(1);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    Recommend();
    go.Notify();
    ASSERT_TRUE(publisher_.Write(Interactions()).ok());
    left_out = state_->position() == before;
  }
  EXPECT_TRUE(left_out);
}

TEST_F(DrainTest, ARecommendationWhoseCallerGaveUpIsNotMade) {
  const auto cancelled = [this] {
    return telemetry_.calls.ended(RpcMethod::kRecommend,
                                  absl::StatusCode::kCancelled);
  };
  for (int attempt = 0; attempt < kAttempts && cancelled() == 0; ++attempt) {
    const int64_t before = telemetry_.lists.known.Get();
    absl::Notification go;
    HoldPool(go);
    grpc::ClientContext context;
    grpc::Status status;
    v1::RecommendResponse response;
    std::thread caller(
        [&] { status = stub_->Recommend(&context, request_, &response); });
    // Others come and go meanwhile.
    for (int i = 0; i < 20; ++i) Health(channel_, "");
    context.TryCancel();
    caller.join();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
    for (int i = 0; i < 20; ++i) Health(channel_, "");
    go.Notify();
    // Behind it, as soon as there is room.
    while (!Call(request_, &response).ok()) std::this_thread::yield();
    if (cancelled() > 0) {
      EXPECT_EQ(telemetry_.lists.known.Get(), before + 1);
    }
  }
  EXPECT_GT(cancelled(), 0);
}

TEST_F(DrainTest, AListStreamMakesNoListWhenItsCallerIsGone) {
  bool left_out = false;
  for (int attempt = 0; attempt < kAttempts && !left_out; ++attempt) {
    const int64_t before = telemetry_.lists.known.Get();
    absl::Notification go;
    HoldPool(go);
    grpc::ClientContext context;
    const auto stream = stub_->RecommendStream(&context);
    v1::RecommendStreamRequest request;
    request.add_user_ids("ann");
    stream->Write(request);
    while (pool_.waiting() == 0) std::this_thread::yield();
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_EQ(Health(channel_, ""), 2);
    go.Notify();
    absl::Notification done;  // Behind it, as soon as there is room.
    while (!pool_.Submit([&] { done.Notify(); }).ok()) {
      std::this_thread::yield();
    }
    done.WaitForNotification();
    left_out = telemetry_.lists.known.Get() == before;
  }
  EXPECT_TRUE(left_out);
}

}  // namespace
}  // namespace usher
