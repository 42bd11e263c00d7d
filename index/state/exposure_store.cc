#include "index/state/exposure_store.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "index/base/status_macros.h"
#include "index/state/json_text.h"
#include "index/state/sqlite.h"

namespace usher {
namespace {

constexpr int64_t kExposuresApplicationId = 0x55736865;  // "Ushe"
constexpr int64_t kExposuresFormat = 1;

constexpr char kExposuresSchema[] = R"sql(
-- Times are microseconds since 1970: datetime(served_at / 1000000, 'unixepoch')
-- One row an event: SELECT l.*, e.value AS event_id, e.key + first_position AS
-- position FROM lists l, json_each(event_ids) e
CREATE TABLE IF NOT EXISTS lists (
  number INTEGER PRIMARY KEY, -- in the order of writing
  recommendation_id TEXT NOT NULL UNIQUE, -- goes back with interactions
  user_id TEXT, -- NULL: a visitor without an account
  served_at INTEGER NOT NULL,
  made_for INTEGER NOT NULL, -- the request's "now"
  model_version INTEGER NOT NULL,
  state_position INTEGER NOT NULL, -- of the state, when the list was made
  variants TEXT, -- JSON object: experiment to variant
  first_position INTEGER NOT NULL, -- of the first event, from 1
  event_ids TEXT, -- JSON list
  scores TEXT, -- JSON list, of each event
  propensity REAL NOT NULL, -- of the events being there; 1: no chance in it
  shown TEXT -- JSON list of the positions that were shown; NULL: all
);
-- What a share of the lists was ranked by. Instant, version and position are
-- those of the list: SELECT * FROM lists JOIN samples USING (number)
CREATE TABLE IF NOT EXISTS samples (
  number INTEGER PRIMARY KEY, -- of the list
  latitude REAL, longitude REAL, -- that the request gave; NULL: none
  device INTEGER NOT NULL, -- 0 not said, 1 phone, 2 tablet, 3 desktop, 4 mail
  seeds TEXT, -- JSON list: of each seed its event, its kind and its weight
  feature_names TEXT, -- JSON list
  features BLOB -- 32-bit floats, the least byte first: of each of the list's
                -- event_ids, one after the other, those of feature_names
);
CREATE TABLE IF NOT EXISTS users_of_variants ( -- sums over lists
  experiment TEXT NOT NULL, user_id TEXT NOT NULL, variant TEXT NOT NULL,
  lists INTEGER NOT NULL, -- that the user was given
  events INTEGER NOT NULL, -- that were shown on them
  state_position INTEGER NOT NULL, -- the smallest of the lists
  PRIMARY KEY (experiment, user_id, variant)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped_lists ( -- not kept, for lack of time
  experiment TEXT NOT NULL, variant TEXT NOT NULL,
  lists INTEGER NOT NULL,
  PRIMARY KEY (experiment, variant)
) WITHOUT ROWID;
)sql";

constexpr char kPut[] =
    "INSERT OR IGNORE INTO lists VALUES (NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
    "?11,?12)";
constexpr char kPutSample[] =
    "INSERT INTO samples VALUES (last_insert_rowid(),?1,?2,?3,?4,?5,?6)";
constexpr char kSetShown[] =
    "UPDATE lists SET shown = ?2 WHERE recommendation_id = ?1";
constexpr char kSum[] =
    "INSERT INTO users_of_variants VALUES (?1,?2,?3,?4,?5,?6) "
    "ON CONFLICT DO UPDATE SET lists = lists + excluded.lists, "
    "events = events + excluded.events, "
    "state_position = min(state_position, excluded.state_position)";
constexpr char kUnsum[] =
    "DELETE FROM users_of_variants WHERE experiment = ?1 AND user_id = ?2 AND "
    "variant = ?3 AND lists <= 0";
constexpr char kAddDropped[] =
    "INSERT INTO dropped_lists VALUES (?1,?2,?3) "
    "ON CONFLICT DO UPDATE SET lists = lists + excluded.lists";
constexpr char kFind[] =
    "SELECT * FROM lists LEFT JOIN samples USING (number) "
    "WHERE recommendation_id = ?1";
constexpr char kOldest[] = "SELECT * FROM lists ORDER BY number LIMIT ?1";
constexpr char kOfUser[] =
    "SELECT * FROM lists LEFT JOIN samples USING (number) WHERE user_id = ?1 "
    "ORDER BY number";
constexpr char kNumbers[] = "SELECT number FROM lists WHERE user_id = ?1";
constexpr char kNumbered[] =
    "SELECT * FROM lists WHERE number = ?1 AND user_id = ?2";
constexpr char kDelete[] = "DELETE FROM lists WHERE number = ?1";
constexpr char kDeleteSample[] = "DELETE FROM samples WHERE number = ?1";
constexpr char kCount[] =
    "SELECT ifnull((SELECT max(number) FROM lists) - "
    "(SELECT min(number) FROM lists) + 1, 0)";
constexpr char kUsers[] =
    "SELECT user_id, variant, lists, events FROM users_of_variants "
    "WHERE experiment = ?1 ORDER BY user_id, variant";
constexpr char kDropped[] =
    "SELECT variant, lists FROM dropped_lists WHERE experiment = ?1";
constexpr char kFirstPosition[] =
    "SELECT ifnull(min(state_position), 0) FROM users_of_variants "
    "WHERE experiment = ?1";

// People may have edited the file.
absl::Status Damaged(absl::string_view column) {
  return absl::DataLossError(absl::StrCat(column, " is not as it was written"));
}

template <class Number, class Parse>
absl::StatusOr<std::vector<Number>> NumbersFromJson(absl::string_view json,
                                                    absl::string_view column,
                                                    Parse parse) {
  std::vector<Number> numbers;
  if (!absl::ConsumePrefix(&json, "[") || !absl::ConsumeSuffix(&json, "]")) {
    return Damaged(column);
  }
  if (json.empty()) return numbers;
  for (const absl::string_view text : absl::StrSplit(json, ',')) {
    if (!parse(text, &numbers.emplace_back())) return Damaged(column);
  }
  return numbers;
}

std::string ScoresToJson(const std::vector<float>& scores) {
  return absl::StrCat("[",
                      absl::StrJoin(scores, ",",
                                    [](std::string* out, float score) {
                                      absl::StrAppendFormat(out, "%.9g", score);
                                    }),
                      "]");
}

std::string VariantsToJson(const std::vector<VariantName>& variants) {
  ProfileFeatures object;
  for (const VariantName& name : variants) {
    object.emplace_back(name.experiment, name.variant);
  }
  return FeaturesToJson(object);
}

absl::StatusOr<std::vector<VariantName>> VariantsFromJson(
    absl::string_view json) {
  std::vector<VariantName> variants;
  ASSIGN_OR_RETURN(const ProfileFeatures object, FeaturesFromJson(json));
  for (const auto& [experiment, variant] : object) {
    const std::string* name = std::get_if<std::string>(&variant);
    if (name == nullptr) return Damaged("variants");
    variants.push_back({experiment, *name});
  }
  return variants;
}

int64_t NumShown(const Exposure& exposure) {
  return std::count(exposure.shown.begin(), exposure.shown.end(), true);
}

// The empty text, which is NULL, for all.
std::string ShownToJson(const Exposure& exposure) {
  if (NumShown(exposure) == static_cast<int64_t>(exposure.shown.size())) {
    return "";
  }
  std::string json = "[";
  for (size_t i = 0; i < exposure.shown.size(); ++i) {
    if (!exposure.shown[i]) continue;
    absl::StrAppend(&json, json.size() > 1 ? "," : "",
                    exposure.first_position + i);
  }
  return json + "]";
}

absl::Status MarkShown(absl::Span<const int32_t> positions,
                       Exposure& exposure) {
  for (size_t i = 0; i < positions.size(); ++i) {
    const int64_t place = int64_t{positions[i]} - exposure.first_position;
    if (place < 0 || place >= static_cast<int64_t>(exposure.shown.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("positions[", i, "]: ", positions[i],
                       " is not on the list, which "
                       "has ",
                       exposure.first_position, " to ",
                       exposure.first_position +
                           static_cast<int64_t>(exposure.shown.size()) - 1));
    }
    exposure.shown[static_cast<size_t>(place)] = true;
  }
  return absl::OkStatus();
}

static_assert(std::endian::native == std::endian::little);

absl::string_view BytesOf(const std::vector<float>& floats) {
  return {reinterpret_cast<const char*>(floats.data()),
          floats.size() * sizeof(float)};
}

std::string SeedsToJson(const std::vector<ExposedSeed>& seeds) {
  std::vector<std::string> texts;
  for (const ExposedSeed& seed : seeds) {
    texts.push_back(seed.event_id);
    texts.emplace_back(InteractionKindName(seed.kind));
    texts.push_back(absl::StrFormat("%.9g", seed.weight));
  }
  return TextsToJson(texts);
}

absl::StatusOr<std::vector<ExposedSeed>> SeedsFromJson(absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<std::string> texts, TextsFromJson(json));
  if (texts.size() % 3 != 0) return Damaged("seeds");
  std::vector<ExposedSeed> seeds;
  for (size_t i = 0; i < texts.size(); i += 3) {
    ExposedSeed& seed = seeds.emplace_back();
    seed.event_id = texts[i];
    const std::optional<InteractionKind> kind =
        InteractionKindFromName(texts[i + 1]);
    if (!kind.has_value() || !absl::SimpleAtof(texts[i + 2], &seed.weight)) {
      return Damaged("seeds");
    }
    seed.kind = *kind;
  }
  return seeds;
}

// Columns of `lists`; those of `samples` but for its number follow them.
constexpr int kListColumns = 13;

absl::StatusOr<std::optional<ExposureSample>> SampleAt(
    const SqliteStatement& row, size_t events) {
  std::optional<ExposureSample> none;
  if (row.IsNull(kListColumns + 4)) return none;
  ExposureSample sample;
  if (!row.IsNull(kListColumns) && !row.IsNull(kListColumns + 1)) {
    sample.location.latitude = static_cast<float>(row.Real(kListColumns));
    sample.location.longitude = static_cast<float>(row.Real(kListColumns + 1));
  }
  const int64_t device = row.Int(kListColumns + 2);
  if (device < 0 || device > static_cast<int64_t>(Device::kMail)) {
    return Damaged("device");
  }
  sample.device = static_cast<Device>(device);
  ASSIGN_OR_RETURN(sample.seeds, SeedsFromJson(row.Text(kListColumns + 3)));
  ASSIGN_OR_RETURN(sample.feature_names,
                   TextsFromJson(row.Text(kListColumns + 4)));
  const absl::string_view bytes = row.Bytes(kListColumns + 5);
  if (bytes.size() != events * sample.feature_names.size() * sizeof(float)) {
    return Damaged("features");
  }
  sample.features.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) {
    std::memcpy(sample.features.data(), bytes.data(), bytes.size());
  }
  return std::optional<ExposureSample>(std::move(sample));
}

