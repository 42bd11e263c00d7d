#include "index/state/state_rows.h"

#include <cmath>
#include <string>
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
                                SqliteStatement& insert) {
  insert.BindInt(1, position);
  insert.BindText(2, id);
  insert.BindInt(3, 1);
  for (int parameter = 4; parameter <= 22; ++parameter) {
    insert.BindText(parameter, "");
  }
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

bool IsDeletedEvent(const SqliteStatement& row) { return row.Int(2) != 0; }

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
  interaction.received_at = row.Time(13);
  return interaction;
}

absl::StatusOr<Tombstone> TombstoneAt(const SqliteStatement& row) {
  return Tombstone{TextAt(row, 1), TextAt(row, 2), row.Time(3)};
}

}  // namespace usher
