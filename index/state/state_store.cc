#include "index/state/state_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"
#include "index/state/json_text.h"
#include "index/state/key_table.h"
#include "index/state/sqlite.h"

namespace usher {
namespace {

constexpr int64_t kApplicationId = 0x55736872;  // "Ushr"
constexpr int64_t kFormat = 1;

// INSERT OR REPLACE gives a changed row a new place at the end, so that rows
// lie in the order of their positions.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS properties (
  name TEXT PRIMARY KEY, -- 'id': tells this state from every other one
  value TEXT NOT NULL
);
-- Times are microseconds since 1970: datetime(start_time / 1000000, 'unixepoch')
CREATE TABLE IF NOT EXISTS events (
  position INTEGER PRIMARY KEY, -- of the last change, counted over all tables
  id TEXT NOT NULL UNIQUE,
  deleted INTEGER NOT NULL, -- 1: DeleteEvents; nothing but the id is left
  title TEXT, description TEXT,
  tags TEXT, -- JSON list of texts
  category TEXT,
  organizer TEXT, organizer_name TEXT, -- the organizer's id and name
  venue TEXT, city TEXT,
  latitude REAL, longitude REAL, -- degrees, WGS 84
  start_time INTEGER, end_time INTEGER, announce_time INTEGER,
  price REAL, currency TEXT, capacity INTEGER,
  status TEXT, -- scheduled, cancelled, sold_out, hidden
  time_zone TEXT, -- IANA name
  embedding BLOB -- 32-bit floats, little-endian
);
CREATE TABLE IF NOT EXISTS users (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  latitude REAL, longitude REAL, city TEXT,
  tags TEXT, -- JSON list of texts
  groups TEXT, -- JSON list of followed organizers, {"id", "joined"}
  joined_time INTEGER,
  features TEXT -- JSON object: name to text or number
);
CREATE TABLE IF NOT EXISTS interactions (
  position INTEGER PRIMARY KEY,
  key INTEGER NOT NULL, -- hash of what makes it the same interaction
  interaction_id TEXT,
  user_id TEXT NOT NULL, event_id TEXT NOT NULL,
  kind TEXT NOT NULL, -- rsvp_yes, view, ...
  value REAL, -- rating, play count, seconds
  occurred_at INTEGER,
  recommendation_id TEXT, list_position INTEGER, -- of the list it came from
  device TEXT,
  latitude REAL, longitude REAL -- where the user was
);
CREATE TABLE IF NOT EXISTS interaction_keys ( -- see key_table.h
  key INTEGER PRIMARY KEY,
  position INTEGER NOT NULL
);
)sql";

constexpr char kPutEvent[] =
    "INSERT OR REPLACE INTO events VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
    "?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)";
constexpr char kPutUser[] =
    "INSERT OR REPLACE INTO users VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)";
constexpr char kPutInteraction[] =
    "INSERT INTO interactions VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
    "?13)";
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
constexpr char kLastPosition[] =
    "SELECT max(ifnull((SELECT max(position) FROM events), 0), "
    "ifnull((SELECT max(position) FROM users), 0), "
    "ifnull((SELECT max(position) FROM interactions), 0))";

std::string NewId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    absl::StrAppend(&id, absl::Hex(uint32_t{device()}, absl::kZeroPad8));
  }
  return id;
}

void BindPlace(SqliteStatement& statement, int parameter,
               const GeoPoint& place) {
  const double absent = std::nan("");
  statement.BindReal(parameter, place.known() ? place.latitude : absent);
  statement.BindReal(parameter + 1, place.known() ? place.longitude : absent);
}

GeoPoint PlaceAt(const SqliteStatement& row, int column) {
  if (row.IsNull(column) || row.IsNull(column + 1)) return GeoPoint();
  return {static_cast<float>(row.Real(column)),
          static_cast<float>(row.Real(column + 1))};
}

std::string TextAt(const SqliteStatement& row, int column) {
  return std::string(row.Text(column));
}

absl::StatusOr<std::vector<float>> FloatsAt(const SqliteStatement& row,
                                            int column) {
  const absl::string_view bytes = row.Bytes(column);
  if (bytes.size() % sizeof(float) != 0) {
    return absl::DataLossError("embedding is not a list of 32-bit floats");
  }
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(floats.data()));
  return floats;
}