absl::StatusOr<Exposure> ExposureAt(const SqliteStatement& row) {
  Exposure exposure;
  exposure.recommendation_id = std::string(row.Text(1));
  exposure.user_id = std::string(row.Text(2));
  exposure.served_at = row.Int(3);
  exposure.now = row.Int(4);
  exposure.model_version = row.Int(5);
  exposure.state_position = row.Int(6);
  ASSIGN_OR_RETURN(exposure.variants, VariantsFromJson(row.Text(7)));
  exposure.first_position = static_cast<int32_t>(row.Int(8));
  ASSIGN_OR_RETURN(exposure.event_ids, TextsFromJson(row.Text(9)));
  ASSIGN_OR_RETURN(
      exposure.scores,
      NumbersFromJson<float>(row.Text(10), "scores",
                             [](absl::string_view text, float* score) {
                               return absl::SimpleAtof(text, score);
                             }));
  if (exposure.scores.size() != exposure.event_ids.size()) {
    return Damaged("scores");
  }
  exposure.propensity = static_cast<float>(row.Real(11));
  exposure.shown.assign(exposure.event_ids.size(), row.IsNull(12));
  if (row.IsNull(12)) return exposure;
  ASSIGN_OR_RETURN(
      const std::vector<int32_t> positions,
      NumbersFromJson<int32_t>(row.Text(12), "shown",
                               [](absl::string_view text, int32_t* position) {
                                 return absl::SimpleAtoi(text, position);
                               }));
  if (!MarkShown(positions, exposure).ok()) return Damaged("shown");
  return exposure;
}

