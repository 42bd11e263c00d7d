#include "index/state/state_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/state/key_table.h"
#include "index/state/sqlite.h"
#include "index/state/state_rows.h"

namespace usher {
namespace {

constexpr int64_t kStateApplicationId = 0x55736872;  // "Ushr"
constexpr int64_t kStateFormat = 2;  // 1: no `forgotten`, no `received_at`.

constexpr char kPutEvent[] =
    "INSERT OR REPLACE INTO events VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
    "?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)";
constexpr char kPutUser[] =
    "INSERT OR REPLACE INTO users VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)";
constexpr char kPutInteraction[] =
    "INSERT INTO interactions VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
    "?13,?14)";
constexpr char kGetInteraction[] =
    "SELECT * FROM interactions WHERE position = ?1";
constexpr char kReadEvents[] =
    "SELECT * FROM events WHERE position > ?1 AND position <= ?2 "
    "ORDER BY position";
constexpr char kReadUsers[] =
    "SELECT * FROM users WHERE position > ?1 AND position <= ?2 "
    "ORDER BY position";
constexpr char kReadInteractions[] =
    "SELECT * FROM interactions WHERE position > ?1 AND position <= ?2 "
    "ORDER BY position";
constexpr char kReadInteractionsOfLists[] =
    "SELECT * FROM interactions WHERE position > ?1 AND position <= ?2 "
    "AND recommendation_id IS NOT NULL ORDER BY position";
constexpr char kReadInteractionsOf[] =
    "SELECT * FROM interactions WHERE user_id = ?1 ORDER BY position";
constexpr char kPutForgotten[] = "INSERT INTO forgotten VALUES (?1,?2,?3,?4)";
constexpr char kReadForgotten[] = "SELECT * FROM forgotten ORDER BY position";
constexpr char kDeleteUser[] = "DELETE FROM users WHERE id = ?1";
constexpr char kDeleteInteraction[] =
    "DELETE FROM interactions WHERE position = ?1";
// A row that is taken out has had a later one, of `forgotten`, before it.
constexpr char kLastPosition[] =
    "SELECT max(ifnull((SELECT max(position) FROM events), 0), "
    "ifnull((SELECT max(position) FROM users), 0), "
    "ifnull((SELECT max(position) FROM forgotten), 0), "
    "ifnull((SELECT max(position) FROM interactions), 0))";

std::string NewId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    absl::StrAppend(&id, absl::Hex(uint32_t{device()}, absl::kZeroPad8));
  }
  return id;
}

int64_t KeyOf(const Interaction& interaction) {
  constexpr absl::string_view kNul("\0", 1);
  const std::string identity =
      interaction.interaction_id.empty()
          ? absl::StrCat(interaction.user_id, kNul, interaction.event_id, kNul,
                         static_cast<int>(interaction.kind), kNul,
                         interaction.occurred_at)
          : interaction.interaction_id;
  return static_cast<int64_t>(Hash64(identity));
}

bool IsSame(const Interaction& a, const Interaction& b) {
  if (!a.interaction_id.empty() || !b.interaction_id.empty()) {
    return a.interaction_id == b.interaction_id;
  }
  return a.user_id == b.user_id && a.event_id == b.event_id &&
         a.kind == b.kind && a.occurred_at == b.occurred_at;
}

// Held while the file is written to. Keeps nothing in the file.
class WriterLock {
 public:
  ~WriterLock() {
    if (file_ >= 0) close(file_);
  }
  absl::Status Take(const std::string& path) {
    // One lock for all names of a file.
    std::error_code unresolved;
    const std::filesystem::path real =
        std::filesystem::weakly_canonical(path, unresolved);
    const std::string name =
        absl::StrCat(unresolved ? path : real.string(), ".lock");
    file_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(name,
                       ": cannot be made; the directory of the state "
                       "must be there and writable"));
    }
    if (flock(file_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": is in use by another server; a state has one writer"));
  }

 private:
  int file_ = -1;
};

}  // namespace

