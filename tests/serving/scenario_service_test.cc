// Scenarios, as callers of Recommend and RecommendStream see them.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "tests/serving/server_fixture.h"

namespace usher {
namespace {

using ::testing::_;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

Scenarios MakeScenarios(const std::vector<std::string>& texts) {
  std::vector<v1::RecommendRequest> defaults(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_TRUE(
        google::protobuf::TextFormat::ParseFromString(texts[i], &defaults[i]));
  }
  return Scenarios::Create(std::move(defaults)).value();
}

class ScenarioServiceTest : public ServerTest {
 protected:
  ScenarioServiceTest()
      : ServerTest("", nullptr, nullptr, {},
                   MakeScenarios({"scenario: 'code' limit: 3 detail: REASONS "
                                  "filter { organizers: 'code' } "
                                  "rules { filter { only_event_ids: 'code4' } "
                                  "        pin_position: 1 }",
                                  "scenario: 'look' exposure: NONE"})) {
    PublishTiny();
  }

  // Lists that have been written down as shown.
  size_t NumExposures() {
    size_t lists = 0;
    EXPECT_TRUE(exposures_
                    .Read([&](ExposureStore& store) {
                      return store.ReadLists("ann", [&](const Exposure&) {
                        ++lists;
                        return absl::OkStatus();
                      });
                    })
                    .ok());
    return lists;
  }
};

TEST_F(ScenarioServiceTest, FillsTheRequestThatNamesIt) {
  request_.set_scenario("code");
  const v1::RecommendResponse response = Recommend();
  EXPECT_THAT(IdsOf(response), ElementsAre("code4", _, _));
  EXPECT_THAT(IdsOf(response), Each(StartsWith("code")));
  EXPECT_THAT(response.results(0).reasons(), Not(IsEmpty()));
}

TEST_F(ScenarioServiceTest, TheRequestsOwnRulesComeBehindItsRules) {
  request_.set_scenario("code");
  v1::Rule& pin = *request_.add_rules();
  pin.mutable_filter()->add_only_event_ids("code2");
  pin.set_pin_position(1);
  EXPECT_THAT(Ids(), ElementsAre("code4", "code2", _));
  for (int i = 1; i < 50; ++i) *request_.add_rules() = pin;
  EXPECT_THAT(Ids(), SizeIs(3));
}

TEST_F(ScenarioServiceTest, AStreamIsFilledToo) {
  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  v1::RecommendStreamRequest message;
  message.add_user_ids("ann");
  message.add_user_ids("cem");
  message.set_scenario("code");
  ASSERT_TRUE(stream->Write(message));
  stream->WritesDone();
  v1::RecommendStreamResponse response;
  for (const char* user : {"ann", "cem"}) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.user_id(), user);
    EXPECT_THAT(IdsOf(response), ElementsAre("code4", _, _));
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ScenarioServiceTest, DecidesWhetherAListCountsAsShown) {
  request_.set_scenario("look");
  Recommend();
  EXPECT_EQ(NumExposures(), 0u);
  request_.set_scenario("code");
  Recommend();
  EXPECT_EQ(NumExposures(), 1u);
}

TEST_F(ScenarioServiceTest, AnUnknownOneIsAnErrorOfItsField) {
  request_.set_scenario("cod");
  v1::RecommendResponse response;
  const grpc::Status status = Call(request_, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("scenario: \"cod\""));
  EXPECT_THAT(status.error_message(), HasSubstr("\"code\", \"look\""));
}

TEST_F(ScenarioServiceTest, GoesWithEveryPage) {
  request_.set_scenario("code");
  request_.set_limit(2);
  const v1::RecommendResponse first = Recommend();
  request_.set_page_token(first.next_page_token());
  EXPECT_THAT(Ids(), SizeIs(2));
  request_.set_scenario("look");
  v1::RecommendResponse response;
  EXPECT_THAT(Call(request_, &response).error_message(),
              StartsWith("page_token: belongs to another request"));
}

}  // namespace
}  // namespace usher
