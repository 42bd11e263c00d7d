#include "index/state/state_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "index/state/json_text.h"

namespace usher {
namespace {

void BindPlace(SqliteStatement& statement, int parameter,
               const GeoPoint& place) {
  const double absent = std::nan("");
  statement.BindReal(parameter, place.known() ? place.latitude : absent);
  statement.BindReal(parameter + 1, place.known() ? place.longitude : absent);
}

// As the API has it: ids have 1 to 128 bytes, instants lie in the years 1 to
// 9999.
constexpr size_t kMaxIdBytes = 128;
constexpr Micros kFirstTime = -62135596800 * kSecond;
constexpr Micros kEndTime = 253402300800 * kSecond;

// Takes a row apart and keeps the first complaint: anybody may have edited the
// file.
class RowReader {
 public:
  explicit RowReader(const SqliteStatement& row) : row_(row) {}

  const absl::Status& status() const { return status_; }

  std::string Text(int column) const { return std::string(row_.Text(column)); }

  std::string Id(int column, const char* name) {
    std::string id = OptionalId(column, name);
    if (id.empty()) Complain(absl::StrCat(name, " is empty"));
    return id;
  }

  std::string OptionalId(int column, const char* name) {
    std::string id = Text(column);
    if (id.size() > kMaxIdBytes) {
      Complain(absl::StrCat(name, " has ", id.size(), " bytes"));
    }
    return id;
  }

  GeoPoint Place(int column) {
    if (row_.IsNull(column) || row_.IsNull(column + 1)) return GeoPoint();
    const GeoPoint place = {static_cast<float>(row_.Real(column)),
                            static_cast<float>(row_.Real(column + 1))};
    if (!IsValid(place)) {
      Complain(
          absl::StrCat(place.latitude, ", ", place.longitude, " is no place"));
    }
    return place;
  }

  Micros Time(int column, const char* name) {
    const Micros time = row_.Time(column);
    if (time != kNoTime && (time < kFirstTime || time >= kEndTime)) {
      Complain(
          absl::StrCat(name, ": ", time, " is not in the years 1 to 9999"));
    }
    return time;
  }

  // NaN when it is absent.
  float Number(int column, const char* name) {
    const float number = static_cast<float>(row_.Real(column));
    if (std::isinf(number)) {
      Complain(absl::StrCat(name, " is no finite number"));
    }
    return number;
  }

  // `absent` when it is absent.
  int32_t Count(int column, const char* name, int32_t absent) {
    if (row_.IsNull(column)) return absent;
    const int64_t count = row_.Int(column);
    if (count < 0 || count > std::numeric_limits<int32_t>::max()) {
      Complain(absl::StrCat(name, ": ", count, " is no count"));
    }
    return static_cast<int32_t>(count);
  }

  // What `read` makes of the column.
  template <class Value>
  Value Read(int column, absl::StatusOr<Value> (*read)(absl::string_view)) {
    absl::StatusOr<Value> value = read(row_.Text(column));
    if (value.ok()) return *std::move(value);
    Complain(value.status().message());
    return Value();
  }

  std::vector<float> Floats(int column, const char* name) {
    const absl::string_view bytes = row_.Bytes(column);
    std::vector<float> floats(bytes.size() / sizeof(float));
    if (bytes.size() % sizeof(float) != 0) {
      Complain(absl::StrCat(name, " is not a list of 32-bit floats"));
      return floats;
    }
    std::copy(bytes.begin(), bytes.end(),
              reinterpret_cast<char*>(floats.data()));
    if (!std::all_of(floats.begin(), floats.end(),
                     [](float x) { return std::isfinite(x); })) {
      Complain(absl::StrCat(name, " has a number that is not finite"));
    }
    return floats;
  }

  void Complain(absl::string_view what) {
    if (status_.ok()) status_ = absl::DataLossError(what);
  }

