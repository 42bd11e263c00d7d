#include "tests/index/artifact/small_snapshot.h"

#include <stdlib.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "index/base/hash.h"

namespace usher {

Factors RandomFactors(size_t rows, size_t dim, uint64_t seed) {
  Factors factors(rows, dim);
  Random random(seed);
  for (size_t i = 0; i < rows * dim; ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return factors;
}

namespace {

Event MakeEvent(int i) {
  Event event;
  event.id = absl::StrCat("event-", i);
  event.title = absl::StrCat(i % 3 == 0 ? "Jazz night " : "Rust meetup ", i);
  event.description = "An evening with friends";
  if (i % 4 != 0) event.tags = {"music", absl::StrCat("tag", i % 5)};
  event.category = i % 2 == 0 ? "arts" : "tech";
  if (i % 7 != 0) event.organizer = absl::StrCat("organizer-", i % 6);
  event.organizer_name = absl::StrCat("The hosts ", i % 6);
  event.venue = absl::StrCat("venue ", i % 9);
  event.city = "Ghent";
  event.location = {51.0f + 0.01f * static_cast<float>(i), 3.7f};
  event.start_time = (100 + i) * kDay;
  event.end_time = event.start_time + 2 * kHour;
  event.price = 5.5f;
  event.status = static_cast<EventStatus>(i % kNumEventStatuses);
  return event;
}

void FillCatalog(int events, uint64_t seed, Catalog* catalog) {
  for (int i = 0; i < events; ++i) {
    if (i % 11 != 10) catalog->UpsertEvent(MakeEvent(i));
    catalog->EventRowOf(absl::StrCat("event-", i));
  }
  catalog->DeleteEvent(EventRow{1});
  Random random(seed);
  for (int u = 0; u < events / 2; ++u) {
    User user;
    user.id = absl::StrCat("user-", u);
    user.location = {51.1f, 3.6f};
    user.tags = {"music"};
    user.features = {{"age", 30.0 + u}, {"degree", std::string("phd")}};
    if (u % 2 == 0) user.groups = {{"organizer-2", u * kDay}};
    const UserRow row = catalog->UpsertUser(user);
    for (int n = 0; n < u % 8; ++n) {
      catalog->Apply(row, EventRow{static_cast<int32_t>(random.Below(events))},
                     static_cast<InteractionKind>(1 + random.Below(18)), 3.0f,
                     (50 + static_cast<int>(random.Below(20))) * kDay);
    }
  }
}

HybridModel MakeModel(const Catalog& catalog, uint64_t seed) {
  HybridModel model;
  ContentParts parts;
  parts.documents = 10;
  parts.terms = {"friend", "jazz", "meetup", "night"};
  parts.idf = {1.0f, 2.0f, 1.5f, 1.25f};
  parts.projection = RandomFactors(4, 5, seed + 1);
  model.content = ContentEncoder::FromParts(parts).value();
  model.places =
      PlaceFeatures::Create({{{51.05f, 3.72f}, 5.0f}, {{51.3f, 3.5f}, 9.0f}})
          .value();
  const size_t users = catalog.num_users();
  const size_t events = catalog.num_events();
  const size_t organizers = catalog.num_organizers();
  model.by_event = FactorSpace(RandomFactors(users, 6, seed + 2),
                               RandomFactors(events, 6, seed + 3),
                               std::vector<float>(events, 3.0f), {});
  model.by_organizer = FactorSpace(RandomFactors(users, 3, seed + 4),
                                   RandomFactors(organizers, 3, seed + 5),
                                   std::vector<float>(organizers, 2.0f), {});
  model.event_map = RidgeMap(RandomFactors(5 + 2 + 1, 6, seed + 6));
  model.organizer_map = RidgeMap(RandomFactors(5 + 2 + 1, 3, seed + 7));
  return model;
}

Snapshot SnapshotWith(
    int events, uint64_t seed,
    absl::FunctionRef<void(const Catalog& catalog, HybridModel& model)>
        change) {
  Snapshot snapshot;
  snapshot.info.created = 1'700'000'000'123'456;
  snapshot.info.algorithm = "als";
  snapshot.info.index_type = "flat";
  snapshot.info.state_position = 77;
  snapshot.info.state_id = "0123";
  snapshot.info.interactions = 123;
  snapshot.info.ranking_config = "scan_candidates: 250\n";
  FillCatalog(events, seed, &snapshot.catalog);
  HybridModel model = MakeModel(snapshot.catalog, seed);
  change(snapshot.catalog, model);
  snapshot.model = std::make_shared<const HybridModel>(std::move(model));
  for (int row = 0; row < events; ++row) snapshot.RefreshVectors(EventRow{row});
  snapshot.tail.clear();
  const size_t dim = snapshot.model->dim();
  Factors vectors(snapshot.catalog.num_events(), dim);
  for (size_t row = 0; row < vectors.rows(); ++row) {
    const absl::Span<const float> vector = snapshot.vectors.Row(row);
    std::copy(vector.begin(), vector.end(), vectors.MutableRow(row).begin());
  }
  snapshot.index = VectorIndex::Build(vectors, {}).value();
  snapshot.user_vectors = std::make_shared<const Factors>(
      RandomFactors(snapshot.catalog.num_users(), dim, seed + 8));
  return snapshot;
}

}  // namespace

Snapshot SmallSnapshot(int events, uint64_t seed) {
  return SnapshotWith(events, seed, [](const Catalog&, HybridModel&) {});
}

Snapshot SmallSnapshotWith(
    absl::FunctionRef<void(const Catalog& catalog, HybridModel& model)>
        change) {
  return SnapshotWith(40, 1, change);
}

TrainingRecord SmallRecord() {
  TrainingRecord record;
  record.config = "seed: 7\nevent_als { dim: 6 }\n";
  record.data_fingerprint = 0xfeedfacecafebeef;
  record.metrics = {{"ndcg@10", 0.25}, {"recall@100", 0.5}};
  record.notes = {"Two \"quoted\" words\nand a line.", "Größe, ß."};
  return record;
}

ScratchDirectory::ScratchDirectory()
    : path_(absl::StrCat(::testing::TempDir(), "/usher-artifactXXXXXX")) {
  ::mkdtemp(path_.data());
}

ScratchDirectory::~ScratchDirectory() { std::filesystem::remove_all(path_); }

}  // namespace usher
