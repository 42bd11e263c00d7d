// From data files to a ranked answer, within one process: the city is made up,
// learned from, published, served, and asked about by the client.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "index/artifact/model_directory.h"
#include "index/artifact/version.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/state/state_store.h"
#include "serving/model_loader.h"
#include "serving/ranking/explanation.h"
#include "serving/ranking/rank_events.h"
#include "serving/server.h"
#include "serving/usherctl/usherctl.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/data/state_dataset.h"
#include "trainer/train_config.h"
#include "usher/v1/interaction.grpc.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Writes a city, loads, trains and publishes it, as usher-train does.
class EndToEndTest : public ::testing::Test {
 protected:
  EndToEndTest() : dir_(folder_.Path("model")) {
    EXPECT_TRUE(
        WriteSyntheticCity(folder_.Path("city"), SmallCity(9), {}).ok());
    absl::StatusOr<Dataset> loaded = Load();
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    data_ = *std::move(loaded);
  }

  absl::StatusOr<Dataset> Load(std::optional<Micros> until = std::nullopt) {
    return LoadDataset(
        {folder_.Path("city/events.jsonl"), folder_.Path("city/users.jsonl"),
         folder_.Path("city/interactions.csv")},
        ReadOptions(), until);
  }

  int64_t Publish(const TrainedVersion& trained) {
    TrainingRecord record;
    record.config = TrainConfigText(SmallOptions());
    record.data_fingerprint = data_.fingerprint;
    record.metrics = trained.metrics;
    record.notes = trained.notes;
    const absl::StatusOr<int64_t> version =
        WriteVersion(dir_, trained.snapshot, record);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(0);
  }

  ScratchFolder folder_;
  std::string dir_;
  Dataset data_;
};

TEST_F(EndToEndTest, ThePublishedVersionAnswersAsTheTrainedOne) {
  const TrainedVersion trained = Trained(data_);
  const int64_t version = Publish(trained);
  EXPECT_EQ(CurrentVersion(dir_).value(), version);
  const Snapshot opened = OpenVersion(dir_, version, {}).value();
  EXPECT_EQ(opened.catalog.num_events(), data_.events.size());
  EXPECT_EQ(opened.catalog.num_users(), data_.users.size());
  for (const User& user : data_.users) {
    EXPECT_EQ(RankedIds(opened, user.id, kSyntheticNow),
              RankedIds(trained.snapshot, user.id, kSyntheticNow))
        << user.id;
  }
}

TEST_F(EndToEndTest, EverybodyGetsLiveEventsThatTheyHaveNotAnswered) {
  const int64_t version = Publish(Trained(data_));
  const Snapshot opened = OpenVersion(dir_, version, {}).value();
  for (const User& user : data_.users) {
    const std::vector<std::string> ids =
        RankedIds(opened, user.id, kSyntheticNow, 20);
    EXPECT_EQ(ids.size(), 20) << user.id;
    const UserRow row = opened.catalog.FindUser(user.id);
    for (const std::string& id : ids) {
      const EventRow event = opened.catalog.FindEvent(id);
      EXPECT_EQ(WhyNotLive(opened.catalog.events.columns[Index(event)],
                           kSyntheticNow, {}),
                DropReason::kNone);
      for (const Action& action : opened.catalog.users.history[Index(row)]) {
        EXPECT_FALSE(action.event == event && IsAnswer(action.kind));
      }
    }
  }
}

TEST_F(EndToEndTest, PeopleGetDifferentLists) {
  const TrainedVersion trained = Trained(data_);
  std::set<std::string> firsts;
  for (const User& user : data_.users) {
    firsts.insert(
        RankedIds(trained.snapshot, user.id, kSyntheticNow, 1).front());
  }
  EXPECT_GT(firsts.size(), 15);
}