struct StateStore::Parts {
  WriterLock lock;
  SqliteDatabase database;
  KeyTable keys;
  SqliteStatement begin;
  SqliteStatement commit;
  SqliteStatement rollback;
  SqliteStatement put_event;
  SqliteStatement put_user;
  SqliteStatement put_interaction;
  SqliteStatement get_interaction;
  SqliteStatement read_events;
  SqliteStatement read_users;
  SqliteStatement read_interactions;
  SqliteStatement read_interactions_of_lists;
  SqliteStatement read_interactions_of;
  SqliteStatement put_forgotten;
  SqliteStatement read_forgotten;
  SqliteStatement delete_user;
  SqliteStatement delete_interaction;
};

StateStore::StateStore(std::string path)
    : path_(std::move(path)), parts_(std::make_unique<Parts>()) {}

StateStore::~StateStore() = default;

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(
    const std::string& path) {
  std::unique_ptr<StateStore> store(new StateStore(path));
  Parts& parts = *store->parts_;
  if (path != kMemory) {
    RETURN_IF_ERROR(parts.lock.Take(path));
    // Where people were is nobody else's business.
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
  }
  ASSIGN_OR_RETURN(parts.database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kWrite));
  RETURN_IF_ERROR(store->Prepare(/*write=*/true));
  return store;
}

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::OpenToRead(
    const std::string& path) {
  std::unique_ptr<StateStore> store(new StateStore(path));
  Parts& parts = *store->parts_;
  ASSIGN_OR_RETURN(parts.database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kRead));
  // One transaction: everything that is read is of this moment.
  RETURN_IF_ERROR(parts.database.Execute("BEGIN"));
  RETURN_IF_ERROR(store->Prepare(/*write=*/false));
  return store;
}

absl::Status StateStore::Prepare(bool write) {
  SqliteDatabase& database = parts_->database;
  ASSIGN_OR_RETURN(SqliteStatement application,
                   database.Prepare("PRAGMA application_id"));
  ASSIGN_OR_RETURN(bool row, application.Step());
  const int64_t found = row ? application.Int(0) : 0;
  application.Reset();
  ASSIGN_OR_RETURN(SqliteStatement tables,
                   database.Prepare("SELECT count(*) FROM sqlite_master"));
  ASSIGN_OR_RETURN(row, tables.Step());
  const bool empty = row && tables.Int(0) == 0;
  tables.Reset();
  if (found != kStateApplicationId && !(write && empty)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": is a database, but not a state of Usher"));
  }
  ASSIGN_OR_RETURN(SqliteStatement version,
                   database.Prepare("PRAGMA user_version"));
  ASSIGN_OR_RETURN(row, version.Step());
  const int64_t format = row ? version.Int(0) : 0;
  version.Reset();
  if (format > kStateFormat || (!write && format < kStateFormat)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": has format ", format, ", this program knows ", kStateFormat,
        format < kStateFormat ? "; usher-serve brings it up to that"
                              : "; use the newer release that wrote it"));
  }
  if (format == 1) {
    RETURN_IF_ERROR(database.Execute(
        "ALTER TABLE interactions ADD COLUMN received_at INTEGER"));
  }
  if (write) {
    RETURN_IF_ERROR(database.Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA cache_size=-131072; PRAGMA wal_autocheckpoint=8000; "
        "PRAGMA secure_delete=ON;"));
    RETURN_IF_ERROR(database.Execute(absl::StrCat(
        "BEGIN IMMEDIATE; PRAGMA application_id=", kStateApplicationId,
        "; PRAGMA user_version=", kStateFormat, ";", kStateSchema,
        "INSERT OR IGNORE INTO properties VALUES ('id', '", NewId(),
        "'); COMMIT;")));
  }
  ASSIGN_OR_RETURN(
      SqliteStatement id,
      database.Prepare("SELECT value FROM properties WHERE name = 'id'"));
  ASSIGN_OR_RETURN(row, id.Step());
  if (!row) {
    return absl::DataLossError(absl::StrCat(path_, ": has lost its id"));
  }
  id_ = std::string(id.Text(0));
  id.Reset();
  const std::pair<SqliteStatement*, const char*> statements[] = {
      {&parts_->begin, "BEGIN IMMEDIATE"},
      {&parts_->commit, "COMMIT"},
      {&parts_->rollback, "ROLLBACK"},
      {&parts_->put_event, kPutEvent},
      {&parts_->put_user, kPutUser},
      {&parts_->put_interaction, kPutInteraction},
      {&parts_->get_interaction, kGetInteraction},
      {&parts_->read_events, kReadEvents},
      {&parts_->read_users, kReadUsers},
      {&parts_->read_interactions, kReadInteractions},
      {&parts_->read_interactions_of_lists, kReadInteractionsOfLists},
      {&parts_->read_interactions_of, kReadInteractionsOf},
      {&parts_->put_forgotten, kPutForgotten},
      {&parts_->read_forgotten, kReadForgotten},
      {&parts_->delete_user, kDeleteUser},
      {&parts_->delete_interaction, kDeleteInteraction}};
  for (const auto& [statement, sql] : statements) {
    ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  if (write) RETURN_IF_ERROR(parts_->keys.Open(database));
  ASSIGN_OR_RETURN(SqliteStatement last, database.Prepare(kLastPosition));
  ASSIGN_OR_RETURN(row, last.Step());
  committed_ = last.Int(0);
  last.Reset();
  next_ = committed_ + 1;
  return absl::OkStatus();
}