// Of a row with the columns of both tables.
absl::StatusOr<Exposure> WholeExposureAt(const SqliteStatement& row) {
  ASSIGN_OR_RETURN(Exposure exposure, ExposureAt(row));
  ASSIGN_OR_RETURN(exposure.sample, SampleAt(row, exposure.event_ids.size()));
  return exposure;
}

}  // namespace

struct ExposureStore::Parts {
  SqliteDatabase database;
  SqliteStatement begin;
  SqliteStatement commit;
  SqliteStatement rollback;
  SqliteStatement put;
  SqliteStatement put_sample;
  SqliteStatement set_shown;
  SqliteStatement sum;
  SqliteStatement unsum;
  SqliteStatement add_dropped;
  SqliteStatement find;
  SqliteStatement oldest;
  SqliteStatement of_user;
  SqliteStatement numbers;
  SqliteStatement numbered;
  SqliteStatement delete_list;
  SqliteStatement delete_sample;
  SqliteStatement count;
  SqliteStatement users;
  SqliteStatement dropped;
  SqliteStatement first_position;

  // Reads rows of a bound statement; errors name the file and the row.
  absl::Status Read(
      const std::string& path, SqliteStatement& statement,
      absl::FunctionRef<absl::Status(const SqliteStatement&)> read) {
    while (true) {
      ASSIGN_OR_RETURN(const bool found, statement.Step());
      if (!found) return absl::OkStatus();
      const absl::Status status = read(statement);
      if (status.ok()) continue;
      statement.Reset();
      if (!absl::IsDataLoss(status)) return status;
      return absl::DataLossError(absl::StrCat(path, ": ", status.message()));
    }
  }

