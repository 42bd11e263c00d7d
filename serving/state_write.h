// What callers write, as values.
#ifndef USHER_SERVING_STATE_WRITE_H_
#define USHER_SERVING_STATE_WRITE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "index/catalog/event.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"

namespace usher {

// Names of fields, as merge_fields.h knows them; empty: the whole thing.
using FieldMask = std::vector<std::string>;

struct EventUpserts {
  std::vector<Event> events;
  FieldMask mask;
};

struct EventDeletions {
  std::vector<std::string> ids;  // Unknown ones are no error.
};

struct UserUpserts {
  std::vector<User> users;
  FieldMask mask;
};

using Interactions = std::vector<Interaction>;

// One call: all of it is done or nothing.
using StateWrite =
    std::variant<EventUpserts, EventDeletions, UserUpserts, Interactions>;

// How many rows a write is about.
size_t NumRows(const StateWrite& write);

struct WriteReceipt {
  int64_t accepted = 0;    // Rows that were written.
  int64_t duplicates = 0;  // Interactions that had been recorded before.
};

}  // namespace usher

#endif  // USHER_SERVING_STATE_WRITE_H_
