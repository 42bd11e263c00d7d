#include "serving/usherctl/usherctl.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "usher/v1/admin.grpc.pb.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/experiment.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Answers every user but a few with their request written into the answer.
class CannedRecommendations final : public v1::RecommendationService::Service {
 public:
  grpc::Status Recommend(grpc::ServerContext*,
                         const v1::RecommendRequest* request,
                         v1::RecommendResponse* response) override {
    if (request->user_id() == "refused") {
      return {grpc::StatusCode::INVALID_ARGUMENT, "limit: -1 is negative"};
    }
    if (request->user_id() == "too early") {
      return {grpc::StatusCode::FAILED_PRECONDITION, "no model yet"};
    }
    if (request->user_id() == "patient") {
      client_gave_up_.WaitForNotification();
      return grpc::Status::CANCELLED;
    }
    last = *request;
    v1::Recommendation& result = *response->add_results();
    result.set_event_id("e12");
    // Three pages.
    result.set_position(static_cast<int>(request->page_token().size()) + 1);
    if (request->page_token().size() < 2) {
      response->set_next_page_token(request->page_token() + "p");
    }
    result.set_score(request->limit());
    result.add_reasons()->set_text(absl::StrCat("for ", request->user_id()));
    if (request->include_events()) result.mutable_event()->set_title("Jazz");
    response->set_model_version(3);
    return grpc::Status::OK;
  }

  grpc::Status SimilarEvents(grpc::ServerContext*,
                             const v1::SimilarEventsRequest* request,
                             v1::SimilarEventsResponse* response) override {
    if (request->event_id() == "missing") {
      return {grpc::StatusCode::NOT_FOUND, "event 'missing' is not known"};
    }
    response->add_results()->set_event_id("like " + request->event_id());
    return grpc::Status::OK;
  }

  grpc::Status SimilarUsers(grpc::ServerContext*,
                            const v1::SimilarUsersRequest* request,
                            v1::SimilarUsersResponse* response) override {
    response->add_results()->set_user_id(
        absl::StrCat(request->user_id(), " by ",
                     v1::SimilarityBasis_Name(request->basis())));
    return grpc::Status::OK;
  }

  // One event a user; refuses the user "refused".
  grpc::Status RecommendStream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::RecommendStreamResponse,
                               v1::RecommendStreamRequest>* stream) override {
    v1::RecommendStreamRequest request;
    while (stream->Read(&request)) {
      streams.push_back(request);
      for (const std::string& user : request.user_ids()) {
        if (user == "refused") {
          return {grpc::StatusCode::INVALID_ARGUMENT, "limit: -1 is negative"};
        }
        v1::RecommendStreamResponse response;
        response.set_user_id(user);
        if (user != "nobody") {
          v1::Recommendation& result = *response.add_results();
          result.set_event_id("e" + user);
          result.set_position(1);
        }
        stream->Write(response);
      }
    }
    return grpc::Status::OK;
  }

  std::vector<v1::RecommendStreamRequest> streams;
  v1::RecommendRequest last;  // Of Recommend.

  // FindAudience: left as a server that does not know it yet.

  // Lets the answer to the user "patient" go.
  void GiveUp() { client_gave_up_.Notify(); }

 private:
  absl::Notification client_gave_up_;
};

class CannedStatus final : public v1::AdminService::Service {
 public:
  grpc::Status PinModelVersion(grpc::ServerContext*,
                               const v1::PinModelVersionRequest* request,
                               v1::PinModelVersionResponse* response) override {
    response->set_model_version(request->version() == 0 ? 3
                                                        : request->version());
    return grpc::Status::OK;
  }

  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse* response) override {
    response->set_model_version(3);
    return grpc::Status::OK;
  }
};