  // The first rows of `statement` that are `wanted`, with their numbers, to be
  // deleted. One that is damaged goes too, and takes nothing from the sums.
  absl::StatusOr<std::vector<std::pair<int64_t, Exposure>>> ToDelete(
      const std::string& path, SqliteStatement& statement,
      absl::FunctionRef<bool(const SqliteStatement&, size_t)> wanted) {
    std::vector<std::pair<int64_t, Exposure>> lists;
    const absl::Status status =
        Read(path, statement, [&](const SqliteStatement& row) {
          if (!wanted(row, lists.size())) return absl::CancelledError();
          absl::StatusOr<Exposure> exposure = ExposureAt(row);
          lists.emplace_back(row.Int(0),
                             exposure.ok() ? *std::move(exposure) : Exposure());
          return absl::OkStatus();
        });
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    return lists;
  }
};

std::string ExposureStore::PathBeside(absl::string_view state_path) {
  if (state_path == kMemory) return kMemory;
  absl::ConsumeSuffix(&state_path, ".db");
  return absl::StrCat(state_path, ".exposures.db");
}

ExposureStore::ExposureStore(std::string path)
    : path_(std::move(path)), parts_(std::make_unique<Parts>()) {}

ExposureStore::~ExposureStore() = default;

absl::StatusOr<std::unique_ptr<ExposureStore>> ExposureStore::Open(
    const std::string& path) {
  std::unique_ptr<ExposureStore> store(new ExposureStore(path));
  ASSIGN_OR_RETURN(store->parts_->database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kWrite));
  RETURN_IF_ERROR(store->Prepare(/*write=*/true));
  return store;
}

