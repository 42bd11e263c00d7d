// SQLite behind Status. The one header that knows it, without including it.
#ifndef USHER_INDEX_STATE_SQLITE_H_
#define USHER_INDEX_STATE_SQLITE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"

struct sqlite3;
struct sqlite3_stmt;

namespace usher {

// A prepared statement. Parameters count from 1, columns from 0. What is bound
// must live until the statement has run. Of one thread, and of one database,
// which must outlive it.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  void BindInt(int parameter, int64_t value);
  // NaN is NULL, and so are an empty text, empty bytes and kNoTime: what is
  // absent is NULL in every column.
  void BindReal(int parameter, double value);
  void BindText(int parameter, absl::string_view value);
  void BindBytes(int parameter, absl::string_view value);
  void BindTime(int parameter, Micros value);

  // Runs to the next row; false at the end, after which the statement is ready
  // to be bound anew.
  absl::StatusOr<bool> Step();
  // Runs to the end.
  absl::Status Run();
  // Ends a run before its last row.
  void Reset();

  // Of the row that Step() found; texts are good until the next call of it.
  int64_t Int(int column) const;
  double Real(int column) const;
  absl::string_view Text(int column) const;
  absl::string_view Bytes(int column) const;
  Micros Time(int column) const;
  bool IsNull(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection. Of one thread at a time.
class SqliteDatabase {
 public:
  enum class Mode { kRead, kWrite };

  // ":memory:" is a database that ends with the object. NotFound when `path` is
  // to be read and is not there; InvalidArgument when it is no database.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path,
                                             Mode mode);

  // One or several statements without results.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<SqliteStatement> Prepare(absl::string_view sql);
  // Rows that the last statement inserted, changed or deleted.
  int64_t Changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace usher

#endif  // USHER_INDEX_STATE_SQLITE_H_
