// What callers write, as values.
#ifndef USHER_SERVING_STATE_WRITE_H_
#define USHER_SERVING_STATE_WRITE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "index/catalog/event.h"
#include "index/catalog/forgotten_users.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"

namespace usher {

// Names of fields, as merge_fields.h knows them; empty: the whole thing.
using FieldMask = std::vector<std::string>;

// With a mask, what is not there (any more) stays so: half an event would be
// shown for ever.
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

// From here on nothing is known of the user, and nothing is recorded. What the
// state has of their interactions is found and deleted afterwards.
struct UserErasure {
  std::string user_id;
  Tombstone tombstone;
};

struct InteractionErasure {
  std::vector<int64_t> positions;  // In the state.
};

// One call: all of it is done or nothing. What is said of a forgotten user is
// taken and not kept.
using StateWrite = std::variant<EventUpserts, EventDeletions, UserUpserts,
                                Interactions, UserErasure, InteractionErasure>;

struct WriteReceipt {
  int64_t accepted = 0;    // Rows that were written or deleted.
  int64_t duplicates = 0;  // Interactions that had been recorded before.
  std::vector<std::string> unknown;  // Events that a mask did not find.
};

}  // namespace usher

#endif  // USHER_SERVING_STATE_WRITE_H_