absl::StatusOr<std::unique_ptr<ExposureStore>> ExposureStore::OpenToRead(
    const std::string& path) {
  std::unique_ptr<ExposureStore> store(new ExposureStore(path));
  SqliteDatabase& database = store->parts_->database;
  ASSIGN_OR_RETURN(database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kRead));
  // One transaction: everything that is read is of this moment.
  RETURN_IF_ERROR(database.Execute("BEGIN"));
  RETURN_IF_ERROR(store->Prepare(/*write=*/false));
  return store;
}

absl::Status ExposureStore::Prepare(bool write) {
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
  if (found != kExposuresApplicationId && !(write && empty)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path_, ": is a database, but not one of Usher's exposures"));
  }
  if (write) {
    RETURN_IF_ERROR(database.Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA secure_delete=ON; "
        "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000;"));
    RETURN_IF_ERROR(database.Execute(absl::StrCat(
        "BEGIN IMMEDIATE; PRAGMA application_id=", kExposuresApplicationId,
        "; PRAGMA user_version=", kExposuresFormat, ";", kExposuresSchema,
        "COMMIT;")));
  }
  const std::pair<SqliteStatement*, const char*> statements[] = {
      {&parts_->begin, "BEGIN IMMEDIATE"},
      {&parts_->commit, "COMMIT"},
      {&parts_->rollback, "ROLLBACK"},
      {&parts_->put, kPut},
      {&parts_->put_sample, kPutSample},
      {&parts_->set_shown, kSetShown},
      {&parts_->sum, kSum},
      {&parts_->unsum, kUnsum},
      {&parts_->add_dropped, kAddDropped},
      {&parts_->find, kFind},
      {&parts_->oldest, kOldest},
      {&parts_->of_user, kOfUser},
      {&parts_->numbers, kNumbers},
      {&parts_->numbered, kNumbered},
      {&parts_->delete_list, kDelete},
      {&parts_->delete_sample, kDeleteSample},
      {&parts_->count, kCount},
      {&parts_->users, kUsers},
      {&parts_->dropped, kDropped},
      {&parts_->first_position, kFirstPosition}};
  for (const auto& [statement, sql] : statements) {
    ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return absl::OkStatus();
}

absl::Status ExposureStore::Begin() { return parts_->begin.Run(); }

absl::Status ExposureStore::Commit() { return parts_->commit.Run(); }

void ExposureStore::Rollback() {
  // Fails when SQLite has rolled back by itself.
  parts_->rollback.Run().IgnoreError();
}

absl::Status ExposureStore::Put(const Exposure& exposure) {
  SqliteStatement& put = parts_->put;
  const std::string variants = VariantsToJson(exposure.variants);
  const std::string event_ids = TextsToJson(exposure.event_ids);
  const std::string scores = ScoresToJson(exposure.scores);
  const std::string shown = ShownToJson(exposure);
  put.BindText(1, exposure.recommendation_id);
  put.BindText(2, exposure.user_id);
  put.BindInt(3, exposure.served_at);
  put.BindInt(4, exposure.now);
  put.BindInt(5, exposure.model_version);
  put.BindInt(6, exposure.state_position);
  put.BindText(7, variants);
  put.BindInt(8, exposure.first_position);
  put.BindText(9, event_ids);
  put.BindText(10, scores);
  put.BindReal(11, exposure.propensity);
  put.BindText(12, shown);
  RETURN_IF_ERROR(put.Run());
  if (parts_->database.Changes() == 0) return absl::OkStatus();
  if (exposure.sample.has_value()) RETURN_IF_ERROR(PutSample(exposure));
  return Sum(exposure, 1, NumShown(exposure));
}

