// From data files to a ranked answer, within one process: the city is made up,
// learned from, published, served, and asked about by the client.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <cmath>
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
#include "serving/apply_write.h"
#include "serving/model_loader.h"
#include "serving/ranking/explanation.h"
#include "serving/ranking/rank_events.h"
#include "serving/ranking/tree_ranker.h"
#include "serving/ranking/user_state.h"
#include "serving/server.h"
#include "serving/usherctl/usherctl.h"
#include "tests/testing/scratch_folder.h"
#include "tests/testing/synthetic_city.h"
#include "trainer/data/state_dataset.h"
#include "trainer/train_config.h"
#include "usher/v1/catalog.grpc.pb.h"
#include "usher/v1/interaction.grpc.pb.h"
#include "usher/v1/recommendation.grpc.pb.h"

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
  ExposureLog exposures_{*exposure_store_, clock_, {.sample_share = 1}};
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

// The default weights under trees that split by features of each family.
RankingPolicy PolicyWithTrees() {
  RankingPolicy policy;
  std::vector<TreeRanker::Tree> trees;
  for (const auto& [root, left, right] :
       {std::array{Feature::kOwnOrganizer, Feature::kLeadRank,
                   Feature::kHistory},
        std::array{Feature::kDistance, Feature::kContent, Feature::kDayCount},
        std::array{Feature::kNeighbours, Feature::kAlsOrganizer,
                   Feature::kFreshRank}}) {
    trees.push_back({{{root, 0.5f}, {left, 1.5f}, {right, 0.7f}},
                     {0, 0.1f, -0.2f, 0.4f, -0.3f, 0.2f, -0.6f}});
  }
  policy.trees = std::make_shared<const TreeRanker>(
      TreeRanker::Create(2, 0.5f, std::move(trees)).value());
  return policy;
}

class SampledListTest : public ServedCityTest {
 protected:
  SampledListTest() {
    TrainedVersion trained = Trained(data_);
    trained.snapshot.info.ranking_config = RankingConfigText(PolicyWithTrees());
    version_ = Publish(trained);
    EXPECT_EQ(loader_.RunOnce(), version_);
  }

  // The list's id.
  std::string Ask(v1::RecommendRequest request) {
    request.set_limit(15);
    request.mutable_context()->mutable_now()->set_seconds(
        (kSyntheticNow + 90 * kSecond) / kSecond);
    v1::RecommendResponse response;
    grpc::ClientContext context;
    const grpc::Status status =
        v1::RecommendationService::NewStub(server_->InProcessChannel())
            ->Recommend(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.results_size(), 15);
    return response.recommendation_id();
  }
  Exposure Kept(const std::string& id) {
    Exposure kept;
    EXPECT_TRUE(exposures_
                    .Read([&](ExposureStore& store) {
                      kept = store.Find(id).value().value();
                      return absl::OkStatus();
                    })
                    .ok());
    return kept;
  }
  // The version with the state's rows up to `position`.
  Snapshot SnapshotAt(int64_t version, int64_t position) {
    Snapshot snapshot = OpenVersion(dir_, version, {}).value();
    const auto state = StateStore::OpenToRead(state_path_).value();
    EXPECT_TRUE(ApplyState(*state,
                           {TrainedPosition(snapshot.info, *state), position},
                           {}, snapshot)
                    .ok());
    return snapshot;
  }
  static FeatureMatrix FeaturesOn(const Snapshot& snapshot,
                                  const Exposure& kept) {
    Query query;
    query.user_id = kept.user_id;
    query.now = kept.now;
    query.location = kept.sample->location;
    query.device = kept.sample->device;
    for (const ExposedSeed& seed : kept.sample->seeds) {
      query.seeds.push_back({seed.event_id, seed.kind, seed.weight});
    }
    const LiveView view = BuildLiveView(
        snapshot, PolicyOfVersion(snapshot.info).value(), kept.now, 0);
    std::vector<EventRow> events;
    for (const std::string& id : kept.event_ids) {
      events.push_back(snapshot.catalog.FindEvent(id));
    }
    return ComputeFeatures(events,
                           BuildUserState(query, snapshot, *view.columns),
                           *view.columns, snapshot);
  }
  // How many of the features that were kept are those of `snapshot`.
  static int NumEqual(const Exposure& kept, const Snapshot& snapshot) {
    const FeatureMatrix features = FeaturesOn(snapshot, kept);
    int equal = 0;
    for (size_t i = 0; i < kept.sample->features.size(); ++i) {
      const float was = kept.sample->features[i];
      const float is = features.Row(i / kNumFeatures)[i % kNumFeatures];
      equal += std::abs(was - is) <= 1e-5f * std::max(1.0f, std::abs(was));
    }
    return equal;
  }
};

