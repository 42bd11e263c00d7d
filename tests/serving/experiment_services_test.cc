
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "serving/experiments/experiments_config.h"
#include "tests/serving/server_fixture.h"
#include "tests/testing/scratch_folder.h"
#include "usher/v1/experiment.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "late" turns the order by start around; "sizes" changes what no list shows.
constexpr char kExperiments[] = R"(
  experiments {
    name: "order"
    variants { name: "control" }
    variants { name: "late"
      ranking { weights { feature: "lead_rank" weight: 50 } } }
  }
  experiments {
    name: "sizes" share: 0.5
    variants { name: "small" ranking { scan_candidates: 100 } }
    variants { name: "large" ranking { scan_candidates: 500 } }
  })";

std::map<std::string, std::string> TextsOf(
    const google::protobuf::RepeatedPtrField<v1::Assignment>& assignments) {
  std::map<std::string, std::string> texts;
  for (const v1::Assignment& a : assignments) {
    texts[a.experiment()] = a.variant();
  }
  return texts;
}

class ExperimentServicesTest : public ServerTest {
 protected:
  ExperimentServicesTest()
      : ServerTest("", nullptr, nullptr,
                   ParseExperiments("f", kExperiments).value()) {
    PublishTiny();
  }

  std::map<std::string, std::string> Assign(const std::string& user) {
    v1::AssignRequest request;
    v1::AssignResponse response;
    request.set_user_id(user);
    grpc::ClientContext context;
    const grpc::Status status =
        experiment_stub_->Assign(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return TextsOf(response.assignments());
  }
  // The first made-up user in this variant of "order", from the n-th on.
  std::string UserIn(const std::string& variant, int n = 0) {
    for (int i = n;; ++i) {
      const std::string user = absl::StrCat("user", i);
      for (const Assignment& a : experiments_.Assign(user)) {
        if (a.experiment->name == "order" && a.variant->name == variant) {
          return user;
        }
      }
    }
  }
  v1::RecommendResponse RecommendTo(
      const std::string& user,
      v1::RecommendRequest::Exposure exposure = v1::RecommendRequest::SERVED) {
    request_.set_user_id(user);
    request_.set_exposure(exposure);
    return Recommend();
  }
  grpc::Status Report(const std::string& experiment,
                      v1::GetReportResponse* response) {
    v1::GetReportRequest request;
    request.set_experiment(experiment);
    grpc::ClientContext context;
    return experiment_stub_->GetReport(&context, request, response);
  }
  // Of variant i of "order".
  v1::VariantReport ReportOf(int i) {
    v1::GetReportResponse response;
    const grpc::Status status = Report("order", &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.variants(i);
  }
  grpc::Status Show(const std::string& id, std::vector<int32_t> positions) {
    v1::RecordExposuresRequest request;
    v1::RecordExposuresResponse response;
    request.set_recommendation_id(id);
    request.mutable_positions()->Add(positions.begin(), positions.end());
    grpc::ClientContext context;
    return interaction_stub_->RecordExposures(&context, request, &response);
  }
  void Record(const std::string& user, const std::string& event,
              v1::InteractionKind kind, const std::string& recommendation) {
    v1::RecordInteractionsRequest request;
    v1::RecordInteractionsResponse response;
    v1::Interaction& interaction = *request.add_interactions();
    interaction.set_interaction_id(absl::StrCat("i", ++recorded_));
    interaction.set_user_id(user);
    interaction.set_event_id(event);
    interaction.set_kind(kind);
    interaction.set_recommendation_id(recommendation);
    grpc::ClientContext context;
    const grpc::Status status =
        interaction_stub_->RecordInteractions(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  std::unique_ptr<v1::ExperimentService::Stub> experiment_stub_ =
      v1::ExperimentService::NewStub(channel_);
  std::unique_ptr<v1::InteractionService::Stub> interaction_stub_ =
      v1::InteractionService::NewStub(channel_);
  int recorded_ = 0;
};

TEST_F(ExperimentServicesTest, VariantsWithDifferentPoliciesGiveOtherLists) {
  const v1::RecommendResponse control = RecommendTo(UserIn("control"));
  const v1::RecommendResponse late = RecommendTo(UserIn("late"));
  EXPECT_EQ(TextsOf(control.assignments()).at("order"), "control");
  EXPECT_EQ(TextsOf(late.assignments()).at("order"), "late");
  const std::vector<std::string> early_first = IdsOf(control);
  std::vector<std::string> late_first = IdsOf(late);
  EXPECT_THAT(early_first.front(), testing::EndsWith("1"));
  EXPECT_THAT(late_first.front(), testing::EndsWith("4"));
  EXPECT_NE(early_first, late_first);
}

TEST_F(ExperimentServicesTest, TheAnswerSaysWhatAssignSays) {
  for (int i = 0; i < 50; ++i) {
    const std::string user = absl::StrCat("user", i);
    EXPECT_EQ(TextsOf(RecommendTo(user).assignments()), Assign(user)) << user;
  }
  EXPECT_TRUE(RecommendTo("").assignments().empty());
  v1::AssignRequest request;
  v1::AssignResponse response;
  grpc::ClientContext context;
  const grpc::Status status =
      experiment_stub_->Assign(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("user_id"));
}

TEST_F(ExperimentServicesTest, PagesStreamsAndExplanationsHaveTheSamePolicy) {
  const std::string user = UserIn("late");
  const std::vector<std::string> whole = IdsOf(RecommendTo(user));
  ASSERT_GE(whole.size(), 6u);

  request_.set_limit(3);
  v1::RecommendResponse page = RecommendTo(user);
  std::vector<std::string> paged = IdsOf(page);
  while (!page.next_page_token().empty()) {
    request_.set_page_token(page.next_page_token());
    page = Recommend();
    EXPECT_EQ(TextsOf(page.assignments()), Assign(user));
    for (const std::string& id : IdsOf(page)) paged.push_back(id);
  }
  EXPECT_EQ(paged, whole);

  grpc::ClientContext context;
  const auto stream = stub_->RecommendStream(&context);
  v1::RecommendStreamRequest users;
  v1::RecommendStreamResponse streamed;
  users.add_user_ids(user);
  ASSERT_TRUE(stream->Write(users));
  ASSERT_TRUE(stream->Read(&streamed));
  EXPECT_EQ(IdsOf(streamed), whole);
  EXPECT_EQ(TextsOf(streamed.assignments()), Assign(user));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  v1::ExplainRequest explain;
  explain.set_user_id(user);
  explain.set_event_id(whole.front());
  const v1::ExplainResponse why = Explain(explain);
  EXPECT_EQ(why.position(), 1);
  double sum = why.base_value();
  double lead = 0;
  for (const v1::Contribution& part : why.contributions()) {
    sum += part.contribution();
    if (part.feature() == "lead_rank") lead = part.contribution();
  }
  EXPECT_NEAR(sum, why.score(), 1e-3);
  EXPECT_GT(lead, 10) << "the weight of the variant";
}

TEST_F(ExperimentServicesTest, InteractionsAreJoinedByRecommendationAndEvent) {
  const std::string control = UserIn("control");
  const std::string late = UserIn("late");
  const std::string list = RecommendTo(control).recommendation_id();
  const v1::RecommendResponse shown = RecommendTo(late);
  const std::string id = shown.recommendation_id();
  const std::string first = shown.results(0).event_id();
  const std::string second = shown.results(1).event_id();

  Record(late, first, v1::INTERACTION_KIND_CLICK, id);
  Record(late, first, v1::INTERACTION_KIND_CLICK, id);  // Counts once,
  Record(late, first, v1::INTERACTION_KIND_VIEW, id);   // whatever the kind.
  Record(late, second, v1::INTERACTION_KIND_VIEW, id);
  Record(late, first, v1::INTERACTION_KIND_RSVP_YES, id);
  Record(late, first, v1::INTERACTION_KIND_ATTEND, id);
  Record(late, first, v1::INTERACTION_KIND_SHARE, id);
  // Not of this list, of nobody's list, not on the list, somebody else's.
  Record(late, first, v1::INTERACTION_KIND_RSVP_YES, "");
  Record(late, first, v1::INTERACTION_KIND_RSVP_YES, "unknown");
  Record(late, "jazz0", v1::INTERACTION_KIND_RSVP_YES, id);
  Record(control, second, v1::INTERACTION_KIND_RSVP_YES, id);
  // The other variant's.
  Record(control, first, v1::INTERACTION_KIND_TICKET, list);

  const v1::VariantReport of_late = ReportOf(1);
  EXPECT_EQ(of_late.variant(), "late");
  EXPECT_EQ(of_late.users(), 1);
  EXPECT_EQ(of_late.assigned_users(), 1);
  EXPECT_EQ(of_late.exposures(), shown.results_size());
  EXPECT_EQ(of_late.clicks(), 2);
  EXPECT_EQ(of_late.rsvps(), 1);
  EXPECT_EQ(of_late.attendances(), 1);
  EXPECT_DOUBLE_EQ(of_late.click_rate().value(), 2.0 / shown.results_size());
  EXPECT_TRUE(of_late.has_click_difference());
  EXPECT_DOUBLE_EQ(of_late.click_difference().value(),
                   of_late.click_rate().value());
  const v1::VariantReport of_control = ReportOf(0);
  EXPECT_EQ(of_control.clicks(), 0);
  EXPECT_EQ(of_control.rsvps(), 1);
  EXPECT_FALSE(of_control.has_click_difference());
}

TEST_F(ExperimentServicesTest, WhatIsNotShownIsNoExposure) {
  const std::string user = UserIn("late");
  RecommendTo(user, v1::RecommendRequest::NONE);
  EXPECT_EQ(ReportOf(1).assigned_users(), 0);

  const v1::RecommendResponse list =
      RecommendTo(user, v1::RecommendRequest::DEFERRED);
  const std::string id = list.recommendation_id();
  Record(user, list.results(2).event_id(), v1::INTERACTION_KIND_CLICK, id);
  EXPECT_EQ(ReportOf(1).assigned_users(), 1);
  EXPECT_EQ(ReportOf(1).users(), 0);
  EXPECT_EQ(ReportOf(1).exposures(), 0);
  EXPECT_EQ(ReportOf(1).clicks(), 0);
  v1::GetReportResponse report;
  ASSERT_TRUE(Report("order", &report).ok());
  EXPECT_THAT(report.warnings(), Contains(HasSubstr("RecordExposures")));

  EXPECT_TRUE(Show(id, {1, 3}).ok());
  EXPECT_TRUE(Show(id, {3}).ok());
  EXPECT_EQ(ReportOf(1).users(), 1);
  EXPECT_EQ(ReportOf(1).exposures(), 2);
  EXPECT_EQ(ReportOf(1).clicks(), 1);
  EXPECT_TRUE(Show(id, {}).ok());
  EXPECT_EQ(ReportOf(1).exposures(), list.results_size());
}

TEST_F(ExperimentServicesTest, WrongExposuresAreRefused) {
  EXPECT_EQ(Show("unknown", {}).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Show("", {}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const std::string id = RecommendTo(UserIn("late")).recommendation_id();
  const grpc::Status off = Show(id, {1, 99});
  EXPECT_EQ(off.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(off.error_message(), HasSubstr("positions[1]: 99"));
  EXPECT_EQ(Show(id, std::vector<int32_t>(201, 1)).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request_.set_exposure(static_cast<v1::RecommendRequest::Exposure>(9));
  v1::RecommendResponse response;
  EXPECT_THAT(Call(request_, &response).error_message(),
              HasSubstr("exposure: 9 is not SERVED, DEFERRED or NONE"));
}

TEST_F(ExperimentServicesTest, AnUnknownExperimentIsNotFound) {
  v1::GetReportResponse response;
  const grpc::Status status = Report("nothing", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("\"nothing\""));
}

TEST_F(ExperimentServicesTest, TheReportFindsALiftAndABrokenSplit) {
  // 150 users a variant; those of "late" click two of their eight, the others
  // one; then a hundred users of one variant alone.
  std::map<std::string, int> users;
  for (int i = 0; users["control"] < 150 || users["late"] < 150; ++i) {
    const std::string user = absl::StrCat("user", i);
    const std::string variant = Assign(user).at("order");
    if (++users[variant] > 150) continue;
    const v1::RecommendResponse list = RecommendTo(user);
    for (int c = 0; c < (variant == "late" ? 2 : 1) + i % 2; ++c) {
      Record(user, list.results(c).event_id(), v1::INTERACTION_KIND_CLICK,
             list.recommendation_id());
    }
  }
  v1::GetReportResponse report;
  ASSERT_TRUE(Report("order", &report).ok());
  EXPECT_EQ(report.sample_ratio_p_value(), 1);
  EXPECT_THAT(report.warnings(), IsEmpty());
  const v1::Estimate& lift = report.variants(1).click_difference();
  EXPECT_GT(lift.lower(), 0);
  EXPECT_LE(lift.lower(), 1.0 / 8);
  EXPECT_GE(lift.upper(), 1.0 / 8);

  for (int i = 10'000; users["late"] < 100'000 && i < 10'400; ++i) {
    const std::string user = absl::StrCat("user", i);
    if (Assign(user).at("order") == "late") RecommendTo(user);
  }
  ASSERT_TRUE(Report("order", &report).ok());
  EXPECT_LT(report.sample_ratio_p_value(), 0.001);
  EXPECT_THAT(report.warnings(), Contains(HasSubstr("SAMPLE RATIO MISMATCH")));
}

// A list that was given can be made again from what was written down.
TEST_F(ExperimentServicesTest, AnExposureHoldsWhatReproducesItsScores) {
  const std::string user = UserIn("late");
  request_.mutable_context()->mutable_now()->set_seconds((kTinyNow + kHour) /
                                                         kSecond);
  const v1::RecommendResponse list = RecommendTo(user);
  Exposure exposure;
  ASSERT_TRUE(exposures_
                  .Read([&](ExposureStore& store) -> absl::Status {
                    exposure =
                        store.Find(list.recommendation_id()).value().value();
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(exposure.user_id, user);
  EXPECT_EQ(exposure.now, kTinyNow + kHour);
  EXPECT_EQ(exposure.served_at, kTinyNow);
  EXPECT_EQ(exposure.model_version, list.model_version());
  EXPECT_EQ(exposure.state_position, publisher_.position());
  EXPECT_EQ(exposure.propensity, 1);
  EXPECT_EQ(exposure.event_ids, IdsOf(list));

  const std::shared_ptr<const Served> served = holder_.Get();
  RankingPolicy policy = served->policy();
  for (const VariantName& name : exposure.variants) {
    for (const Variant& v : experiments_.Find(name.experiment)->variants) {
      if (v.name == name.variant) Apply(v.ranking, policy);
    }
  }
  Query query;
  query.user_id = exposure.user_id;
  query.now = exposure.now;
  const Ranking again = RankEvents(
      query, policy, *served->ViewAt(exposure.now, policy), served->snapshot());
  ASSERT_EQ(again.results.size(), exposure.event_ids.size());
  for (size_t i = 0; i < again.results.size(); ++i) {
    EXPECT_EQ(served->snapshot().catalog.EventId(again.results[i].event),
              exposure.event_ids[i]);
    EXPECT_EQ(again.results[i].score, exposure.scores[i]) << "not to the bit";
  }
}

// A server with files, twice over the same ones.
TEST(ExperimentRestartTest, AssignmentsAndReportOutliveTheServer) {
  const ScratchFolder folder;
  const std::string& dir = folder.path();
  std::string first_report;
  std::string first_assignments;
  for (int life = 0; life < 2; ++life) {
    const Experiments experiments = ParseExperiments("f", kExperiments).value();
    const FakeClock clock(kTinyNow);
    const auto state = StateStore::Open(dir + "/state.db").value();
    const auto store =
        ExposureStore::Open(ExposureStore::PathBeside(state->path())).value();
    ExposureLog exposures(*store, clock, {});
    SnapshotHolder holder;
    SnapshotPublisher publisher(*state, holder, {});
    ModelLoader loader({"nowhere", "", 0}, publisher, clock);
    const Recommender recommender(holder, kSeed + static_cast<uint64_t>(life),
                                  experiments);
    const PageTokenCodec pages("key");
    const StatusReporter reporter(holder, publisher, loader, clock);
    UserEraser eraser(dir, publisher, exposures, nullptr, clock);
    const UserExporter exporter(holder, publisher, exposures);
    WorkerPool pool({2, 100});
    Telemetry telemetry;
    const auto server =
        Server::Start(
            "", {holder, publisher, recommender, pages, reporter, loader,
                 eraser, exporter, experiments, Scenarios::None(), exposures,
                 clock, pool, telemetry})
            .value();
    ASSERT_TRUE(
        publisher.Adopt(TinySnapshot(TinyCatalog()), {}, kTinyNow).ok());
    const auto channel = server->InProcessChannel();
    const auto recommendations = v1::RecommendationService::NewStub(channel);
    const auto interactions = v1::InteractionService::NewStub(channel);
    const auto stub = v1::ExperimentService::NewStub(channel);
    std::string assignments;
    for (int i = 0; i < 40; ++i) {
      v1::RecommendRequest request;
      v1::RecommendResponse response;
      request.set_user_id(absl::StrCat("user", i));
      if (life == 1) request.set_exposure(v1::RecommendRequest::NONE);
      grpc::ClientContext context;
      ASSERT_TRUE(
          recommendations->Recommend(&context, request, &response).ok());
      for (const v1::Assignment& a : response.assignments()) {
        absl::StrAppend(&assignments, a.ShortDebugString(), "\n");
      }
      if (life == 1 || i % 3 != 0) continue;
      v1::RecordInteractionsRequest record;
      v1::RecordInteractionsResponse recorded;
      v1::Interaction& click = *record.add_interactions();
      click.set_user_id(request.user_id());
      click.set_event_id(response.results(1).event_id());
      click.set_kind(v1::INTERACTION_KIND_CLICK);
      click.set_recommendation_id(response.recommendation_id());
      grpc::ClientContext write;
      ASSERT_TRUE(
          interactions->RecordInteractions(&write, record, &recorded).ok());
    }
    v1::GetReportRequest request;
    v1::GetReportResponse report;
    request.set_experiment("order");
    grpc::ClientContext context;
    const grpc::Status status = stub->GetReport(&context, request, &report);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(report.variants(0).assigned_users() +
                  report.variants(1).assigned_users(),
              40);
    EXPECT_EQ(report.variants(0).clicks() + report.variants(1).clicks(), 14);
    if (life == 0) {
      first_report = report.DebugString();
      first_assignments = assignments;
    } else {
      EXPECT_EQ(report.DebugString(), first_report);
      EXPECT_EQ(assignments, first_assignments);
    }
  }
}

}  // namespace
}  // namespace usher
