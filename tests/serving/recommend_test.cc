// Recommend, as its callers see it.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "serving/convert_resources.h"
#include "tests/serving/server_fixture.h"

namespace usher {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

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

TEST_F(ServerTest, ExplainAddsUpToTheScoreOfTheList) {
  PublishTiny();
  request_.set_detail(v1::FEATURES);
  const v1::RecommendResponse list = Recommend();
  ASSERT_GT(list.results_size(), 0);
  for (const v1::Recommendation& result : list.results()) {
    v1::ExplainRequest request;
    request.set_user_id("ann");
    request.set_event_id(result.event_id());
    const v1::ExplainResponse answer = Explain(request);
    EXPECT_TRUE(answer.recommended());
    EXPECT_EQ(answer.position(), result.position());
    EXPECT_EQ(answer.score(), result.score());
    double sum = answer.base_value();
    for (const v1::Contribution& part : answer.contributions()) {
      sum += part.contribution();
    }
    EXPECT_NEAR(sum, answer.score(), 1e-4);
    EXPECT_EQ(answer.dropped_reason(), "");
  }
}

TEST_F(ServerTest, ExplainNamesTheReasonOfEveryAbsence) {
  Catalog catalog = TinyCatalog();
  for (const auto& [id, status] :
       {std::pair("cancelled", EventStatus::kCancelled),
        std::pair("sold_out", EventStatus::kSoldOut),
        std::pair("hidden", EventStatus::kHidden)}) {
    Event event = TinyEvent(id, kHour);
    event.status = status;
    catalog.UpsertEvent(event);
  }
  Publish(TinySnapshot(std::move(catalog)));
  const auto reason = [&](const char* event, const char* organizer) {
    v1::ExplainRequest request;
    request.set_user_id("ann");
    request.set_event_id(event);
    if (organizer != nullptr) {
      request.mutable_filter()->add_organizers(organizer);
    }
    const v1::ExplainResponse answer = Explain(request);
    EXPECT_FALSE(answer.recommended());
    return answer.dropped_reason();
  };
  EXPECT_EQ(reason("cancelled", nullptr), "cancelled");
  EXPECT_EQ(reason("sold_out", nullptr), "sold_out");
  EXPECT_EQ(reason("hidden", nullptr), "hidden");
  EXPECT_EQ(reason("jazz0", nullptr), "ended");
  EXPECT_EQ(reason("jazz1", "code"), "filtered");
  v1::ExplainRequest request;
  request.set_event_id("nobody");
  grpc::ClientContext context;
  v1::ExplainResponse response;
  EXPECT_EQ(stub_->Explain(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, RulesOfARequestAreCheckedAndFollowed) {
  PublishTiny();
  v1::Rule& rule = *request_.add_rules();
  rule.mutable_filter()->add_only_event_ids("code4");
  rule.set_pin_position(1);
  EXPECT_EQ(Ids().front(), "code4");
  const auto error = [&] {
    v1::RecommendResponse response;
    return Call(request_, &response).error_message();
  };
  rule.set_pin_position(0);
  EXPECT_THAT(error(), HasSubstr("rules[0].pin_position: 0"));
  rule.set_boost(-1);
  EXPECT_THAT(error(), HasSubstr("rules[0].boost: -1"));
  rule.clear_action();
  EXPECT_THAT(error(), HasSubstr("rules[0]: needs one of"));
  rule.set_exclude(true);
  rule.mutable_filter()->set_max_distance_km(-1);
  EXPECT_THAT(error(), HasSubstr("rules[0].filter.max_distance_km: -1"));
  request_.clear_rules();
  request_.set_diversity(1.5);
  EXPECT_THAT(error(), HasSubstr("diversity: 1.5"));
}

TEST_F(ServerTest, PagesTogetherAreTheListOnceAndInOrder) {
  PublishTiny();
  request_.set_limit(8);
  const std::vector<std::string> whole = Ids();
  ASSERT_EQ(whole.size(), 8u);
  request_.set_limit(3);
  std::vector<std::string> paged;
  for (int page = 0; page < 10; ++page) {
    const v1::RecommendResponse response = Recommend();
    for (const v1::Recommendation& result : response.results()) {
      paged.push_back(result.event_id());
      EXPECT_EQ(result.position(), static_cast<int>(paged.size()));
    }
    request_.set_page_token(response.next_page_token());
    if (response.next_page_token().empty()) break;
  }
  EXPECT_EQ(paged, whole);
}

TEST_F(ServerTest, LaterPagesKeepTheirOrderAndDropWhatDiedAcrossASwap) {
  PublishTiny();
  request_.set_limit(8);
  std::vector<std::string> expected = Ids();
  request_.set_limit(2);
  request_.set_page_token(Recommend().next_page_token());
  // One dies, another one becomes far better, a new one comes; then the model
  // is swapped.
  Interactions answers;
  for (int i = 0; i < 50; ++i) {
    Interaction& yes = answers.emplace_back();
    yes.user_id = absl::StrCat("u", i);
    yes.event_id = expected[7];
    yes.occurred_at = kTinyNow;
  }
  ASSERT_TRUE(publisher_.Write(EventDeletions{{expected[3]}}).ok());
  ASSERT_TRUE(publisher_.Write(std::move(answers)).ok());
  ASSERT_TRUE(
      publisher_.Write(EventUpserts{{TinyEvent("jazz9", kHour)}, {}}).ok());
  PublishTiny();
  std::vector<std::string> paged;
  while (!request_.page_token().empty()) {
    const v1::RecommendResponse response = Recommend();
    for (const v1::Recommendation& result : response.results()) {
      paged.push_back(result.event_id());
    }
    request_.set_page_token(response.next_page_token());
  }
  expected.erase(expected.begin() + 3);
  expected.erase(expected.begin(), expected.begin() + 2);
  EXPECT_EQ(paged, expected);
}

TEST_F(ServerTest, APageTokenOfAnotherRequestIsRefused) {
  PublishTiny();
  request_.set_limit(2);
  request_.set_page_token(Recommend().next_page_token());
  request_.set_limit(5);
  request_.set_detail(v1::REASONS);
  EXPECT_EQ(Recommend().results_size(), 5);
  request_.set_user_id("bob");
  v1::RecommendResponse response;
  const grpc::Status status = Call(request_, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("page_token: "));
}

TEST_F(ServerTest, AStreamHasTheListOfEveryUserInOrder) {
  PublishTiny();
  const std::vector<std::string> users = {"ann", "cem", "nobody", "ann"};
  std::vector<std::vector<std::string>> lists;
  request_.set_limit(3);
  for (const std::string& user : users) {
    request_.set_user_id(user);
    lists.push_back(Ids());
  }
  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  v1::RecommendStreamResponse response;
  for (int request = 0; request < 3; ++request) {
    v1::RecommendStreamRequest message;
    message.set_limit(3);
    for (const std::string& user : users) message.add_user_ids(user);
    ASSERT_TRUE(stream->Write(message));
    for (size_t i = 0; i < users.size(); ++i) {
      ASSERT_TRUE(stream->Read(&response));
      EXPECT_EQ(response.user_id(), users[i]);
      EXPECT_EQ(IdsOf(response), lists[i]);
    }
  }
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, ABadRequestEndsAStreamOfLists) {
  PublishTiny();
  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  v1::RecommendStreamRequest message;
  message.add_user_ids("ann");
  message.add_user_ids("");
  stream->Write(message);
  v1::RecommendStreamResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("user_ids[1]: is required"));
}

TEST_F(ServerTest, AStreamOfListsThatIsGivenUpEnds) {
  PublishTiny();
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    const auto stream = stub_->RecommendStream(&context);
    v1::RecommendStreamRequest message;
    for (int user = 0; user < 1000; ++user) message.add_user_ids("ann");
    stream->Write(message);
    v1::RecommendStreamResponse response;
    stream->Read(&response);
    context.TryCancel();
    EXPECT_FALSE(stream->Finish().ok());
  }
  // The last stream's list may still be in the one place of the queue.
  v1::RecommendResponse after;
  while (Call(request_, &after).error_code() ==
         grpc::StatusCode::RESOURCE_EXHAUSTED) {
  }
  EXPECT_GT(after.results_size(), 0);
}

}  // namespace
}  // namespace usher