 private:
  const SqliteStatement& row_;
  absl::Status status_;
};

}  // namespace

// INSERT OR REPLACE gives a changed row a new place at the end, so that rows
// lie in the order of their positions.
const char kStateSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS properties (
  name TEXT PRIMARY KEY, -- 'id': tells this state from every other one
  value TEXT NOT NULL
);
-- Times are microseconds since 1970: datetime(start_time / 1000000, 'unixepoch')
CREATE TABLE IF NOT EXISTS events (
  position INTEGER PRIMARY KEY, -- of the last change, counted over all tables
  id TEXT NOT NULL UNIQUE,
  deleted INTEGER NOT NULL, -- 1: DeleteEvents; nothing is left but the id and
                            -- the organizer, for whom its history counts
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
  latitude REAL, longitude REAL, -- where the user was
  received_at INTEGER -- by the server's clock
);
CREATE TABLE IF NOT EXISTS forgotten ( -- users, without saying who
  position INTEGER PRIMARY KEY,
  salt TEXT NOT NULL,
  hash TEXT NOT NULL, -- 32 hexadecimal digits of SHA-256(salt ':' id)
  forgotten_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS interaction_keys ( -- see key_table.h
  key INTEGER PRIMARY KEY,
  position INTEGER NOT NULL
);
)sql";

absl::Status PutEventRow(int64_t position, const Event& event,
                         SqliteStatement& insert) {
  const std::string tags = TextsToJson(event.tags);
  insert.BindInt(1, position);
  insert.BindText(2, event.id);
  insert.BindInt(3, 0);
  insert.BindText(4, event.title);
  insert.BindText(5, event.description);
  insert.BindText(6, tags);
  insert.BindText(7, event.category);
  insert.BindText(8, event.organizer);
  insert.BindText(9, event.organizer_name);
  insert.BindText(10, event.venue);
  insert.BindText(11, event.city);
  BindPlace(insert, 12, event.location);
  insert.BindTime(14, event.start_time);
  insert.BindTime(15, event.end_time);
  insert.BindTime(16, event.announce_time);
  insert.BindReal(17, event.price);
  insert.BindText(18, event.currency);
  if (event.capacity >= 0) {
    insert.BindInt(19, event.capacity);
  } else {
    insert.BindText(19, "");
  }
  insert.BindText(20, EventStatusName(event.status));
  insert.BindText(21, event.time_zone);
  insert.BindBytes(22, {reinterpret_cast<const char*>(event.embedding.data()),
                        event.embedding.size() * sizeof(float)});
  return insert.Run();
}

absl::Status PutDeletedEventRow(int64_t position, absl::string_view id,
                                absl::string_view organizer,
                                SqliteStatement& insert) {
  insert.BindInt(1, position);
  insert.BindText(2, id);
  insert.BindInt(3, 1);
  for (int parameter = 4; parameter <= 22; ++parameter) {
    insert.BindText(parameter, "");
  }
  insert.BindText(8, organizer);
  return insert.Run();
}

absl::Status PutUserRow(int64_t position, const User& user,
                        SqliteStatement& insert) {
  const std::string tags = TextsToJson(user.tags);
  const std::string groups = GroupsToJson(user.groups);
  const std::string features = FeaturesToJson(user.features);
  insert.BindInt(1, position);
  insert.BindText(2, user.id);
  BindPlace(insert, 3, user.location);
  insert.BindText(5, user.city);
  insert.BindText(6, tags);
  insert.BindText(7, groups);
  insert.BindTime(8, user.joined_time);
  insert.BindText(9, features);
  return insert.Run();
}

absl::Status PutInteractionRow(int64_t position, int64_t key,
                               const Interaction& interaction,
                               SqliteStatement& insert) {
  insert.BindInt(1, position);
  insert.BindInt(2, key);
  insert.BindText(3, interaction.interaction_id);
  insert.BindText(4, interaction.user_id);
  insert.BindText(5, interaction.event_id);
  insert.BindText(6, InteractionKindName(interaction.kind));
  insert.BindReal(7, interaction.value);
  insert.BindTime(8, interaction.occurred_at);
  insert.BindText(9, interaction.recommendation_id);
  if (interaction.position > 0) {
    insert.BindInt(10, interaction.position);
  } else {
    insert.BindText(10, "");
  }
  insert.BindText(11, interaction.device);
  BindPlace(insert, 12, interaction.location);
  insert.BindTime(14, interaction.received_at);
  return insert.Run();
}

absl::Status PutTombstoneRow(int64_t position, const Tombstone& tombstone,
                             SqliteStatement& insert) {
  insert.BindInt(1, position);
  insert.BindText(2, tombstone.salt);
  insert.BindText(3, tombstone.hash);
  insert.BindTime(4, tombstone.forgotten_at);
  return insert.Run();
}

absl::StatusOr<Event> EventAt(const SqliteStatement& row) {
  RowReader reader(row);
  Event event;
  event.id = reader.Id(1, "id");
  event.title = reader.Text(3);
  event.description = reader.Text(4);
  event.tags = reader.Read(5, &TextsFromJson);
  event.category = reader.Text(6);
  event.organizer = reader.OptionalId(7, "organizer");
  event.organizer_name = reader.Text(8);
  event.venue = reader.Text(9);
  event.city = reader.Text(10);
  event.location = reader.Place(11);
  event.start_time = reader.Time(13, "start_time");
  event.end_time = reader.Time(14, "end_time");
  event.announce_time = reader.Time(15, "announce_time");
  event.price = reader.Number(16, "price");
  event.currency = reader.Text(17);
  event.capacity = reader.Count(18, "capacity", event.capacity);
  if (const absl::string_view name = row.Text(19); !name.empty()) {
    const std::optional<EventStatus> status = EventStatusFromName(name);
    if (status.has_value()) {
      event.status = *status;
    } else {
      reader.Complain(absl::StrCat("\"", name, "\" is no status of an event"));
    }
  }
  event.time_zone = reader.Text(20);
  event.embedding = reader.Floats(21, "embedding");
  RETURN_IF_ERROR(reader.status());
  return event;
}

bool IsDeletedEvent(const SqliteStatement& row) { return row.Int(2) != 0; }

absl::StatusOr<User> UserAt(const SqliteStatement& row) {
  RowReader reader(row);
  User user;
  user.id = reader.Id(1, "id");
  user.location = reader.Place(2);
  user.city = reader.Text(4);
  user.tags = reader.Read(5, &TextsFromJson);
  user.groups = reader.Read(6, &GroupsFromJson);
  user.joined_time = reader.Time(7, "joined_time");
  user.features = reader.Read(8, &FeaturesFromJson);
  RETURN_IF_ERROR(reader.status());
  return user;
}

absl::StatusOr<Interaction> InteractionAt(const SqliteStatement& row) {
  RowReader reader(row);
  Interaction interaction;
  interaction.interaction_id = reader.Text(2);
  interaction.user_id = reader.Id(3, "user_id");
  interaction.event_id = reader.Id(4, "event_id");
  const std::optional<InteractionKind> kind =
      InteractionKindFromName(row.Text(5));
  if (kind.has_value()) {
    interaction.kind = *kind;
  } else {
    reader.Complain(
        absl::StrCat("\"", row.Text(5), "\" is no kind of interaction"));
  }
  interaction.value = reader.Number(6, "value");
  interaction.occurred_at = reader.Time(7, "occurred_at");
  interaction.recommendation_id = reader.Text(8);
  interaction.position = reader.Count(9, "list_position", 0);
  interaction.device = reader.Text(10);
  interaction.location = reader.Place(11);
  interaction.received_at = reader.Time(13, "received_at");
  RETURN_IF_ERROR(reader.status());
  return interaction;
}

absl::StatusOr<Tombstone> TombstoneAt(const SqliteStatement& row) {
  // Nothing is wrong enough with a mark to pass it over.
  return Tombstone{std::string(row.Text(1)), std::string(row.Text(2)),
                   row.Time(3)};
}

}  // namespace usher
