// write_seeds DIR: the inputs that the fuzz targets start from, as files in
// DIR/TARGET. They are sound, so that what is mutated gets past the first
// checks; the first byte is the one by which a target chooses.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "index/artifact/manifest.h"
#include "index/catalog/codec.h"
#include "index/model/content_encoder.h"
#include "index/model/place_features.h"
#include "index/model/ridge_map.h"
#include "serving/lists/list_codec.h"
#include "serving/precompute/batch_journal.h"
#include "tests/index/artifact/small_snapshot.h"
#include "tests/testing/scratch_folder.h"
#include "usher/v1/catalog.pb.h"
#include "usher/v1/interaction.pb.h"
#include "usher/v1/recommendation.pb.h"

namespace usher {
namespace {

constexpr char kInteractions[] =
    "user_id,event_id,kind,value,timestamp\n"
    "ann,jazz,rsvp_yes,,1496275200\n"
    "\"b, \"\"ob\",jazz,rating,4.5,2017-06-01T02:00:00+02:00\r\n"
    "cem,rock,attend,,1496361600.5\n";
constexpr char kEvents[] =
    R"({"id":"e1","title":"Jazz \u00e9\n","description":"d","tags":["a","b"],)"
    R"("category":"c","organizer":"g1","organizer_name":"G","venue":"v",)"
    R"("city":"x","latitude":36.5,"longitude":-86,"start_time":1496275200,)"
    R"("end_time":"2017-06-01T01:00:00Z","announce_time":"1496000000.5",)"
    R"("price":12.5,"currency":"EUR","capacity":40,"status":"sold_out",)"
    R"("time_zone":"Europe/Paris","embedding":[1,-0.5],"extra":{"a":[1]}})"
    "\n"
    R"({"id":"e2","title":null})"
    "\n";
constexpr char kUsers[] =
    R"({"id":"u1","latitude":1.5,"longitude":2,"city":"x","tags":["a"],)"
    R"("groups":[{"id":"g1"},{"id":"g2","joined":1496275200}],)"
    R"("joined_time":"0",)"
    R"("age":30,"degree":"phd"})"
    "\n";
constexpr char kSplit[] =
    "user_id,event_id,part\nann,jazz,train\nbob,jazz,valid\ncem,rock,test\n";

class SeedFolder {
 public:
  explicit SeedFolder(const std::string& path) : path_(path) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  void Add(absl::string_view bytes) {
    std::ofstream(absl::StrCat(path_, "/", count_++), std::ios::binary)
        << bytes;
  }

