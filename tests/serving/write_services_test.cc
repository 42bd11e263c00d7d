#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/convert_resources.h"
#include "tests/serving/server_fixture.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class WriteServicesTest : public ServerTest {
 protected:
  WriteServicesTest() { PublishTiny(); }

  // Calls METHOD of a stub; the response goes into `response`.
  template <class Stub, class Request, class Response>
  grpc::Status Ask(Stub& stub,
                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                const Request&, Response*),
                   const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub.*method)(&context, request, response);
  }

  grpc::Status Upsert(const v1::UpsertEventsRequest& request) {
    v1::UpsertEventsResponse response;
    return Ask(*catalog_, &v1::CatalogService::Stub::UpsertEvents, request,
               &response);
  }
  grpc::Status Upsert(const v1::UpsertUsersRequest& request) {
    v1::UpsertUsersResponse response;
    return Ask(*catalog_, &v1::CatalogService::Stub::UpsertUsers, request,
               &response);
  }
  grpc::Status Get(const std::string& id, v1::Event* event) {
    v1::GetEventRequest request;
    v1::GetEventResponse response;
    request.set_event_id(id);
    const grpc::Status status =
        Ask(*catalog_, &v1::CatalogService::Stub::GetEvent, request, &response);
    *event = response.event();
    return status;
  }
  grpc::Status Record(const v1::RecordInteractionsRequest& request,
                      v1::RecordInteractionsResponse* response) {
    return Ask(*interactions_,
               &v1::InteractionService::Stub::RecordInteractions, request,
               response);
  }

  static v1::Interaction* AddYes(
      google::protobuf::RepeatedPtrField<v1::Interaction>* interactions,
      const std::string& user, const std::string& event) {
    v1::Interaction* added = interactions->Add();
    added->set_user_id(user);
    added->set_event_id(event);
    added->set_kind(v1::INTERACTION_KIND_RSVP_YES);
    return added;
  }

  std::unique_ptr<v1::CatalogService::Stub> catalog_ =
      v1::CatalogService::NewStub(channel_);
  std::unique_ptr<v1::InteractionService::Stub> interactions_ =
      v1::InteractionService::NewStub(channel_);
};

TEST_F(WriteServicesTest, AnEventComesBackAsItWasSentAndIsRecommended) {
  v1::UpsertEventsRequest request;
  Event event = TinyEvent("jazz9", 4 * kHour);
  event.title = "Late set";
  event.tags = {"jazz", "free"};
  event.price = 0;
  event.capacity = 30;
  event.currency = "EUR";
  event.time_zone = "Europe/Brussels";
  *request.add_events() = ToProto(event);
  ASSERT_TRUE(Upsert(request).ok());
  v1::Event read;
  ASSERT_TRUE(Get("jazz9", &read).ok());
  EXPECT_EQ(read.DebugString(), request.events(0).DebugString());
  EXPECT_THAT(Ids(), Contains("jazz9"));
}

