// The lines of a text file, plain or gzipped.
#ifndef USHER_TRAINER_DATA_LINE_READER_H_
#define USHER_TRAINER_DATA_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trainer/data/byte_source.h"

namespace usher {

// A longer line ends the reading with an error: the file is not what it says.
inline constexpr size_t kMaxLineBytes = size_t{16} << 20;

// Reads a file line by line in big blocks. Lines end in \n or \r\n, the last
// one also in the end of the file; a UTF-8 byte order mark is left out.
// Single-threaded.
class LineReader {
 public:
  // At least this many bytes after each line may be read (simdjson's padding).
  static constexpr size_t kPadding = 64;

  // NotFound or Internal with the path; InvalidArgument for an empty file.
  static absl::StatusOr<LineReader> Open(const std::string& path);
  LineReader(LineReader&&) = default;
  LineReader& operator=(LineReader&&) = default;

  // Moves to the next line. False at the end of the file, or when status()
  // says that it could not be read further.
  bool Next();
  // Without its end; valid until Next().
  absl::string_view line() const { return line_; }
  // Counted from 1.
  int64_t line_number() const { return line_number_; }
  // DataLoss for a damaged gzip file, InvalidArgument for a line longer than
  // kMaxLineBytes; with path and line.
  const absl::Status& status() const { return status_; }

  const std::string& path() const { return path_; }
  // On disk: compressed bytes for a .gz file.
  int64_t bytes_done() const { return source_->bytes_done(); }
  int64_t bytes_total() const { return bytes_total_; }
  // Of all content that was read so far; at the end, of the whole content.
  // The same for a file and for its gzipped copy.
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  LineReader(std::string path, std::unique_ptr<ByteSource> source,
             int64_t bytes_total);
  // Reads one more block behind what is left. False when there is no more.
  bool Refill();
  absl::Status TooLong() const;

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  int64_t bytes_total_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // Of what is not yet given out.
  size_t end_ = 0;
  bool exhausted_ = false;
  absl::string_view line_;
  int64_t line_number_ = 0;
  uint64_t fingerprint_ = 0;
  absl::Status status_;
};

}  // namespace usher

#endif  // USHER_TRAINER_DATA_LINE_READER_H_
