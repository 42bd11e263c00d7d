#include "serving/usherctl/usherctl.h"

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
#include "usher/v1/recommendation.grpc.pb.h"

namespace usher::ctl {
namespace {

using ::testing::HasSubstr;
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
    v1::Recommendation& result = *response->add_results();
    result.set_event_id("e12");
    result.set_position(1);
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

  // FindAudience: left as a server that does not know it yet.

  // Lets the answer to the user "patient" go.
  void GiveUp() { client_gave_up_.Notify(); }

 private:
  absl::Notification client_gave_up_;
};

class CannedStatus final : public v1::AdminService::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse* response) override {
    response->set_model_version(3);
    return grpc::Status::OK;
  }
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

  Terminal terminal_;
  CannedRecommendations recommendations_;
  CannedStatus status_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::string out_;
  std::string err_;
};

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

}  // namespace
}  // namespace usher::ctl