absl::Status ExposureStore::PutSample(const Exposure& exposure) {
  const ExposureSample& sample = *exposure.sample;
  USHER_CHECK(sample.features.size() ==
              sample.feature_names.size() * exposure.event_ids.size());
  const std::string seeds = SeedsToJson(sample.seeds);
  const std::string names = TextsToJson(sample.feature_names);
  SqliteStatement& put = parts_->put_sample;
  put.BindReal(1, sample.location.latitude);
  put.BindReal(2, sample.location.longitude);
  put.BindInt(3, static_cast<int64_t>(sample.device));
  put.BindText(4, seeds);
  put.BindText(5, names);
  put.BindBytes(6, BytesOf(sample.features));
  return put.Run();
}

absl::Status ExposureStore::Sum(const Exposure& exposure, int64_t lists,
                                int64_t events) {
  if (exposure.user_id.empty()) return absl::OkStatus();
  for (const VariantName& name : exposure.variants) {
    for (SqliteStatement* statement : {&parts_->sum, &parts_->unsum}) {
      if (statement == &parts_->unsum && lists >= 0) continue;
      statement->BindText(1, name.experiment);
      statement->BindText(2, exposure.user_id);
      statement->BindText(3, name.variant);
      if (statement == &parts_->sum) {
        statement->BindInt(4, lists);
        statement->BindInt(5, events);
        statement->BindInt(6, exposure.state_position);
      }
      RETURN_IF_ERROR(statement->Run());
    }
  }
  return absl::OkStatus();
}

absl::Status ExposureStore::Show(absl::string_view recommendation_id,
                                 absl::Span<const int32_t> positions) {
  ASSIGN_OR_RETURN(std::optional<Exposure> exposure, Find(recommendation_id));
  if (!exposure.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "recommendation_id: there is no list \"", recommendation_id, "\""));
  }
  const int64_t before = NumShown(*exposure);
  RETURN_IF_ERROR(MarkShown(positions, *exposure));
  if (positions.empty()) exposure->shown.assign(exposure->shown.size(), true);
  const int64_t more = NumShown(*exposure) - before;
  if (more == 0) return absl::OkStatus();
  const std::string shown = ShownToJson(*exposure);
  parts_->set_shown.BindText(1, recommendation_id);
  parts_->set_shown.BindText(2, shown);
  RETURN_IF_ERROR(parts_->set_shown.Run());
  return Sum(*exposure, 0, more);
}

absl::Status ExposureStore::AddDropped(const VariantName& variant,
                                       int64_t lists) {
  SqliteStatement& add = parts_->add_dropped;
  add.BindText(1, variant.experiment);
  add.BindText(2, variant.variant);
  add.BindInt(3, lists);
  return add.Run();
}

absl::StatusOr<int64_t> ExposureStore::Delete(
    const std::vector<std::pair<int64_t, Exposure>>& lists) {
  for (const auto& [number, exposure] : lists) {
    parts_->delete_list.BindInt(1, number);
    RETURN_IF_ERROR(parts_->delete_list.Run());
    parts_->delete_sample.BindInt(1, number);
    RETURN_IF_ERROR(parts_->delete_sample.Run());
    RETURN_IF_ERROR(Sum(exposure, -1, -NumShown(exposure)));
  }
  return static_cast<int64_t>(lists.size());
}

absl::StatusOr<int64_t> ExposureStore::DeleteOldest(Micros served_before,
                                                    int64_t kept,
                                                    int64_t most) {
  ASSIGN_OR_RETURN(const int64_t count, CountLists());
  const int64_t beyond = kept > 0 ? count - kept : 0;
  parts_->oldest.BindInt(1, most);
  ASSIGN_OR_RETURN(
      const auto lists,
      parts_->ToDelete(path_, parts_->oldest,
                       [&](const SqliteStatement& row, size_t before) {
                         return row.Int(3) < served_before ||
                                static_cast<int64_t>(before) < beyond;
                       }));
  return Delete(lists);
}

