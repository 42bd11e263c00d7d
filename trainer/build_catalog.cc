#include "trainer/build_catalog.h"

namespace usher {

Catalog BuildCatalog(const Dataset& dataset) {
  Catalog catalog;
  for (const Event& event : dataset.events) catalog.UpsertEvent(event);
  for (const User& user : dataset.users) catalog.UpsertUser(user);
  for (const InteractionRecord& row : dataset.interactions) {
    catalog.Apply(UserRow{row.user}, EventRow{row.event}, row.kind, row.value,
                  row.time);
  }
  catalog.MarkTrained();
  return catalog;
}

}  // namespace usher
