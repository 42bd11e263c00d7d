#include "trainer/build_catalog.h"

namespace usher {

Catalog BuildCatalog(const Dataset& dataset) {
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
  for (const InteractionRecord& row : dataset.interactions) {
    catalog.Apply(UserRow{row.user}, EventRow{row.event}, row.kind, row.value,
                  row.time);
  }
  catalog.MarkTrained();
  return catalog;
}

}  // namespace usher
