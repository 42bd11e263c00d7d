// How a server ends, and what it does not do for callers who are gone.
#include <memory>
#include <string>
#include <thread>

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
  grpc::Status Record(grpc::ClientContext& context) {
    v1::RecordInteractionsRequest request;
    *request.add_interactions() = Yes("ann");
    v1::RecordInteractionsResponse response;
    return interactions_->RecordInteractions(&context, request, &response);
  }

  const std::unique_ptr<v1::InteractionService::Stub> interactions_ =
      v1::InteractionService::NewStub(channel_);
};

TEST_F(DrainTest, WhatRunsIsAnsweredAndHealthSaysItFirst) {
  server_->SetServing(true);
  absl::Notification begun, go;
  ASSERT_TRUE(pool_
                  .Submit([&] {
                    begun.Notify();
                    go.WaitForNotification();
                  })
                  .ok());
  begun.WaitForNotification();
  grpc::Status waiting = grpc::Status::CANCELLED;
  std::thread caller([&] {
    v1::RecommendResponse response;
    waiting = Call(request_, &response);
  });
  while (pool_.waiting() == 0) std::this_thread::yield();
  bool drained = false;
  std::thread ender([&] { drained = server_->Shutdown(); });
  while (Health(channel_, "") != 2) std::this_thread::yield();
  server_->SetServing(true);  // A model that arrives now changes nothing.
  EXPECT_EQ(Health(channel_, ""), 2);
  // Refused once the pool drains; until then the queue has no room.
  v1::RecommendResponse response;
  grpc::Status late;
  do {
    late = Call(request_, &response);
  } while (late.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(late.error_code(), grpc::StatusCode::UNAVAILABLE);
  go.Notify();
  caller.join();
  ender.join();
  EXPECT_TRUE(waiting.ok()) << waiting.error_message();
  EXPECT_TRUE(drained);
}

// Longer than calls that only hang get.
TEST_F(DrainTest, AWriteThatWasLetInIsCommittedAndAcknowledged) {
  absl::Notification go;
  HoldWriter(go);
  grpc::Status status = grpc::Status::CANCELLED;
  absl::Notification answered;
  std::thread caller([&] {
    grpc::ClientContext context;
    status = Record(context);
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

TEST_F(DrainTest, AWriteWhoseCallerGaveUpInTheQueueIsNotWritten) {
  absl::Notification go;
  HoldWriter(go);
  grpc::ClientContext context;
  grpc::Status status;
  std::thread caller([&] { status = Record(context); });
  AwaitRows(1);
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  // The server hears of it a moment after the caller. Another method's call on
  // the same connection comes behind it.
  const auto cancelled = [&] {
    return telemetry_.calls.ended(RpcMethod::kRecordInteractions,
                                  absl::StatusCode::kCancelled);
  };
  Recommend();
  go.Notify();
  ASSERT_TRUE(publisher_.Drain(absl::InfiniteDuration()));
  EXPECT_EQ(cancelled(), 1);
  EXPECT_EQ(state_->position(), 0);
}

TEST_F(DrainTest, AStreamThatIsGivenUpLeavesWhatWaitsUnwritten) {
  absl::Notification go;
  HoldWriter(go);
  grpc::ClientContext context;
  const auto stream = interactions_->StreamInteractions(&context);
  v1::StreamInteractionsRequest request;
  *request.add_interactions() = Yes("ann");
  ASSERT_TRUE(stream->Write(request));
  AwaitRows(1);
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Recommend();
  go.Notify();
  ASSERT_TRUE(publisher_.Drain(absl::InfiniteDuration()));
  EXPECT_EQ(state_->position(), 0);
}

TEST_F(DrainTest, AListStreamStopsWhenItsCallerIsGone) {
  absl::Notification begun, go;
  ASSERT_TRUE(pool_
                  .Submit([&] {
                    begun.Notify();
                    go.WaitForNotification();
                  })
                  .ok());
  begun.WaitForNotification();
  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  v1::RecommendStreamRequest request;
  for (int i = 0; i < 100; ++i) request.add_user_ids("ann");
  stream->Write(request);
  while (pool_.waiting() == 0) std::this_thread::yield();
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Health(channel_, ""), 2);  // Behind the cancellation.
  go.Notify();
  ASSERT_TRUE(pool_.Drain(absl::InfiniteDuration()));
  EXPECT_EQ(telemetry_.lists.known.Get(), 0);
}

}  // namespace
}  // namespace usher