void StateStore::SkipTo(int64_t position) {
  committed_ = std::max(committed_, position);
  next_ = std::max(next_, committed_ + 1);
}

absl::Status StateStore::Begin() { return parts_->begin.Run(); }

absl::Status StateStore::Commit() {
  RETURN_IF_ERROR(parts_->keys.MergeSlice());
  RETURN_IF_ERROR(parts_->commit.Run());
  parts_->keys.Committed();
  committed_ = next_ - 1;
  return absl::OkStatus();
}

bool StateStore::Rest() {
  return parts_->keys.Rest().ok() && !parts_->keys.filter_is_whole();
}

void StateStore::Rollback() {
  // Fails when SQLite has rolled back by itself.
  parts_->rollback.Run().IgnoreError();
  parts_->keys.RolledBack();
  next_ = committed_ + 1;
}

absl::Status StateStore::PutEvent(const Event& event) {
  RETURN_IF_ERROR(PutEventRow(next_, event, parts_->put_event));
  ++next_;
  return absl::OkStatus();
}

absl::Status StateStore::DeleteEvent(absl::string_view id,
                                     absl::string_view organizer) {
  RETURN_IF_ERROR(PutDeletedEventRow(next_, id, organizer, parts_->put_event));
  ++next_;
  return absl::OkStatus();
}

absl::Status StateStore::PutUser(const User& user) {
  RETURN_IF_ERROR(PutUserRow(next_, user, parts_->put_user));
  ++next_;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> StateStore::PutForgotten(absl::string_view user_id,
                                                 const Tombstone& tombstone) {
  RETURN_IF_ERROR(PutTombstoneRow(next_, tombstone, parts_->put_forgotten));
  ++next_;
  SqliteStatement& remove = parts_->delete_user;
  remove.BindText(1, user_id);
  RETURN_IF_ERROR(remove.Run());
  return parts_->database.Changes();
}

absl::Status StateStore::DeleteInteractions(
    absl::Span<const int64_t> positions) {
  SqliteStatement& remove = parts_->delete_interaction;
  for (const int64_t position : positions) {
    remove.BindInt(1, position);
    RETURN_IF_ERROR(remove.Run());
  }
  return absl::OkStatus();
}

absl::Status StateStore::DropOldPages() {
  return parts_->database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

absl::StatusOr<bool> StateStore::IsAt(const Interaction& interaction,
                                      int64_t position) {
  SqliteStatement& get = parts_->get_interaction;
  get.BindInt(1, position);
  ASSIGN_OR_RETURN(const bool found, get.Step());
  if (!found) return false;
  const absl::StatusOr<Interaction> other = InteractionAt(get);
  get.Reset();
  // A damaged row is nobody's.
  return other.ok() && IsSame(interaction, *other);
}

absl::StatusOr<bool> StateStore::PutInteraction(
    const Interaction& interaction) {
  // Of two different interactions with one hash the later takes the next key.
  int64_t key = KeyOf(interaction);
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> taken,
                     parts_->keys.Find(key));
    if (!taken.has_value()) break;
    ASSIGN_OR_RETURN(const bool recorded, IsAt(interaction, *taken));
    if (recorded) return false;
    key = static_cast<int64_t>(static_cast<uint64_t>(key) + 1);
  }
  RETURN_IF_ERROR(
      PutInteractionRow(next_, key, interaction, parts_->put_interaction));
  parts_->keys.Add(key, next_);
  ++next_;
  return true;
}

