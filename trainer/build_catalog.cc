#include "trainer/build_catalog.h"

namespace usher {

Catalog BuildCatalog(const Dataset& dataset, int threads) {
  Catalog catalog;
  for (size_t i = 0; i < dataset.events.size(); ++i) {
    const Event& event = dataset.events[i];
    if (i < dataset.described_events) {
      catalog.UpsertEvent(event);
    } else if (event.organizer.empty()) {
      catalog.EventRowOf(event.id);
    } else {
      catalog.DeleteEvent(catalog.UpsertEvent(event));
    }
  }
  for (const User& user : dataset.users) catalog.UpsertUser(user);
  catalog.ApplyAll(dataset.interactions, threads);
  catalog.MarkTrained();
  return catalog;
}

}  // namespace usher