TEST_F(SampledListTest, ScoresAndFeaturesAreMadeAgainFromWhatWasKept) {
  const std::string user = data_.users[5].id;
  Event fresh = data_.events[0];
  fresh.id = "fresh";
  fresh.start_time = kSyntheticNow + kDay;
  ASSERT_TRUE(publisher_.Write(EventUpserts{{fresh}, {}}).ok());
  SayYes(user, Ids(user).front());
  SayYes(data_.users[6].id, "fresh");

  std::vector<std::string> ids;
  v1::RecommendRequest request;
  request.set_user_id(user);
  ids.push_back(Ask(request));
  request.mutable_context()->mutable_location()->set_latitude(51.1);
  request.mutable_context()->mutable_location()->set_longitude(3.8);
  ids.push_back(Ask(request));
  request.mutable_context()->set_device("iOS");
  request.clear_user_id();
  for (int i = 0; i < 2; ++i) {
    v1::Seed& seed = *request.add_seeds();
    seed.set_event_id(data_.events[10 + i].id);
    seed.set_kind(v1::INTERACTION_KIND_SAVE);
    seed.set_weight(0.5 + i);
  }
  ids.push_back(Ask(request));

  // The world goes on.
  for (int i = 0; i < 5; ++i) SayYes(data_.users[5 + i].id, Ids(user).front());
  const Snapshot later = SnapshotAt(version_, state_->position());

  for (const std::string& id : ids) {
    const Exposure kept = Kept(id);
    ASSERT_TRUE(kept.sample.has_value());
    EXPECT_EQ(kept.model_version, version_);
    EXPECT_LT(kept.state_position, state_->position());
    ASSERT_EQ(kept.event_ids.size(), 15u);
    ASSERT_EQ(kept.sample->feature_names.size(), kNumFeatures);
    EXPECT_EQ(kept.sample->feature_names[0], FeatureName(Feature{}));

    const Snapshot then = SnapshotAt(kept.model_version, kept.state_position);
    const auto all = static_cast<int>(kept.sample->features.size());
    EXPECT_EQ(NumEqual(kept, then), all);
    EXPECT_LT(NumEqual(kept, later), all) << "what came later does not count";

    const RankingPolicy policy = PolicyOfVersion(then.info).value();
    FeatureMatrix features(kept.event_ids.size());
    for (size_t i = 0; i < kept.sample->features.size(); ++i) {
      features.at(i / kNumFeatures, static_cast<Feature>(i % kNumFeatures)) =
          kept.sample->features[i];
    }
    std::vector<float> scores(features.rows());
    for (size_t row = 0; row < scores.size(); ++row) {
      for (size_t f = 0; f < kNumFeatures; ++f) {
        scores[row] += policy.weights[f] * features.Row(row)[f];
      }
    }
    policy.trees->Score(features, absl::MakeSpan(scores));
    for (size_t row = 0; row < scores.size(); ++row) {
      EXPECT_NEAR(scores[row], kept.scores[row], 1e-4) << kept.event_ids[row];
    }
  }
}

TEST_F(SampledListTest, ASampleIsExportedAndForgottenWithItsUser) {
  const std::string user = data_.users[5].id;
  v1::RecommendRequest request;
  request.set_user_id(user);
  request.mutable_context()->mutable_location()->set_latitude(51.1);
  request.mutable_context()->mutable_location()->set_longitude(3.8);
  request.mutable_context()->set_device("ipad");
  const std::string id = Ask(request);
  v1::ExportUserRequest wanted;
  wanted.set_user_id(user);
  grpc::ClientContext context;
  const auto catalog = v1::CatalogService::NewStub(server_->InProcessChannel());
  const auto stream = catalog->ExportUser(&context, wanted);
  v1::ExportUserResponse item;
  int figures = 0;
  while (stream->Read(&item)) {
    if (item.exposure().recommendation_id() != id) continue;
    figures = item.exposure().figures().features_size();
    EXPECT_EQ(item.exposure().figures().location().latitude(), 51.1);
    EXPECT_EQ(item.exposure().figures().device(), "tablet");
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(figures, 15 * static_cast<int>(kNumFeatures));

  v1::ForgetUserRequest forget;
  forget.set_user_id(user);
  v1::ForgetUserResponse forgotten;
  grpc::ClientContext again;
  EXPECT_TRUE(catalog->ForgetUser(&again, forget, &forgotten).ok());
  const auto samples = [&](const std::string& of) {
    bool has = false;
    EXPECT_TRUE(exposures_
                    .Read([&](ExposureStore& store) {
                      const auto kept = store.Find(of).value();
                      has = kept.has_value() && kept->sample.has_value();
                      return absl::OkStatus();
                    })
                    .ok());
    return has;
  };
  EXPECT_FALSE(samples(id));
  // Nor is there one of a list that they get afterwards.
  EXPECT_FALSE(samples(Ask(request)));
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