void StateStore::PassOver(absl::string_view table, int64_t position,
                          const absl::Status& damage) {
  if (++damaged_.rows > DamagedRows::kMostTold) return;
  damaged_.told.push_back(absl::StrCat(
      path_, ": table ", table, ", row of position ", position, ": ",
      damage.message(), "; it is passed over. To mend it: sqlite3 ", path_,
      " \"SELECT * FROM ", table, " WHERE position = ", position, "\""));
}

// Of a bound statement.
template <class Convert, class Read>
absl::Status StateStore::ReadRows(absl::string_view table,
                                  SqliteStatement& statement,
                                  const Convert& convert, const Read& read) {
  while (true) {
    ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return absl::OkStatus();
    const auto value = convert(statement);
    if (!value.ok()) {
      PassOver(table, statement.Int(0), value.status());
      continue;
    }
    const absl::Status status = read(*value, statement);
    if (status.ok()) continue;
    statement.Reset();
    return status;
  }
}

absl::Status StateStore::ReadEvents(
    PositionRange range,
    absl::FunctionRef<absl::Status(const Event& event, bool deleted)> read) {
  parts_->read_events.BindInt(1, range.after);
  parts_->read_events.BindInt(2, range.up_to);
  return ReadRows("events", parts_->read_events, &EventAt,
                  [&](const Event& event, const SqliteStatement& row) {
                    return read(event, IsDeletedEvent(row));
                  });
}

absl::Status StateStore::ReadUsers(
    PositionRange range, absl::FunctionRef<absl::Status(const User&)> read) {
  parts_->read_users.BindInt(1, range.after);
  parts_->read_users.BindInt(2, range.up_to);
  return ReadRows(
      "users", parts_->read_users, &UserAt,
      [&](const User& user, const SqliteStatement&) { return read(user); });
}

absl::Status StateStore::ReadInteractions(
    PositionRange range,
    absl::FunctionRef<absl::Status(const Interaction&)> read) {
  parts_->read_interactions.BindInt(1, range.after);
  parts_->read_interactions.BindInt(2, range.up_to);
  return ReadRows("interactions", parts_->read_interactions, &InteractionAt,
                  [&](const Interaction& interaction, const SqliteStatement&) {
                    return read(interaction);
                  });
}

absl::Status StateStore::ReadInteractionsOfLists(
    PositionRange range,
    absl::FunctionRef<absl::Status(const Interaction&)> read) {
  SqliteStatement& statement = parts_->read_interactions_of_lists;
  statement.BindInt(1, range.after);
  statement.BindInt(2, range.up_to);
  return ReadRows("interactions", statement, &InteractionAt,
                  [&](const Interaction& interaction, const SqliteStatement&) {
                    return read(interaction);
                  });
}

absl::Status StateStore::ReadInteractionsOf(
    absl::string_view user_id,
    absl::FunctionRef<absl::Status(const Interaction&, int64_t position)>
        read) {
  parts_->read_interactions_of.BindText(1, user_id);
  return ReadRows(
      "interactions", parts_->read_interactions_of, &InteractionAt,
      [&](const Interaction& interaction, const SqliteStatement& row) {
        return read(interaction, row.Int(0));
      });
}

absl::Status StateStore::ReadForgotten(
    absl::FunctionRef<absl::Status(const Tombstone&)> read) {
  return ReadRows("forgotten", parts_->read_forgotten, &TombstoneAt,
                  [&](const Tombstone& tombstone, const SqliteStatement&) {
                    return read(tombstone);
                  });
}

}  // namespace usher
