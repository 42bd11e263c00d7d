// The records of a CSV file with a header.
#ifndef USHER_TRAINER_DATA_CSV_READER_H_
#define USHER_TRAINER_DATA_CSV_READER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "trainer/data/line_reader.h"

namespace usher {

// RFC 4180: fields separated by commas, optionally in double quotes, in which
// commas, line breaks and doubled quotes stand for themselves. Blank lines are
// skipped. Single-threaded; no memory is taken per record.
class CsvReader {
 public:
  // LineReader's errors; InvalidArgument for a header that cannot be read or
  // names a column twice.
  static absl::StatusOr<CsvReader> Open(const std::string& path);

  // The field number of a column, -1 when there is none.
  int Column(absl::string_view name) const;
  // As above for several; InvalidArgument that names the missing ones.
  absl::StatusOr<std::vector<int>> Require(
      absl::Span<const absl::string_view> names) const;

  // Moves to the next record. False at the end or when status() is not OK.
  bool Next();
  // Why the record is malformed (quotes, number of fields); empty when it is
  // sound, and then there are as many fields as columns.
  absl::string_view problem() const { return problem_; }
  // Without quotes; valid until Next().
  absl::Span<const absl::string_view> fields() const { return fields_; }
  // Where the record begins, and how many lines it has.
  int64_t line() const { return line_; }
  int64_t lines() const { return reader_.line_number() - line_ + 1; }

  const LineReader& reader() const { return reader_; }
  const absl::Status& status() const { return reader_.status(); }

 private:
  explicit CsvReader(LineReader reader) : reader_(std::move(reader)) {}
  bool NextRecord();
  void SplitPlain(absl::string_view line);
  void SplitQuoted();
  // One field of a record with quotes. False when the record ends with it.
  bool TakeField();
  bool TakeQuotedField();

  LineReader reader_;
  std::vector<std::string> columns_;
  std::vector<absl::string_view> fields_;
  std::string problem_;
  int64_t line_ = 0;
  // A record with quotes: the rest of its present line, the text of its fields
  // one after the other, and where each one ends.
  absl::string_view rest_;
  std::string text_;
  std::vector<size_t> ends_;
};

}  // namespace usher

#endif  // USHER_TRAINER_DATA_CSV_READER_H_