class CannedExperiments final : public v1::ExperimentService::Service {
 public:
  grpc::Status Assign(grpc::ServerContext*, const v1::AssignRequest* request,
                      v1::AssignResponse* response) override {
    v1::Assignment& assignment = *response->add_assignments();
    assignment.set_experiment("near");
    assignment.set_variant("for " + request->user_id());
    return grpc::Status::OK;
  }
  grpc::Status GetReport(grpc::ServerContext*,
                         const v1::GetReportRequest* request,
                         v1::GetReportResponse* response) override {
    response->set_experiment(request->experiment());
    response->set_sample_ratio_p_value(0.0001);
    return grpc::Status::OK;
  }
};

// Keeps what it is sent; knows one event; refuses prices below zero.
class KeptCatalog final : public v1::CatalogService::Service {
 public:
  grpc::Status UpsertEvents(grpc::ServerContext*,
                            const v1::UpsertEventsRequest* request,
                            v1::UpsertEventsResponse*) override {
    if (upserts.size() == full_after) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"};
    }
    for (int i = 0; i < request->events_size(); ++i) {
      if (request->events(i).price() >= 0) continue;
      return {grpc::StatusCode::INVALID_ARGUMENT,
              absl::StrCat("events[", i, "].price: is no price")};
    }
    upserts.push_back(*request);
    return grpc::Status::OK;
  }

  grpc::Status UpsertUsers(grpc::ServerContext*,
                           const v1::UpsertUsersRequest* request,
                           v1::UpsertUsersResponse*) override {
    users.push_back(*request);
    return grpc::Status::OK;
  }

  grpc::Status GetEvent(grpc::ServerContext*,
                        const v1::GetEventRequest* request,
                        v1::GetEventResponse* response) override {
    if (request->event_id() != "e12") {
      return {grpc::StatusCode::NOT_FOUND, "event_id: there is no event"};
    }
    response->mutable_event()->set_id("e12");
    response->mutable_event()->set_title("Jazz");
    return grpc::Status::OK;
  }

  std::vector<v1::UpsertEventsRequest> upserts;
  std::vector<v1::UpsertUsersRequest> users;
  size_t full_after = 100;
};

