#include "tests/testing/tiny_city.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "index/base/hash.h"

namespace usher {
namespace {

constexpr GeoPoint kCentre = {51.05f, 3.72f};
// So much was seen that the ridge maps have nothing to add.
constexpr float kManyObservations = 1e9f;
constexpr int kPastEvents = 40;

FactorSpace Space(Factors items) {
  std::vector<float> observations(items.rows(), kManyObservations);
  return FactorSpace(Factors(), std::move(items), std::move(observations), {});
}

void SetFactors(absl::string_view id, absl::Span<float> factors) {
  if (absl::StartsWith(id, "jazz")) factors[0] = 1;
  if (absl::StartsWith(id, "code")) factors[1] = 1;
}

// Fills vectors and index from the model.
Snapshot Finish(Catalog catalog, HybridModel model,
                VectorIndexOptions options) {
  Snapshot snapshot;
  snapshot.info.version = 7;
  snapshot.info.created = kTinyNow - kDay;
  snapshot.info.algorithm = "hand";
  snapshot.info.index_type = "flat";
  const size_t events = catalog.num_events();
  Factors vectors(events, model.dim());
  for (size_t row = 0; row < events; ++row) {
    const std::vector<float> vector =
        model.EventVector(catalog, EventRow{static_cast<int32_t>(row)}, {});
    std::copy(vector.begin(), vector.end(), vectors.MutableRow(row).begin());
  }
  snapshot.index = VectorIndex::Build(vectors, options).value();
  snapshot.vectors =
      VectorTable(std::make_shared<const Factors>(std::move(vectors)));
  snapshot.embeddings = VectorTable(std::make_shared<const Factors>(events, 0));
  snapshot.model = std::make_shared<const HybridModel>(std::move(model));
  catalog.MarkTrained();
  snapshot.catalog = std::move(catalog);
  return snapshot;
}

void AddPeople(Catalog& catalog) {
  for (const char* id : {"ann", "bob", "cem", "dee", "eve"}) {
    User user;
    user.id = id;
    user.location = kCentre;
    if (user.id == "ann") user.groups = {{"jazz", kNoTime}};
    catalog.UpsertUser(user);
  }
  const auto went = [&](const char* user, const char* event) {
    catalog.Apply(catalog.FindUser(user), catalog.FindEvent(event),
                  InteractionKind::kRsvpYes, 0, kTinyNow - 8 * kDay);
  };
  went("ann", "jazz0");
  went("bob", "jazz0");
  went("cem", "code0");
  went("dee", "code0");
}

Catalog RandomCatalog(int events, Random& random) {
  Catalog catalog;
  for (int i = 0; i < events; ++i) {
    const Micros ahead =
        kDay + static_cast<Micros>(random.Below(uint64_t{29 * kDay}));
    catalog.UpsertEvent(TinyEvent(absl::StrCat("e", i), ahead));
  }
  for (int i = 0; i < kPastEvents; ++i) {
    catalog.UpsertEvent(TinyEvent(absl::StrCat("past", i), -30 * kDay));
  }
  for (int u = 0; u < 20; ++u) {
    const UserRow user = catalog.UserRowOf(absl::StrCat("u", u));
    for (int n = 0; n < 5; ++n) {
      const uint64_t past = random.Below(kPastEvents);
      catalog.Apply(user, catalog.FindEvent(absl::StrCat("past", past)),
                    InteractionKind::kRsvpYes, 0, kTinyNow - 31 * kDay);
    }
  }
  return catalog;
}

}  // namespace

Event TinyEvent(const std::string& id, Micros starts_in) {
  Event event;
  event.id = id;
  event.title = absl::StrCat("The event ", id);
  if (absl::StartsWith(id, "jazz")) event.organizer = "jazz";
  if (absl::StartsWith(id, "code")) event.organizer = "code";
  event.location = kCentre;
  event.start_time = kTinyNow + starts_in;
  event.end_time = event.start_time + 2 * kHour;
  return event;
}

Catalog TinyCatalog() {
  Catalog catalog;
  for (const char* organizer : {"jazz", "code"}) {
    catalog.UpsertEvent(TinyEvent(absl::StrCat(organizer, 0), -7 * kDay));
    for (int i = 1; i <= 4; ++i) {
      catalog.UpsertEvent(TinyEvent(absl::StrCat(organizer, i), i * kDay));
    }
  }
  AddPeople(catalog);
  return catalog;
}

Snapshot TinySnapshot(Catalog catalog) {
  HybridModel model;
  Factors events(catalog.num_events(), 2);
  for (size_t row = 0; row < events.rows(); ++row) {
    SetFactors(catalog.EventId(EventRow{static_cast<int32_t>(row)}),
               events.MutableRow(row));
  }
  Factors organizers(catalog.num_organizers(), 2);
  for (size_t row = 0; row < organizers.rows(); ++row) {
    SetFactors(catalog.OrganizerId(OrganizerRow{static_cast<int32_t>(row)}),
               organizers.MutableRow(row));
  }
  model.by_event = Space(std::move(events));
  model.by_organizer = Space(std::move(organizers));
  return Finish(std::move(catalog), std::move(model), {});
}

Snapshot RandomSnapshot(int events, VectorIndexOptions::Type type,
                        uint64_t seed) {
  Random random(seed);
  Catalog catalog = RandomCatalog(events, random);
  Factors factors(catalog.num_events(), 8);
  for (size_t i = 0; i < factors.rows() * factors.dim(); ++i) {
    factors.mutable_data()[i] = static_cast<float>(random.Normal());
  }
  HybridModel model;
  model.by_event = Space(std::move(factors));
  VectorIndexOptions options;
  options.type = type;
  options.ivf_lists = 16;  // Random vectors have no clusters to find.
  options.ivf_probe = 12;
  options.pq_segments = 8;
  options.pq_bits = 6;
  options.build_threads = 1;
  return Finish(std::move(catalog), std::move(model), options);
}

}  // namespace usher
