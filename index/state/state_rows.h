// What rows of the state's tables are, as values.
#ifndef USHER_INDEX_STATE_STATE_ROWS_H_
#define USHER_INDEX_STATE_STATE_ROWS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/catalog/event.h"
#include "index/catalog/forgotten_users.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"
#include "index/state/sqlite.h"

namespace usher {

// Makes the tables where they are not there yet. Columns are described in it.
extern const char kStateSchema[];

// Each binds the parameters of an INSERT of a whole row, in the order of the
// columns, and runs it.
absl::Status PutEventRow(int64_t position, const Event& event,
                         SqliteStatement& insert);
absl::Status PutDeletedEventRow(int64_t position, absl::string_view id,
                                absl::string_view organizer,
                                SqliteStatement& insert);
absl::Status PutUserRow(int64_t position, const User& user,
                        SqliteStatement& insert);
absl::Status PutInteractionRow(int64_t position, int64_t key,
                               const Interaction& interaction,
                               SqliteStatement& insert);
absl::Status PutTombstoneRow(int64_t position, const Tombstone& tombstone,
                             SqliteStatement& insert);

// The value of the row that a SELECT * is at. DataLoss, which says
// what is wrong, for what no Put...Row() has written.
absl::StatusOr<Event> EventAt(const SqliteStatement& row);
bool IsDeletedEvent(const SqliteStatement& row);
absl::StatusOr<User> UserAt(const SqliteStatement& row);
absl::StatusOr<Interaction> InteractionAt(const SqliteStatement& row);
absl::StatusOr<Tombstone> TombstoneAt(const SqliteStatement& row);

}  // namespace usher

#endif  // USHER_INDEX_STATE_STATE_ROWS_H_
