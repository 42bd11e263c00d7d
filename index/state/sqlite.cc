#include "index/state/sqlite.h"

#include <sqlite3.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace usher {
namespace {

// Readers of the trainer wait this long for a checkpoint.
constexpr int kBusyMillis = 5000;

absl::Status Error(sqlite3* database, int code) {
  const char* path = sqlite3_db_filename(database, "main");
  const std::string what = absl::StrCat(
      path != nullptr && path[0] != '\0' ? path : "state in memory", ": ",
      sqlite3_errmsg(database));
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return absl::InvalidArgumentError(
          absl::StrCat(what, "; name another file"));
    case SQLITE_CORRUPT:
      return absl::DataLossError(what);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(what);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::FailedPreconditionError(what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
      return absl::UnavailableError(what);
    default:
      return absl::InternalError(what);
  }
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqliteStatement::BindInt(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
}

void SqliteStatement::BindReal(int parameter, double value) {
  if (std::isnan(value)) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    sqlite3_bind_double(statement_.get(), parameter, value);
  }
}

void SqliteStatement::BindText(int parameter, absl::string_view value) {
  if (value.empty()) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    sqlite3_bind_text64(statement_.get(), parameter, value.data(), value.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  }
}

void SqliteStatement::BindBytes(int parameter, absl::string_view value) {
  if (value.empty()) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    sqlite3_bind_blob64(statement_.get(), parameter, value.data(), value.size(),
                        SQLITE_STATIC);
  }
}

void SqliteStatement::BindTime(int parameter, Micros value) {
  if (value == kNoTime) {
    sqlite3_bind_null(statement_.get(), parameter);
  } else {
    BindInt(parameter, value);
  }
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  absl::Status status;
  if (code != SQLITE_DONE) {
    status = Error(sqlite3_db_handle(statement_.get()), code);
  }
  sqlite3_reset(statement_.get());
  if (!status.ok()) return status;
  return false;
}

absl::Status SqliteStatement::Run() {
  absl::StatusOr<bool> row = true;
  while (row.ok() && *row) row = Step();
  return row.status();
}

void SqliteStatement::Reset() { sqlite3_reset(statement_.get()); }

int64_t SqliteStatement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double SqliteStatement::Real(int column) const {
  return IsNull(column) ? std::numeric_limits<double>::quiet_NaN()
                        : sqlite3_column_double(statement_.get(), column);
}

absl::string_view SqliteStatement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

absl::string_view SqliteStatement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Micros SqliteStatement::Time(int column) const {
  return IsNull(column) ? kNoTime : Int(column);
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void SqliteDatabase::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path,
                                                    Mode mode) {
  const int flags = mode == Mode::kRead
                        ? SQLITE_OPEN_READONLY
                        : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteDatabase database;
  database.database_.reset(raw);
  if (raw == nullptr) return absl::ResourceExhaustedError("out of memory");
  if (code != SQLITE_OK) {
    return absl::NotFoundError(absl::StrCat(path, ": ", sqlite3_errmsg(raw)));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMillis);
  return database;
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  const int code =
      sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(database_.get(), code);
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(
      database_.get(), sql.data(), static_cast<int>(sql.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Error(database_.get(), code);
  return SqliteStatement(statement);
}

int64_t SqliteDatabase::Changes() const {
  return sqlite3_changes64(database_.get());
}

}  // namespace usher