absl::StatusOr<std::vector<int64_t>> ExposureStore::NumbersOf(
    absl::string_view user_id) {
  std::vector<int64_t> numbers;
  parts_->numbers.BindText(1, user_id);
  RETURN_IF_ERROR(
      parts_->Read(path_, parts_->numbers, [&](const SqliteStatement& row) {
        numbers.push_back(row.Int(0));
        return absl::OkStatus();
      }));
  return numbers;
}

absl::StatusOr<int64_t> ExposureStore::ForgetUser(
    absl::string_view user_id, absl::Span<const int64_t> numbers) {
  int64_t deleted = 0;
  for (const int64_t number : numbers) {
    parts_->numbered.BindInt(1, number);
    parts_->numbered.BindText(2, user_id);
    ASSIGN_OR_RETURN(
        const auto lists,
        parts_->ToDelete(path_, parts_->numbered,
                         [](const SqliteStatement&, size_t) { return true; }));
    ASSIGN_OR_RETURN(const int64_t one, Delete(lists));
    deleted += one;
  }
  return deleted;
}

absl::Status ExposureStore::DropOldPages() {
  return parts_->database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

absl::StatusOr<std::optional<Exposure>> ExposureStore::Find(
    absl::string_view recommendation_id) {
  parts_->find.BindText(1, recommendation_id);
  std::optional<Exposure> found;
  RETURN_IF_ERROR(parts_->Read(path_, parts_->find,
                               [&](const SqliteStatement& row) -> absl::Status {
                                 ASSIGN_OR_RETURN(found, WholeExposureAt(row));
                                 return absl::OkStatus();
                               }));
  return found;
}

absl::Status ExposureStore::ReadLists(
    absl::string_view user_id,
    absl::FunctionRef<absl::Status(const Exposure&)> read) {
  parts_->of_user.BindText(1, user_id);
  return parts_->Read(
      path_, parts_->of_user, [&](const SqliteStatement& row) -> absl::Status {
        ASSIGN_OR_RETURN(const Exposure exposure, WholeExposureAt(row));
        return read(exposure);
      });
}

absl::Status ExposureStore::ReadUsers(
    absl::string_view experiment,
    absl::FunctionRef<absl::Status(const ExposedUser&)> read) {
  parts_->users.BindText(1, experiment);
  return parts_->Read(path_, parts_->users, [&](const SqliteStatement& row) {
    return read({std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2),
                 row.Int(3)});
  });
}

absl::StatusOr<std::vector<std::pair<std::string, int64_t>>>
ExposureStore::Dropped(absl::string_view experiment) {
  std::vector<std::pair<std::string, int64_t>> dropped;
  parts_->dropped.BindText(1, experiment);
  RETURN_IF_ERROR(
      parts_->Read(path_, parts_->dropped, [&](const SqliteStatement& row) {
        dropped.emplace_back(row.Text(0), row.Int(1));
        return absl::OkStatus();
      }));
  return dropped;
}

absl::StatusOr<int64_t> ExposureStore::FirstStatePosition(
    absl::string_view experiment) {
  parts_->first_position.BindText(1, experiment);
  ASSIGN_OR_RETURN(const bool row, parts_->first_position.Step());
  const int64_t position = row ? parts_->first_position.Int(0) : 0;
  parts_->first_position.Reset();
  return position;
}

absl::StatusOr<int64_t> ExposureStore::CountLists() {
  ASSIGN_OR_RETURN(const bool row, parts_->count.Step());
  const int64_t count = row ? parts_->count.Int(0) : 0;
  parts_->count.Reset();
  return count;
}

}  // namespace usher