TEST_F(WriteServicesTest, ADeletedEventIsNotFoundNorRecommended) {
  v1::DeleteEventsRequest request;
  v1::DeleteEventsResponse response;
  request.add_event_ids("jazz1");
  ASSERT_THAT(Ids(), Contains("jazz1"));
  ASSERT_TRUE(Ask(*catalog_, &v1::CatalogService::Stub::DeleteEvents, request,
                  &response)
                  .ok());
  EXPECT_THAT(Ids(), Not(Contains("jazz1")));
  v1::Event read;
  EXPECT_EQ(Get("jazz1", &read).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get("nobody", &read).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WriteServicesTest, AUserComesBackAndAMaskKeepsTheOtherFields) {
  v1::UpsertUsersRequest request;
  v1::User* user = request.add_users();
  user->set_id("fay");
  user->set_city("Gent");
  user->add_tags("code");
  (*user->mutable_features())["degree"].set_text("msc");
  (*user->mutable_features())["year"].set_number(1990);
  ASSERT_TRUE(Upsert(request).ok());
  v1::UpsertUsersRequest groups;
  groups.add_users()->set_id("fay");
  groups.mutable_users(0)->add_groups()->set_id("code");
  groups.mutable_update_mask()->add_paths("groups");
  ASSERT_TRUE(Upsert(groups).ok());
  *user->add_groups() = groups.users(0).groups(0);

  v1::GetUserRequest get;
  v1::GetUserResponse got;
  get.set_user_id("fay");
  ASSERT_TRUE(
      Ask(*catalog_, &v1::CatalogService::Stub::GetUser, get, &got).ok());
  EXPECT_EQ(got.user().DebugString(), user->DebugString());
  request_.set_user_id("fay");
  EXPECT_EQ(Ids().front().substr(0, 4), "code");
  get.set_user_id("nobody");
  EXPECT_EQ(Ask(*catalog_, &v1::CatalogService::Stub::GetUser, get, &got)
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(WriteServicesTest, InteractionsAreCountedOnceAndAtOnce) {
  v1::RecordInteractionsRequest request;
  AddYes(request.mutable_interactions(), "ann", "jazz1");
  v1::RecordInteractionsResponse response;
  ASSERT_THAT(Ids(), Contains("jazz1"));
  ASSERT_TRUE(Record(request, &response).ok());
  EXPECT_EQ(response.accepted(), 1);
  EXPECT_THAT(Ids(), Not(Contains("jazz1")));
  // The clock stands, so that it is the same interaction again.
  ASSERT_TRUE(Record(request, &response).ok());
  EXPECT_EQ(response.accepted(), 0);
  EXPECT_EQ(response.duplicates(), 1);
}

struct BadWrite {
  const char* path;
  void (*make)(v1::UpsertEventsRequest&);
};

TEST_F(WriteServicesTest, ABadEventNamesItsFieldAndNothingIsWritten) {
  const BadWrite cases[] = {
      {"events[1].id: is required", [](auto& r) { r.add_events(); }},
      {"events[1].id: has 129 bytes",
       [](auto& r) { r.add_events()->set_id(std::string(129, 'x')); }},
      {"events[1].location.latitude: 91",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->mutable_location()->set_latitude(91);
       }},
      {"events[1].price: -1",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->set_price(-1);
       }},
      {"events[1].capacity: -1",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->set_capacity(-1);
       }},
      {"events[1].start_time: ",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->mutable_start_time()->set_seconds(
             std::numeric_limits<int64_t>::max());
       }},
      {"events[1].status: 77",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->set_status(static_cast<v1::EventStatus>(77));
       }},
      {"events[1].embedding: ",
       [](auto& r) {
         r.add_events()->set_id("x");
         r.mutable_events(1)->add_embedding(
             std::numeric_limits<float>::quiet_NaN());
       }},
      {"update_mask: \"titel\" is no field; there are title, ",
       [](auto& r) { r.mutable_update_mask()->add_paths("titel"); }},
  };
  for (const BadWrite& bad : cases) {
    v1::UpsertEventsRequest request;
    *request.add_events() = ToProto(TinyEvent("jazz9", kHour));
    bad.make(request);
    const grpc::Status status = Upsert(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(bad.path));
  }
  v1::UpsertEventsRequest many;
  for (int i = 0; i < 10'001; ++i) many.add_events()->set_id("x");
  EXPECT_THAT(Upsert(many).error_message(), HasSubstr("events: has 10001"));
  v1::Event read;
  EXPECT_EQ(Get("jazz9", &read).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WriteServicesTest, ABadInteractionNamesItsField) {
  const auto error = [&](auto change) {
    v1::RecordInteractionsRequest request;
    change(*AddYes(request.mutable_interactions(), "ann", "jazz1"));
    v1::RecordInteractionsResponse response;
    return Record(request, &response).error_message();
  };
  EXPECT_THAT(error([](auto& i) { i.clear_user_id(); }),
              HasSubstr("interactions[0].user_id: is required"));
  EXPECT_THAT(error([](auto& i) { i.clear_event_id(); }),
              HasSubstr("interactions[0].event_id: is required"));
  EXPECT_THAT(error([](auto& i) { i.clear_kind(); }),
              HasSubstr("interactions[0].kind: is required"));
  EXPECT_THAT(
      error([](auto& i) { i.set_kind(static_cast<v1::InteractionKind>(99)); }),
      HasSubstr("interactions[0].kind: 99"));
  EXPECT_THAT(error([](auto& i) { i.set_position(-1); }),
              HasSubstr("interactions[0].position: -1"));
  EXPECT_THAT(error([](auto& i) {
                i.set_value(std::numeric_limits<double>::infinity());
              }),
              HasSubstr("interactions[0].value: "));
}

TEST_F(WriteServicesTest, AStreamIsAcknowledgedByNumberInOrder) {
  grpc::ClientContext context;
  const auto stream = interactions_->StreamInteractions(&context);
  constexpr int kRequests = 100;
  for (int i = 0; i < kRequests; ++i) {
    v1::StreamInteractionsRequest request;
    request.set_sequence(1'000 + i);
    AddYes(request.mutable_interactions(), absl::StrCat("u", i % 50), "jazz1");
    ASSERT_TRUE(stream->Write(request));
  }
  ASSERT_TRUE(stream->WritesDone());
  v1::StreamInteractionsResponse response;
  int64_t accepted = 0;
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.sequence(), 1'000 + i);
    accepted += response.accepted();
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(accepted, 50);
  EXPECT_EQ(publisher_.position(), 50);
}

TEST_F(WriteServicesTest, ABadRequestEndsAStreamAfterWhatCameBeforeIt) {
  grpc::ClientContext context;
  const auto stream = interactions_->StreamInteractions(&context);
  v1::StreamInteractionsRequest request;
  request.set_sequence(1);
  AddYes(request.mutable_interactions(), "ann", "jazz1");
  ASSERT_TRUE(stream->Write(request));
  request.set_sequence(2);
  request.mutable_interactions(0)->clear_user_id();
  ASSERT_TRUE(stream->Write(request));
  v1::StreamInteractionsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.sequence(), 1);
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("interactions[0].user_id: is required"));
  EXPECT_EQ(publisher_.position(), 1);
}

TEST_F(WriteServicesTest, ACancelledStreamEndsQuietly) {
  // Whether a request is still on its way at that moment is up to chance.
  for (int i = 0; i < 300; ++i) {
    grpc::ClientContext context;
    const auto stream = interactions_->StreamInteractions(&context);
    v1::StreamInteractionsRequest request;
    AddYes(request.mutable_interactions(), absl::StrCat("u", i), "jazz1");
    for (int written = 0; written < 4; ++written) stream->Write(request);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_FALSE(Ids().empty());
}

}  // namespace
}  // namespace usher
