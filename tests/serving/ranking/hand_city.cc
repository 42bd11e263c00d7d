#include "tests/serving/ranking/hand_city.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr size_t kContentDim = 2;
constexpr size_t kEventDim = 3;
constexpr size_t kOrganizerDim = 2;

Factors RandomFactors(size_t rows, size_t dim, uint64_t seed) {
  Factors factors(rows, dim);
  Random random(seed);
  for (size_t i = 0; i < rows * dim; ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  return factors;
}

std::shared_ptr<const HybridModel> MakeModel(const Catalog& catalog,
                                             uint64_t seed) {
  auto model = std::make_shared<HybridModel>();
  ContentParts parts;
  parts.documents = 10;
  parts.terms = {"jazz", "rust"};
  parts.idf = {1.0f, 2.0f};
  parts.projection = RandomFactors(2, kContentDim, seed + 1);
  model->content = ContentEncoder::FromParts(parts).value();
  const size_t events = catalog.num_events();
  const size_t organizers = catalog.num_organizers();
  model->by_event =
      FactorSpace(Factors(), RandomFactors(events, kEventDim, seed + 2),
                  std::vector<float>(events, 5.0f), {});
  model->by_organizer =
      FactorSpace(Factors(), RandomFactors(organizers, kOrganizerDim, seed + 3),
                  std::vector<float>(organizers, 2.0f), {});
  model->event_map =
      RidgeMap(RandomFactors(kContentDim + 1, kEventDim, seed + 4));
  model->organizer_map =
      RidgeMap(RandomFactors(kContentDim + 1, kOrganizerDim, seed + 5));
  return model;
}

Event RandomEvent(int i, Random& random) {
  const auto near = [&](Micros span) {
    return kCityNow - span +
           static_cast<Micros>(random.Below(2 * static_cast<uint64_t>(span)));
  };
  const Micros span = i % 3 == 0 ? 2 * kMinute : 20 * kDay;
  Event event;
  event.id = absl::StrCat("e", i);
  event.title = absl::StrCat("Night ", i % 5 == 0 ? "of jazz" : "out");
  if (i % 11 != 0) event.start_time = near(span);
  if (i % 4 == 0) event.announce_time = near(span);
  if (i % 2 == 0 && i % 11 != 0) event.end_time = event.start_time + 3 * kHour;
  if (i % 7 != 0) event.organizer = absl::StrCat("o", random.Below(12));
  if (i % 6 != 0) event.venue = absl::StrCat("v", random.Below(15));
  if (i % 5 != 0) {
    event.location = {51.0f + static_cast<float>(0.2 * random.Uniform()),
                      3.7f + static_cast<float>(0.3 * random.Uniform())};
  }
  event.tags = {absl::StrCat("t", random.Below(4))};
  event.category = i % 2 == 0 ? "music" : "tech";
  if (i % 13 == 0) event.status = EventStatus::kCancelled;
  if (i % 17 == 0) event.status = EventStatus::kHidden;
  if (i % 19 == 0) event.status = EventStatus::kSoldOut;
  return event;
}

}  // namespace

Snapshot SnapshotOf(Catalog catalog, uint64_t seed) {
  Snapshot snapshot;
  snapshot.model = MakeModel(catalog, seed);
  const size_t events = catalog.num_events();
  Factors embeddings = RandomFactors(events, kContentDim, seed + 6);
  Factors vectors(events, snapshot.model->dim());
  for (size_t row = 0; row < events; ++row) {
    Normalize(embeddings.MutableRow(row));
    const std::vector<float> vector = snapshot.model->EventVector(
        catalog, EventRow{static_cast<int32_t>(row)}, embeddings.Row(row));
    std::copy(vector.begin(), vector.end(), vectors.MutableRow(row).begin());
  }
  snapshot.index = VectorIndex::Build(vectors, {}).value();
  snapshot.vectors =
      VectorTable(std::make_shared<const Factors>(std::move(vectors)));
  snapshot.embeddings =
      VectorTable(std::make_shared<const Factors>(std::move(embeddings)));
  snapshot.catalog = std::move(catalog);
  return snapshot;
}

Catalog RandomCatalog(uint64_t seed, int events) {
  Random random(seed);
  Catalog catalog;
  for (int i = 0; i < events; ++i) {
    catalog.UpsertEvent(RandomEvent(i, random));
  }
  for (int u = 0; u < 40; ++u) {
    User user;
    user.id = absl::StrCat("u", u);
    if (u % 5 != 0) user.location = {51.1f, 3.8f};
    if (u % 2 == 0) {
      user.groups = {{absl::StrCat("o", random.Below(12)), kNoTime}};
    }
    catalog.UpsertUser(user);
  }
  constexpr InteractionKind kKinds[] = {
      InteractionKind::kRsvpYes, InteractionKind::kRsvpYes,
      InteractionKind::kRsvpNo, InteractionKind::kView,
      InteractionKind::kInterested};
  for (int n = 0; n < 12 * 40; ++n) {
    catalog.Apply(UserRow{static_cast<int32_t>(random.Below(39))},
                  EventRow{static_cast<int32_t>(random.Below(events))},
                  kKinds[random.Below(std::size(kKinds))], 0,
                  kCityNow - static_cast<Micros>(random.Below(90 * kDay)));
  }
  catalog.MarkTrained();
  return catalog;
}

}  // namespace usher