// Takes interactions of user "again" for duplicates.
class KeptInteractions final : public v1::InteractionService::Service {
 public:
  grpc::Status RecordInteractions(
      grpc::ServerContext*, const v1::RecordInteractionsRequest* request,
      v1::RecordInteractionsResponse* response) override {
    for (const v1::Interaction& interaction : request->interactions()) {
      if (interaction.user_id() == "again") {
        response->set_duplicates(response->duplicates() + 1);
      } else {
        response->set_accepted(response->accepted() + 1);
      }
    }
    requests.push_back(*request);
    return grpc::Status::OK;
  }
  // Refuses an interaction with the event "bad", which ends the stream.
  grpc::Status StreamInteractions(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::StreamInteractionsResponse,
                               v1::StreamInteractionsRequest>* stream)
      override {
    ++streams;
    v1::StreamInteractionsRequest request;
    while (stream->Read(&request)) {
      v1::StreamInteractionsResponse response;
      for (int i = 0; i < request.interactions_size(); ++i) {
        if (request.interactions(i).event_id() == "bad") {
          return {grpc::StatusCode::INVALID_ARGUMENT,
                  absl::StrCat("interactions[", i, "].event_id: is bad")};
        }
      }
      response.set_sequence(request.sequence());
      response.set_accepted(request.interactions_size());
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status RecordExposures(grpc::ServerContext*,
                               const v1::RecordExposuresRequest* request,
                               v1::RecordExposuresResponse*) override {
    shown = *request;
    return grpc::Status::OK;
  }

  std::vector<v1::RecordInteractionsRequest> requests;
  v1::RecordExposuresRequest shown;
  int streams = 0;
};

class UsherctlTest : public ::testing::Test {
 protected:
  UsherctlTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&recommendations_);
    builder.RegisterService(&status_);
    builder.RegisterService(&catalog_);
    builder.RegisterService(&interactions_);
    builder.RegisterService(&experiments_);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~UsherctlTest() override { server_->Shutdown(); }

  // Runs a command against the server; its exit status. What it prints is in
  // out_ and err_.
  int Run(std::vector<std::string> args) {
    args.insert(args.begin(), absl::StrCat("--server=", address_));
    std::ostringstream out;
    std::ostringstream err;
    const int exit_status = RunUsherctl(args, terminal_, out, err);
    out_ = out.str();
    err_ = err.str();
    return exit_status;
  }

  // Writes a file for --file; its path.
  static std::string WriteFile(const std::string& name,
                               const std::string& text) {
    const std::string path = ::testing::TempDir() + "/usherctl_test_" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  Terminal terminal_;
  CannedRecommendations recommendations_;
  CannedStatus status_;
  KeptCatalog catalog_;
  KeptInteractions interactions_;
  CannedExperiments experiments_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::string out_;
  std::string err_;
};

TEST_F(UsherctlTest, ExperimentsAreReportedAndAssigned) {
  EXPECT_EQ(Run({"experiment", "assign", "--user=ann"}), 0);
  EXPECT_EQ(out_,
            "experiment  variant\n"
            "near        for ann\n");
  EXPECT_EQ(Run({"experiment", "report", "--experiment=near"}), 0);
  EXPECT_THAT(out_, StartsWith("experiment near\n!!! SAMPLE RATIO MISMATCH"));
  EXPECT_EQ(Run({"experiment", "report", "--experiment=near", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"sample_ratio_p_value\":0.0001"));
  EXPECT_EQ(Run({"experiment", "report"}), 2);
}

TEST_F(UsherctlTest, PositionsOfAListAreReportedAsShown) {
  EXPECT_EQ(Run({"show", "--recommendation=r1", "--position=1,4"}), 0);
  EXPECT_EQ(interactions_.shown.recommendation_id(), "r1");
  EXPECT_THAT(interactions_.shown.positions(), ElementsAre(1, 4));
  EXPECT_EQ(Run({"show", "--recommendation=r1", "--position=x"}), 2);
  EXPECT_THAT(err_, HasSubstr("'x' is no whole number"));
}

TEST_F(UsherctlTest, RecommendPrintsATable) {
  EXPECT_EQ(Run({"recommend", "--user=ann", "--limit=7"}), 0);
  EXPECT_EQ(out_,
            "#  event  score  id\n"
            "1  Jazz   7.000  e12\n"
            "   for ann\n"
            "\n"
            "model version 3\n");
  EXPECT_EQ(err_, "");
}

TEST_F(UsherctlTest, JsonIsTheResponseWithTheNamesOfTheApi) {
  EXPECT_EQ(Run({"recommend", "--user=ann", "--limit=7", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"event_id\":\"e12\""));
  v1::RecommendResponse response;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(out_, &response).ok());
  EXPECT_EQ(response.model_version(), 3);
  EXPECT_EQ(response.results(0).score(), 7);
  EXPECT_EQ(out_.find('\n'), out_.size() - 1);
}

TEST_F(UsherctlTest, JsonNamesFieldsThatAreEmpty) {
  EXPECT_EQ(Run({"status", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"warnings\":[]"));
}

TEST_F(UsherctlTest, SimilarEventsAsksAboutTheEvent) {
  EXPECT_EQ(Run({"similar-events", "--event=e1"}), 0);
  EXPECT_THAT(out_, HasSubstr("1  like e1"));
}

TEST_F(UsherctlTest, SimilarUsersPassesTheBasis) {
  EXPECT_EQ(Run({"similar-users", "--user=ann", "--basis=profile"}), 0);
  EXPECT_THAT(out_, HasSubstr("1  ann by PROFILE"));
}

TEST_F(UsherctlTest, StatusAsksTheOtherService) {
  EXPECT_EQ(Run({"status"}), 0);
  EXPECT_THAT(out_, StartsWith("model     version 3\n"));
}

TEST_F(UsherctlTest, AnErrorOfTheServerIsPrintedWithAHint) {
  EXPECT_EQ(Run({"recommend", "--user=refused"}), 1);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_,
            "usherctl: INVALID_ARGUMENT: limit: -1 is negative\n"
            "  see usherctl recommend --help\n");
  EXPECT_EQ(Run({"recommend", "--user=too early"}), 1);
  EXPECT_EQ(err_,
            "usherctl: FAILED_PRECONDITION: no model yet\n"
            "  usherctl status says what the server has loaded\n");
  EXPECT_EQ(Run({"similar-events", "--event=missing"}), 1);
  EXPECT_EQ(err_, "usherctl: NOT_FOUND: event 'missing' is not known\n");
}

TEST_F(UsherctlTest, AMethodThatTheServerDoesNotKnowHintsAtItsAge) {
  EXPECT_EQ(Run({"audience", "--event=e1"}), 1);
  EXPECT_THAT(err_, StartsWith("usherctl: UNIMPLEMENTED:"));
  EXPECT_THAT(err_, HasSubstr("older than usherctl?"));
}

TEST_F(UsherctlTest, WaitsNoLongerThanTheTimeout) {
  EXPECT_EQ(Run({"recommend", "--user=patient", "--timeout=20ms"}), 1);
  recommendations_.GiveUp();
  EXPECT_THAT(err_, StartsWith("usherctl: DEADLINE_EXCEEDED:"));
  EXPECT_THAT(err_, HasSubstr("no answer within 20ms; --timeout"));
}

TEST_F(UsherctlTest, AServerThatIsGoneHintsAtItsAddress) {
  server_->Shutdown();
  EXPECT_EQ(Run({"status"}), 1);
  EXPECT_THAT(err_, StartsWith("usherctl: UNAVAILABLE:"));
  EXPECT_THAT(err_, HasSubstr(absl::StrCat("is the server running at ",
                                           address_, "?")));
}

TEST_F(UsherctlTest, AWrongCommandLineIsOneLineAndStatusTwo) {
  EXPECT_EQ(Run({"recommend", "--user=ann", "--now=soon"}), 2);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_,
              StartsWith("usherctl: recommend: --now: 'soon' is no time"));
  EXPECT_EQ(err_.find('\n'), err_.size() - 1);
}

TEST_F(UsherctlTest, HelpGoesToStandardOutputAndIsNoError) {
  EXPECT_EQ(Run({"recommend", "--help"}), 0);
  EXPECT_THAT(out_, StartsWith("usherctl recommend: "));
  EXPECT_EQ(err_, "");
}

TEST_F(UsherctlTest, AnAnswerThatCannotBeWrittenIsAFailure) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  std::ostringstream err;
  EXPECT_EQ(RunUsherctl({"--help"}, terminal_, out, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

TEST_F(UsherctlTest, PinsAndUnpins) {
  EXPECT_EQ(Run({"pin", "--version=2"}), 0);
  EXPECT_EQ(out_, "version 2 is served, pinned\n");
  EXPECT_EQ(Run({"unpin"}), 0);
  EXPECT_EQ(out_, "version 3 is served, as published\n");
  EXPECT_EQ(Run({"pin", "--version=0"}), 1);
  EXPECT_THAT(err_, HasSubstr("usherctl unpin"));
}

TEST_F(UsherctlTest, GetsAnEvent) {
  EXPECT_EQ(Run({"get-event", "--event=e12"}), 0);
  EXPECT_THAT(out_, HasSubstr("title        Jazz\n"));
  EXPECT_EQ(Run({"get-event", "--event=e13"}), 1);
  EXPECT_THAT(err_, StartsWith("usherctl: NOT_FOUND: event_id:"));
}

TEST_F(UsherctlTest, UpsertsAFileInBatches) {
  std::string text;
  for (int i = 0; i < 2500; ++i) {
    absl::StrAppend(&text, "{\"id\": \"e", i, "\"}\n\n");
  }
  EXPECT_EQ(Run({"upsert-events", "--fields=title,latitude,longitude",
                 "--file=" + WriteFile("events.jsonl", text)}),
            0);
  EXPECT_EQ(out_, "2,500 events upserted\n");
  EXPECT_EQ(err_, "");
  ASSERT_EQ(catalog_.upserts.size(), 3u);
  EXPECT_EQ(catalog_.upserts[0].events_size(), 1000);
  EXPECT_EQ(catalog_.upserts[2].events_size(), 500);
  EXPECT_EQ(catalog_.upserts[2].events(0).id(), "e2000");
  EXPECT_THAT(catalog_.upserts[2].update_mask().paths(),
              ElementsAre("title", "location", "location"));
}

TEST_F(UsherctlTest, UpsertsUsers) {
  const std::string path =
      WriteFile("users.jsonl", R"({"id": "ann", "age": 5})");
  EXPECT_EQ(Run({"upsert-users", "--file=" + path, "--json"}), 0);
  EXPECT_EQ(out_, "{}\n");
  ASSERT_EQ(catalog_.users.size(), 1u);
  EXPECT_EQ(catalog_.users[0].users(0).features().at("age").number(), 5);
}

TEST_F(UsherctlTest, BadLinesAreNamedAndTheOthersAreSent) {
  const std::string path = WriteFile("bad.jsonl",
                                     "{\"id\": \"e1\"}\n"
                                     "{\"id\": 2}\n"
                                     "{\"id\": \"e3\", \"price\": -1}\n"
                                     "{\"id\": \"e4\"}\n"
                                     "{\"id\": \"e5\", \"price\": -2}\n"
                                     "{\"id\": \"e6\"}");
  EXPECT_EQ(Run({"upsert-events", "--file", path}), 1);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, absl::StrCat(path, ":2: id must be text, not 2\n",  //
                               path, ":3: price: is no price\n",      //
                               path, ":5: price: is no price\n",
                               "usherctl: INVALID_ARGUMENT: ", path,
                               ": 3 lines are bad and left out; of the others: "
                               "3 events upserted\n"
                               "  see usherctl upsert-events --help\n"));
  ASSERT_EQ(catalog_.upserts.size(), 1u);
  ASSERT_EQ(catalog_.upserts[0].events_size(), 3);
  EXPECT_EQ(catalog_.upserts[0].events(1).id(), "e4");
  EXPECT_EQ(catalog_.upserts[0].events(2).id(), "e6");
}

TEST_F(UsherctlTest, AFileOfBadLinesDoesNotFillTheScreen) {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "no JSON\n";
  EXPECT_EQ(Run({"upsert-events", "--file=" + WriteFile("text", text)}), 1);
  EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 23);
  EXPECT_THAT(err_, HasSubstr("1,500 lines are bad"));
}

TEST_F(UsherctlTest, AnErrorOfABatchNamesItsLines) {
  std::string text;
  for (int i = 0; i < 2500; ++i) text += "{\"id\": \"e\"}\n";
  catalog_.full_after = 1;
  const std::string path = WriteFile("much.jsonl", text);
  EXPECT_EQ(Run({"upsert-events", "--file=" + path}), 1);
  EXPECT_THAT(
      err_, StartsWith(absl::StrCat(
                "usherctl: RESOURCE_EXHAUSTED: ", path,
                ": lines 1001 to 2000 are not acknowledged: the disk is full; "
                "1,000 events before them were;")));
  EXPECT_EQ(Run({"upsert-events", "--file=nowhere.jsonl"}), 1);
  EXPECT_THAT(err_, HasSubstr("cannot open 'nowhere.jsonl'"));
}

TEST_F(UsherctlTest, ProgressIsWrittenOverAndLeavesNothing) {
  terminal_.progress_in_place = true;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{\"id\": \"e\"}\n";
  EXPECT_EQ(Run({"upsert-events", "--file=" + WriteFile("long.jsonl", text)}),
            0);
  // A short run shows none.
  EXPECT_THAT(err_, AnyOf(IsEmpty(), EndsWith("\r\x1b[K")));
}

TEST_F(UsherctlTest, RecordsOneInteraction) {
  EXPECT_EQ(Run({"record", "--user=ann", "--event=e1", "--kind=rsvp_yes"}), 0);
  EXPECT_EQ(out_, "1 accepted, 0 duplicates\n");
  ASSERT_EQ(interactions_.requests.size(), 1u);
  const v1::Interaction& sent = interactions_.requests[0].interactions(0);
  EXPECT_EQ(sent.kind(), v1::INTERACTION_KIND_RSVP_YES);
  EXPECT_FALSE(sent.has_occurred_at());
}

TEST_F(UsherctlTest, RecordsAFile) {
  std::string text = "user_id,event_id,kind,value,timestamp\n";
  for (int i = 0; i < 1500; ++i) {
    absl::StrAppend(&text, i < 3 ? "again" : "ann", ",e", i, ",view,,",
                    i == 7 ? "" : "1496430000", "\n");
  }
  const std::string file = "--file=" + WriteFile("interactions.csv", text);
  EXPECT_EQ(Run({"record", file, "--json", "--time=1496430001"}), 0);
  EXPECT_EQ(out_, "{\"accepted\":\"1497\",\"duplicates\":\"3\"}\n");
  ASSERT_EQ(interactions_.requests.size(), 2u);
  EXPECT_EQ(interactions_.requests[0].interactions_size(), 1000);
  EXPECT_EQ(interactions_.requests[0].interactions(6).occurred_at().seconds(),
            1496430000);
  EXPECT_EQ(interactions_.requests[0].interactions(7).occurred_at().seconds(),
            1496430001);
  EXPECT_EQ(Run({"record", file}), 1);
  EXPECT_THAT(err_, HasSubstr("interactions.csv:9: timestamp is empty; "
                              "--time=TIME"));
  EXPECT_THAT(err_, HasSubstr("1 line is bad and left out; of the others: "
                              "1,496 accepted, 3 duplicates"));
}

TEST_F(UsherctlTest, RecordsAFileOverOneStream) {
  std::string text = "user_id,event_id,kind,value,timestamp\n";
  for (int i = 0; i < 2500; ++i) {
    absl::StrAppend(&text, "ann,e", i, ",view,,1496430000\n");
  }
  EXPECT_EQ(Run({"record", "--stream",
                 "--file=" + WriteFile("interactions.csv", text)}),
            0);
  EXPECT_EQ(out_, "2,500 accepted, 0 duplicates\n");
  EXPECT_EQ(interactions_.streams, 1);
  EXPECT_TRUE(interactions_.requests.empty());
  EXPECT_EQ(Run({"record", "--stream", "--user=a", "--event=e", "--kind=view"}),
            1);
  EXPECT_THAT(err_, HasSubstr("--stream goes with --file"));
}

TEST_F(UsherctlTest, ABadLineEndsAStreamAndTheOthersGoOverTheNext) {
  EXPECT_EQ(Run({"record", "--stream",
                 "--file=" + WriteFile("interactions.csv",
                                       "user_id,event_id,kind,value,timestamp\n"
                                       "ann,e1,view,,1\n"
                                       "ann,bad,view,,1\n"
                                       "ann,e2,view,,1\n")}),
            1);
  EXPECT_THAT(err_, HasSubstr("interactions.csv:3: event_id: is bad\n"));
  EXPECT_THAT(err_, HasSubstr("of the others: 2 accepted"));
  EXPECT_EQ(interactions_.streams, 2);
}

TEST_F(UsherctlTest, RecommendManyPrintsEachListAsItComes) {
  const std::string users = WriteFile("users", "ann\n\n nobody \ncem");
  EXPECT_EQ(Run({"recommend-many", "--users_file=" + users, "--limit=7"}), 0);
  EXPECT_EQ(out_,
            "ann  1  eann  0.000\n"
            "nobody  -\n"
            "cem  1  ecem  0.000\n");
  ASSERT_EQ(recommendations_.streams.size(), 1u);
  EXPECT_EQ(recommendations_.streams[0].limit(), 7);
  EXPECT_EQ(Run({"recommend-many", "--users_file=" + users, "--json"}), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 3);
  EXPECT_THAT(out_, StartsWith("{\"user_id\":\"ann\","));
}

TEST_F(UsherctlTest, RecommendManyNamesTheUserThatItStoppedAt) {
  const std::string users = WriteFile("users", "ann\nrefused\ncem\n");
  EXPECT_EQ(Run({"recommend-many", "--users_file=" + users}), 1);
  EXPECT_THAT(out_, StartsWith("ann "));
  EXPECT_THAT(err_, HasSubstr("is negative; the next user is refused"));
}

TEST_F(UsherctlTest, PagesFollowEachOther) {
  EXPECT_EQ(Run({"recommend", "--user=ann", "--pages=2"}), 0);
  EXPECT_THAT(out_, HasSubstr("1  Jazz"));
  EXPECT_THAT(out_, HasSubstr("2  Jazz"));
  EXPECT_EQ(recommendations_.last.page_token(), "p");
  EXPECT_EQ(Run({"recommend", "--user=ann", "--pages=9", "--json"}), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 3);
  EXPECT_EQ(Run({"recommend", "--user=ann", "--page_token=pp"}), 0);
  EXPECT_THAT(out_, HasSubstr("3  Jazz"));
  EXPECT_EQ(Run({"recommend", "--user=ann", "--pages=0"}), 2);
  EXPECT_THAT(err_, HasSubstr("'0' is no number of pages"));
}

TEST_F(UsherctlTest, RulesComeFromAFile) {
  const char* const kRules[] = {
      "rules { name: 'own' boost: 2 } rules { exclude: true }",
      R"({"rules": [{"name": "own", "boost": 2}, {"exclude": true}]})",
      R"( [{"name": "own", "boost": 2}, {"exclude": true}])"};
  for (const char* rules : kRules) {
    EXPECT_EQ(Run({"recommend", "--user=ann",
                   "--rules=" + WriteFile("rules", rules)}),
              0)
        << err_;
    ASSERT_EQ(recommendations_.last.rules_size(), 2) << rules;
    EXPECT_EQ(recommendations_.last.rules(0).boost(), 2);
    EXPECT_TRUE(recommendations_.last.rules(1).exclude());
  }
  EXPECT_EQ(Run({"recommend-many", "--users_file=" + WriteFile("users", "ann"),
                 "--rules=" + WriteFile("rules", kRules[0])}),
            0);
  EXPECT_EQ(recommendations_.streams.back().rules_size(), 2);
}

TEST_F(UsherctlTest, ABadFileOfRulesIsNamedWithItsPlace) {
  const auto error = [&](const char* rules) {
    EXPECT_EQ(Run({"recommend", "--user=ann",
                   "--rules=" + WriteFile("rules", rules)}),
              2);
    return err_;
  };
  EXPECT_THAT(error("rules {\n bost: 2 }"), HasSubstr("rules:2:6: "));
  EXPECT_THAT(error("rules { boost: 2 } limit: 3"),
              HasSubstr("holds more than rules: limit: 3"));
  EXPECT_THAT(error("[{\"bost\": 2}]"), HasSubstr("bost"));
  EXPECT_THAT(error(""), HasSubstr("is no file that can be read"));
}

TEST_F(UsherctlTest, AFileOfInteractionsNeedsItsHeader) {
  const std::string row = "ann,e1,view,,1496430000\n";
  EXPECT_EQ(Run({"record", "--file=" + WriteFile("headless.csv", row)}), 1);
  EXPECT_THAT(err_, HasSubstr("headless.csv:1: the header lacks column "));
  EXPECT_EQ(Run({"record", "--file=" + WriteFile("empty.csv", "")}), 1);
  EXPECT_THAT(err_, HasSubstr("empty.csv: has no header"));
  EXPECT_EQ(Run({"record", "--file=x.csv", "--user=ann"}), 1);
  EXPECT_THAT(err_, HasSubstr("--file takes no other flag"));
  EXPECT_TRUE(interactions_.requests.empty());
}

}  // namespace
}  // namespace usher::ctl