absl::StatusOr<Event> EventAt(const SqliteStatement& row) {
  Event event;
  event.id = TextAt(row, 1);
  event.title = TextAt(row, 3);
  event.description = TextAt(row, 4);
  ASSIGN_OR_RETURN(event.tags, TextsFromJson(row.Text(5)));
  event.category = TextAt(row, 6);
  event.organizer = TextAt(row, 7);
  event.organizer_name = TextAt(row, 8);
  event.venue = TextAt(row, 9);
  event.city = TextAt(row, 10);
  event.location = PlaceAt(row, 11);
  event.start_time = row.Time(13);
  event.end_time = row.Time(14);
  event.announce_time = row.Time(15);
  event.price = static_cast<float>(row.Real(16));
  event.currency = TextAt(row, 17);
  if (!row.IsNull(18)) event.capacity = static_cast<int32_t>(row.Int(18));
  if (const absl::string_view name = row.Text(19); !name.empty()) {
    const std::optional<EventStatus> status = EventStatusFromName(name);
    if (!status.has_value()) {
      return absl::DataLossError(
          absl::StrCat("\"", name, "\" is no status of an event"));
    }
    event.status = *status;
  }
  event.time_zone = TextAt(row, 20);
  ASSIGN_OR_RETURN(event.embedding, FloatsAt(row, 21));
  return event;
}

absl::StatusOr<User> UserAt(const SqliteStatement& row) {
  User user;
  user.id = TextAt(row, 1);
  user.location = PlaceAt(row, 2);
  user.city = TextAt(row, 4);
  ASSIGN_OR_RETURN(user.tags, TextsFromJson(row.Text(5)));
  ASSIGN_OR_RETURN(user.groups, GroupsFromJson(row.Text(6)));
  user.joined_time = row.Time(7);
  ASSIGN_OR_RETURN(user.features, FeaturesFromJson(row.Text(8)));
  return user;
}