TEST_F(EndToEndTest, TrainingAgainPublishesTheNextVersion) {
  const TrainedVersion trained = Trained(data_);
  EXPECT_EQ(Publish(trained), 1);
  EXPECT_EQ(Publish(trained), 2);
  EXPECT_EQ(CurrentVersion(dir_).value(), 2);
  EXPECT_THAT(ListVersions(dir_).value(), ElementsAre(1, 2));
}

TEST_F(EndToEndTest, UntilKeepsWhatWasKnownThen) {
  const Micros until = kSyntheticNow - 60 * kDay;
  const TrainedVersion trained = Trained(Load(until).value());
  const Catalog& catalog = trained.snapshot.catalog;
  EXPECT_LT(catalog.num_events(), data_.events.size());
  for (size_t row = 0; row < catalog.num_events(); ++row) {
    EXPECT_LT(catalog.events.columns[row].announce, until);
  }
  for (size_t row = 0; row < catalog.num_users(); ++row) {
    for (const Action& action : catalog.users.history[row]) {
      EXPECT_LT(action.time, until);
    }
  }
}

TEST_F(EndToEndTest, ADamagedFileIsRefusedByName) {
  const int64_t version = Publish(Trained(data_));
  for (const auto& file :
       std::filesystem::directory_iterator(VersionPath(dir_, version))) {
    const std::string path = file.path().string();
    std::string bytes = ReadFile(path).value();
    if (bytes.empty()) continue;
    const std::string whole = bytes;
    bytes[bytes.size() / 2] ^= 1;
    std::ofstream(path, std::ios::binary) << bytes;
    const absl::Status status = OpenVersion(dir_, version, {}).status();
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(file.path().filename().string()));
    std::ofstream(path, std::ios::binary) << whole;
  }
  EXPECT_TRUE(OpenVersion(dir_, version, {}).ok());
}

// A server on the city's version, with a state, and the client.
class ServedCityTest : public EndToEndTest {
 protected:
  ServedCityTest() {
    version_ = Publish(Trained(data_));
    EXPECT_EQ(loader_.RunOnce(), version_);
    server_->SetServing(true);
  }

  // What usherctl prints, which must be all that it has to say.
  std::string Usherctl(std::vector<std::string> args) {
    args.insert(args.begin(), absl::StrCat("--server=", server_->address()));
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(ctl::RunUsherctl(args, ctl::Terminal(), out, err), 0);
    EXPECT_EQ(err.str(), "");
    return out.str();
  }

