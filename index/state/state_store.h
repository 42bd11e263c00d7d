// What was written while the server ran, durable: a SQLite file.
#ifndef USHER_INDEX_STATE_STATE_STORE_H_
#define USHER_INDEX_STATE_STATE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/catalog/event.h"
#include "index/catalog/forgotten_users.h"
#include "index/catalog/interaction.h"
#include "index/catalog/user.h"

namespace usher {

class SqliteStatement;

// Rows that were passed over, since they hold what no writer has written: a
// hand or a bad disk was at the file.
struct DamagedRows {
  static constexpr int64_t kMostTold = 20;
  int64_t rows = 0;
  // Of the first kMostTold: the file, the table, the row, what is wrong and
  // what to do about it.
  std::vector<std::string> told;
};

// Rows with `after` < position <= `up_to`.
struct PositionRange {
  int64_t after = 0;
  int64_t up_to = 0;
};

// Tables `events`, `users`, `interactions`, `forgotten`; their columns are
// described in the schema itself (state_rows.cc; `.schema` in the sqlite3 shell
// prints it).
// Every change of any table takes the next position, 1, 2, ...; an event or a
// user has the position of its last change.
//
// A write-ahead log with synchronous=FULL: what Commit() answered with OK is on
// the disk. Of one thread; any number of processes may read the file meanwhile.
// Errors name the file: Unavailable or ResourceExhausted when the disk fails,
// DataLoss when the file is damaged.
class StateStore {
 public:
  static constexpr char kMemory[] = ":memory:";

  // For writing; made if need be. ":memory:" keeps nothing. One process at a
  // time: FailedPrecondition when another one writes to the file,
  // InvalidArgument when it is no state.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(
      const std::string& path);
  // For reading, as of this moment. NotFound when the file is not there.
  static absl::StatusOr<std::unique_ptr<StateStore>> OpenToRead(
      const std::string& path);
  ~StateStore();

  const std::string& path() const { return path_; }
  // Tells this state from every other one; made with the file.
  const std::string& id() const { return id_; }
  // Of the last change that was committed; 0 when there is none.
  int64_t position() const { return committed_; }

  // The next change takes a position behind `position` or later.
  void SkipTo(int64_t position);

  // Changes belong between Begin() and Commit() or Rollback(). After an error
  // of any of them the caller rolls back.
  absl::Status Begin();
  absl::Status PutEvent(const Event& event);
  // The event's organizer, where there is one, is kept: what people did counts
  // for it.
  absl::Status DeleteEvent(absl::string_view id,
                           absl::string_view organizer = {});
  absl::Status PutUser(const User& user);
  // False when it has been recorded before: the same interaction_id or, where
  // that is empty, the same user, event, kind and time.
  absl::StatusOr<bool> PutInteraction(const Interaction& interaction);
  // The user's row goes, the mark comes. Returns how many rows went. Their
  // interactions are the caller's to find and delete.
  absl::StatusOr<int64_t> PutForgotten(absl::string_view user_id,
                                       const Tombstone& tombstone);
  absl::Status DeleteInteractions(absl::Span<const int64_t> positions);
  absl::Status Commit();
  void Rollback();
  // For when there is nothing to write: does some ten milliseconds of what
  // makes writing faster. False: nothing of it is left.
  bool Rest();
  // What was deleted is in no file any more. Waits for readers as long as
  // SQLite's time-out; then it is in the log until the next time.
  absl::Status DropOldPages();

  // Rows in the order of their positions, as they are now. `read` ends the
  // reading with an error of its own. A damaged row is passed over. A deleted
  // event is an id and an organizer.
  absl::Status ReadEvents(
      PositionRange range,
      absl::FunctionRef<absl::Status(const Event& event, bool deleted)> read);
  absl::Status ReadUsers(PositionRange range,
                         absl::FunctionRef<absl::Status(const User&)> read);
  absl::Status ReadInteractions(
      PositionRange range,
      absl::FunctionRef<absl::Status(const Interaction&)> read);
  // The same, of those only that name the list that they came from.
  absl::Status ReadInteractionsOfLists(
      PositionRange range,
      absl::FunctionRef<absl::Status(const Interaction&)> read);
  // Of one user, with their positions. Reads the whole table: users' rows lie
  // apart, and an index would cost every write a page.
  absl::Status ReadInteractionsOf(
      absl::string_view user_id,
      absl::FunctionRef<absl::Status(const Interaction&, int64_t position)>
          read);
  // All of them.
  absl::Status ReadForgotten(
      absl::FunctionRef<absl::Status(const Tombstone&)> read);

  // Of all readings so far, once for each time that a row was passed over.
  const DamagedRows& damaged() const { return damaged_; }

 private:
  struct Parts;
  explicit StateStore(std::string path);
  absl::Status Prepare(bool write);
  template <class Convert, class Read>
  absl::Status ReadRows(absl::string_view table, SqliteStatement& statement,
                        const Convert& convert, const Read& read);
  void PassOver(absl::string_view table, int64_t position,
                const absl::Status& damage);
  absl::StatusOr<bool> IsAt(const Interaction& interaction, int64_t position);

  const std::string path_;
  std::string id_;
  int64_t committed_ = 0;
  int64_t next_ = 1;  // Position of the next change.
  DamagedRows damaged_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_STATE_STORE_H_