 private:
  std::string path_;
  int count_ = 0;
};

void AddDocuments(SeedFolder folder) {
  Event event;
  event.id = "e1";
  event.title = "Jazz night";
  event.tags = {"music", "live"};
  event.location = {51.0f, 3.7f};
  event.start_time = 100 * kDay;
  event.price = 5.5f;
  event.status = EventStatus::kSoldOut;
  event.embedding = {1.0f, -0.5f};
  folder.Add(EncodeEvent(event));
  User user;
  user.id = "u1";
  user.tags = {"music"};
  user.groups = {{"g1", kDay}, {"g2", kNoTime}};
  user.features = {{"age", 30.0}, {"degree", std::string("phd")}};
  folder.Add(EncodeUser(user));
}

void AddDataFiles(SeedFolder folder) {
  int reader = 0;
  for (const absl::string_view text :
       {kInteractions, kEvents, kUsers, kSplit}) {
    folder.Add(absl::StrCat(reader, text));
    folder.Add(absl::StrCat(reader + 4, Gzipped(std::string(text))));
    ++reader;
  }
}

void AddLists(SeedFolder folder) {
  RankedList list;
  list.event_ids = {"e1", "e2"};
  list.scores = {1.5f, -2.0f};
  list.batch = "20261123T060519.990-v1";
  list.model_version = 7;
  list.policy = "0123456789abcdef";
  list.generated_at = 1'700'000'000'123'456;
  list.location = {51.0f, 3.7f};
  folder.Add(EncodeList(list));
  NeighbourList users;
  users.user_ids = {"u1", "u2"};
  users.scores = {0.5f, 0.25f};
  users.batch = "b";
  folder.Add(EncodeList(users));
  folder.Add(BatchJournalText({1, "b", 2, 3, 4, 5, "u1"}));
}

void AddManifests(SeedFolder folder) {
  Manifest manifest;
  manifest.info.version = 3;
  manifest.info.created = 1'700'000'000'123'456;
  manifest.info.algorithm = "als";
  manifest.info.index_type = "flat";
  manifest.info.interactions = 123;
  manifest.training = SmallRecord();
  manifest.users = 20;
  manifest.events = 40;
  manifest.organizers = 6;
  manifest.files = {{"catalog.events", 4096, 0xfeedface}, {"model", 1, 2}};
  folder.Add(ManifestText(manifest).value());
}

void AddModels(SeedFolder folder) {
  const Snapshot snapshot = SmallSnapshot();
  folder.Add(absl::StrCat("0", snapshot.model->content.Serialize()));
  folder.Add(absl::StrCat("1", snapshot.model->event_map.Serialize()));
  folder.Add(absl::StrCat("2", snapshot.model->places.Serialize()));
  ContentParts parts;
  parts.documents = 10;
  parts.terms = {"jazz", "river"};
  parts.idf = {1.0f, 2.0f};
  parts.projection = Factors(2, 3);
  parts.given_projection = Factors(4, 3);
  for (Factors* factors : {&parts.projection, &parts.given_projection}) {
    for (size_t i = 0; i < factors->rows() * factors->dim(); ++i) {
      factors->mutable_data()[i] = 0.25f * static_cast<float>(i + 1);
    }
  }
  const ContentEncoder with_given = ContentEncoder::FromParts(parts).value();
  folder.Add(absl::StrCat("0", with_given.Serialize()));
}

// A message of a text proto, as bytes.
template <class Message>
std::string Wire(const char* text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) {
    std::fprintf(stderr, "write_seeds: no such message: %s\n", text);
    std::exit(1);
  }
  return message.SerializeAsString();
}

// By the number of request_fuzzer.cc.
void AddRequests(SeedFolder folder) {
  folder.Add("0" + Wire<v1::RecommendRequest>(
                       "user_id: 'ann' limit: 3 max_per_organizer: 1 "
                       "max_per_venue: 2 max_per_series: 2 diversity: 0.5 "
                       "context { now { seconds: 12096388800 } location { "
                       "latitude: 51 longitude: 3.7 } } filter { "
                       "max_distance_km: 10 tags_any: 'a' max_price: 9 "
                       "start_before { seconds: 12096800000 } } "
                       "detail: FEATURES include_events: true"));
  folder.Add("0" + Wire<v1::RecommendRequest>(
                       "seeds { event_id: 'jazz1' kind: "
                       "INTERACTION_KIND_CLICK weight: 2 } rules { name: 'x' "
                       "filter { organizers: 'jazz' } boost: 2 } rules { "
                       "filter { only_event_ids: 'code1' } pin_position: 1 } "
                       "rules { filter { categories: 'c' } exclude: true } "
                       "filter { include_running: true include_interacted: "
                       "true exclude_event_ids: 'jazz2' }"));
  folder.Add("1" + Wire<v1::RecommendStreamRequest>(
                       "user_ids: 'ann' user_ids: 'bob' limit: 5 rules { "
                       "boost: 0.5 } exposure: NONE"));
  folder.Add("2" + Wire<v1::SimilarEventsRequest>("event_id: 'jazz1'"));
  folder.Add("2" + Wire<v1::SimilarEventsRequest>(
                       "seeds { event_id: 'code1' } limit: 2"));
  folder.Add("3" + Wire<v1::ExplainRequest>(
                       "user_id: 'ann' event_id: 'jazz1' filter { "
                       "only_event_ids: 'jazz1' }"));
  folder.Add("4" + Wire<v1::FindAudienceRequest>(
                       "event_id: 'jazz1' limit: 3 include_interacted: true"));
  folder.Add("5" + Wire<v1::UpsertEventsRequest>(
                       "events { id: 'jazz1' title: 't' organizer: 'jazz' "
                       "tags: 'a' location { latitude: 51 longitude: 3.7 } "
                       "start_time { seconds: 12096500000 } price: 3 "
                       "capacity: 5 status: EVENT_STATUS_SCHEDULED }"));
  folder.Add("5" + Wire<v1::UpsertEventsRequest>(
                       "events { id: 'jazz2' status: EVENT_STATUS_CANCELLED } "
                       "update_mask { paths: 'status' }"));
  folder.Add("6" + Wire<v1::UpsertUsersRequest>(
                       "users { id: 'ann' city: 'x' groups { id: 'jazz' } "
                       "features { key: 'age' value { number: 30 } } }"));
  folder.Add("7" + Wire<v1::DeleteEventsRequest>("event_ids: 'code1'"));
  folder.Add("8" + Wire<v1::RecordInteractionsRequest>(
                       "interactions { user_id: 'bob' event_id: 'jazz1' kind: "
                       "INTERACTION_KIND_RSVP_YES occurred_at { seconds: "
                       "12096300000 } } interactions { user_id: 'new' "
                       "event_id: 'new' kind: INTERACTION_KIND_RATING "
                       "value: 4 interaction_id: 'i' }"));
}

}  // namespace
}  // namespace usher

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_seeds DIR\n");
    return 2;
  }
  const auto folder = [&](const char* target) {
    return usher::SeedFolder(absl::StrCat(argv[1], "/", target));
  };
  usher::AddDocuments(folder("codec_fuzzer"));
  usher::AddDataFiles(folder("data_files_fuzzer"));
  usher::AddLists(folder("list_fuzzer"));
  usher::AddManifests(folder("manifest_fuzzer"));
  usher::AddModels(folder("model_bytes_fuzzer"));
  usher::AddRequests(folder("request_fuzzer"));
  return 0;
}