absl::StatusOr<Interaction> InteractionAt(const SqliteStatement& row) {
  Interaction interaction;
  interaction.interaction_id = TextAt(row, 2);
  interaction.user_id = TextAt(row, 3);
  interaction.event_id = TextAt(row, 4);
  const std::optional<InteractionKind> kind =
      InteractionKindFromName(row.Text(5));
  if (!kind.has_value()) {
    return absl::DataLossError(
        absl::StrCat("\"", row.Text(5), "\" is no kind of interaction"));
  }
  interaction.kind = *kind;
  interaction.value = static_cast<float>(row.Real(6));
  interaction.occurred_at = row.Time(7);
  interaction.recommendation_id = TextAt(row, 8);
  interaction.position = static_cast<int32_t>(row.Int(9));
  interaction.device = TextAt(row, 10);
  interaction.location = PlaceAt(row, 11);
  return interaction;
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

// Reads the rows of a bound statement; errors name the file and the row.
template <class Convert, class Read>
absl::Status ReadRows(const std::string& path, SqliteStatement& statement,
                      const Convert& convert, const Read& read) {
  while (true) {
    ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return absl::OkStatus();
    const auto value = convert(statement);
    absl::Status status = value.status();
    if (!status.ok()) {
      status = absl::DataLossError(absl::StrCat(path, ": row of position ",
                                                statement.Int(0), ": ",
                                                status.message()));
    } else {
      status = read(*value, statement);
    }
    if (status.ok()) continue;
    statement.Reset();
    return status;
  }
}

// Held while the file is written to. Keeps nothing in the file.
class WriterLock {
 public:
  ~WriterLock() {
    if (file_ >= 0) close(file_);
  }
  absl::Status Take(const std::string& path) {
    const std::string name = absl::StrCat(path, ".lock");
    file_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
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
};

StateStore::StateStore(std::string path)
    : path_(std::move(path)), parts_(std::make_unique<Parts>()) {}

StateStore::~StateStore() = default;

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(
    const std::string& path) {
  std::unique_ptr<StateStore> store(new StateStore(path));
  Parts& parts = *store->parts_;
  if (path != kMemory) RETURN_IF_ERROR(parts.lock.Take(path));
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
  if (found != kApplicationId && !(write && empty)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": is a database, but not a state of Usher"));
  }
  if (write) {
    RETURN_IF_ERROR(database.Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA cache_size=-131072; PRAGMA wal_autocheckpoint=8000;"));
    RETURN_IF_ERROR(database.Execute(
        absl::StrCat("BEGIN IMMEDIATE; PRAGMA application_id=", kApplicationId,
                     "; PRAGMA user_version=", kFormat, ";", kSchema,
                     "INSERT OR IGNORE INTO properties VALUES ('id', '",
                     NewId(), "'); COMMIT;")));
  }
  ASSIGN_OR_RETURN(
      SqliteStatement id,
      database.Prepare("SELECT value FROM properties WHERE name = 'id'"));
  ASSIGN_OR_RETURN(row, id.Step());
  if (!row) {
    return absl::DataLossError(absl::StrCat(path_, ": has lost its id"));
  }
  id_ = TextAt(id, 0);
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
      {&parts_->read_interactions_of_lists, kReadInteractionsOfLists}};
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

void StateStore::Rollback() {
  // Fails when SQLite has rolled back by itself.
  parts_->rollback.Run().IgnoreError();
  parts_->keys.RolledBack();
  next_ = committed_ + 1;
}

absl::Status StateStore::PutEvent(const Event& event) {
  SqliteStatement& put = parts_->put_event;
  const std::string tags = TextsToJson(event.tags);
  put.BindInt(1, next_);
  put.BindText(2, event.id);
  put.BindInt(3, 0);
  put.BindText(4, event.title);
  put.BindText(5, event.description);
  put.BindText(6, tags);
  put.BindText(7, event.category);
  put.BindText(8, event.organizer);
  put.BindText(9, event.organizer_name);
  put.BindText(10, event.venue);
  put.BindText(11, event.city);
  BindPlace(put, 12, event.location);
  put.BindTime(14, event.start_time);
  put.BindTime(15, event.end_time);
  put.BindTime(16, event.announce_time);
  put.BindReal(17, event.price);
  put.BindText(18, event.currency);
  if (event.capacity >= 0) {
    put.BindInt(19, event.capacity);
  } else {
    put.BindText(19, "");
  }
  put.BindText(20, EventStatusName(event.status));
  put.BindText(21, event.time_zone);
  put.BindBytes(22, {reinterpret_cast<const char*>(event.embedding.data()),
                     event.embedding.size() * sizeof(float)});
  RETURN_IF_ERROR(put.Run());
  ++next_;
  return absl::OkStatus();
}

absl::Status StateStore::DeleteEvent(absl::string_view id) {
  SqliteStatement& put = parts_->put_event;
  put.BindInt(1, next_);
  put.BindText(2, id);
  put.BindInt(3, 1);
  for (int parameter = 4; parameter <= 22; ++parameter) {
    put.BindText(parameter, "");
  }
  RETURN_IF_ERROR(put.Run());
  ++next_;
  return absl::OkStatus();
}

absl::Status StateStore::PutUser(const User& user) {
  SqliteStatement& put = parts_->put_user;
  const std::string tags = TextsToJson(user.tags);
  const std::string groups = GroupsToJson(user.groups);
  const std::string features = FeaturesToJson(user.features);
  put.BindInt(1, next_);
  put.BindText(2, user.id);
  BindPlace(put, 3, user.location);
  put.BindText(5, user.city);
  put.BindText(6, tags);
  put.BindText(7, groups);
  put.BindTime(8, user.joined_time);
  put.BindText(9, features);
  RETURN_IF_ERROR(put.Run());
  ++next_;
  return absl::OkStatus();
}

absl::StatusOr<bool> StateStore::IsAt(const Interaction& interaction,
                                      int64_t position) {
  SqliteStatement& get = parts_->get_interaction;
  get.BindInt(1, position);
  ASSIGN_OR_RETURN(const bool found, get.Step());
  if (!found) return false;
  const absl::StatusOr<Interaction> other = InteractionAt(get);
  get.Reset();
  RETURN_IF_ERROR(other.status());
  return IsSame(interaction, *other);
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
  SqliteStatement& put = parts_->put_interaction;
  put.BindInt(1, next_);
  put.BindInt(2, key);
  put.BindText(3, interaction.interaction_id);
  put.BindText(4, interaction.user_id);
  put.BindText(5, interaction.event_id);
  put.BindText(6, InteractionKindName(interaction.kind));
  put.BindReal(7, interaction.value);
  put.BindTime(8, interaction.occurred_at);
  put.BindText(9, interaction.recommendation_id);
  if (interaction.position > 0) {
    put.BindInt(10, interaction.position);
  } else {
    put.BindText(10, "");
  }
  put.BindText(11, interaction.device);
  BindPlace(put, 12, interaction.location);
  RETURN_IF_ERROR(put.Run());
  parts_->keys.Add(key, next_);
  ++next_;
  return true;
}

absl::Status StateStore::ReadEvents(
    PositionRange range,
    absl::FunctionRef<absl::Status(const Event& event, bool deleted)> read) {
  parts_->read_events.BindInt(1, range.after);
  parts_->read_events.BindInt(2, range.up_to);
  return ReadRows(path_, parts_->read_events, &EventAt,
                  [&](const Event& event, const SqliteStatement& row) {
                    return read(event, row.Int(2) != 0);
                  });
}

absl::Status StateStore::ReadUsers(
    PositionRange range, absl::FunctionRef<absl::Status(const User&)> read) {
  parts_->read_users.BindInt(1, range.after);
  parts_->read_users.BindInt(2, range.up_to);
  return ReadRows(
      path_, parts_->read_users, &UserAt,
      [&](const User& user, const SqliteStatement&) { return read(user); });
}

absl::Status StateStore::ReadInteractions(
    PositionRange range,
    absl::FunctionRef<absl::Status(const Interaction&)> read) {
  parts_->read_interactions.BindInt(1, range.after);
  parts_->read_interactions.BindInt(2, range.up_to);
  return ReadRows(path_, parts_->read_interactions, &InteractionAt,
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
  return ReadRows(path_, statement, &InteractionAt,
                  [&](const Interaction& interaction, const SqliteStatement&) {
                    return read(interaction);
                  });
}

}  // namespace usher