  v1::RecommendResponse Recommend(const std::string& user) {
    v1::RecommendResponse response;
    const std::string json =
        Usherctl({"recommend", absl::StrCat("--user=", user), "--limit=10",
                  "--now=2026-06-01T00:00:00Z", "--json"});
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(json, &response).ok());
    return response;
  }
  std::vector<std::string> Ids(const std::string& user) {
    std::vector<std::string> ids;
    const v1::RecommendResponse response = Recommend(user);
    for (const v1::Recommendation& result : response.results()) {
      ids.push_back(result.event_id());
    }
    return ids;
  }

  // Says yes through the API, as an application does.
  void SayYes(const std::string& user, const std::string& event) {
    const auto stub =
        v1::InteractionService::NewStub(server_->InProcessChannel());
    v1::RecordInteractionsRequest request;
    v1::Interaction& interaction = *request.add_interactions();
    interaction.set_user_id(user);
    interaction.set_event_id(event);
    interaction.set_kind(v1::INTERACTION_KIND_RSVP_YES);
    interaction.mutable_occurred_at()->set_seconds(kSyntheticNow / kSecond);
    v1::RecordInteractionsResponse response;
    grpc::ClientContext context;
    const grpc::Status status =
        stub->RecordInteractions(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.accepted(), 1);
  }

  // Everything that the files have, written to the server.
  void WriteCity() {
    EventUpserts events;
    events.events = data_.events;
    ASSERT_TRUE(publisher_.Write(events).ok());
    UserUpserts users;
    users.users = data_.users;
    ASSERT_TRUE(publisher_.Write(users).ok());
    Interactions interactions;
    for (const InteractionRecord& row : data_.interactions) {
      Interaction& interaction = interactions.emplace_back();
      interaction.user_id = data_.users[row.user].id;
      interaction.event_id = data_.events[row.event].id;
      interaction.kind = row.kind;
      interaction.value = row.value;
      interaction.occurred_at = row.time;
    }
    ASSERT_TRUE(publisher_.Write(interactions).ok());
  }

  const std::string state_path_ = folder_.Path("state.db");
  std::unique_ptr<StateStore> state_ = StateStore::Open(state_path_).value();
  FakeClock clock_{kSyntheticNow};
  SnapshotHolder holder_;
  SnapshotPublisher publisher_{*state_, holder_, {}};
  ModelLoader loader_{{dir_, "", 0}, publisher_, clock_};
  Recommender recommender_{holder_, 1};
  PageTokenCodec pages_{"key"};
  StatusReporter reporter_{holder_, publisher_, loader_, clock_};
  WorkerPool pool_{{1, 10}};
  std::unique_ptr<ExposureStore> exposure_store_ =
      ExposureStore::Open(ExposureStore::PathBeside(state_path_)).value();
  ExposureLog exposures_{*exposure_store_, clock_, {}};
  UserEraser eraser_{dir_, publisher_, exposures_, nullptr, clock_};
  UserExporter exporter_{holder_, publisher_, exposures_};
  Telemetry telemetry_;
  std::unique_ptr<Server> server_ =
      Server::Start("127.0.0.1:0",
                    {holder_, publisher_, recommender_, pages_, reporter_,
                     loader_, eraser_, exporter_, Experiments::None(),
                     Scenarios::None(), exposures_, clock_, pool_, telemetry_})
          .value();
  int64_t version_ = 0;
};

TEST_F(ServedCityTest, TheClientGetsTheListsOfThePublishedVersion) {
  const Snapshot opened = OpenVersion(dir_, version_, {}).value();
  for (size_t i = 0; i < data_.users.size(); i += 10) {
    const std::string& user = data_.users[i].id;
    EXPECT_EQ(Ids(user), RankedIds(opened, user, kSyntheticNow, 10)) << user;
  }
  EXPECT_EQ(Recommend(data_.users[0].id).model_version(), version_);
  EXPECT_THAT(Usherctl({"status"}), HasSubstr(absl::StrCat(version_)));
}

TEST_F(ServedCityTest,
       AnAnswerIsGoneFromTheNextListAndFromThoseOfTheNextModel) {
  const std::string user = data_.users[5].id;
  const std::string first = Ids(user).front();
  SayYes(user, first);
  EXPECT_THAT(Ids(user), Not(Contains(first)));
  EXPECT_EQ(Publish(Trained(data_)), 2);
  EXPECT_EQ(loader_.RunOnce(), 2);
  EXPECT_EQ(Recommend(user).model_version(), 2);
  EXPECT_THAT(Ids(user), Not(Contains(first)));
}

TEST_F(ServedCityTest, TheStateAloneTeachesTheNextVersionAndCountsOnce) {
  WriteCity();
  const std::string user = data_.users[5].id;
  SayYes(user, Ids(user).front());
  const Dataset written =
      ReadStateDataset(*StateStore::OpenToRead(state_path_).value(),
                       std::nullopt, {}, nullptr)
          .value();
  EXPECT_EQ(written.described_events, data_.events.size());
  TrainedVersion trained = Trained(written);
  trained.snapshot.info.state_position = state_->position();
  trained.snapshot.info.state_id = state_->id();
  const int64_t version = Publish(trained);
  EXPECT_EQ(loader_.RunOnce(), version);
  // The server adds no row to it: the lists are those of the version itself.
  for (size_t i = 5; i < data_.users.size(); i += 20) {
    const std::string& id = data_.users[i].id;
    EXPECT_EQ(Ids(id), RankedIds(trained.snapshot, id, kSyntheticNow, 10));
  }
}

}  // namespace
}  // namespace usher
