// The lines of a data file.
#ifndef USHER_SERVING_USHERCTL_LINE_FILE_H_
#define USHER_SERVING_USHERCTL_LINE_FILE_H_

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace usher::ctl {

// Reads forward; gzip is recognized. Ends of lines are \n or \r\n; a byte order
// mark at the beginning is no part of the first line. Not thread-safe.
class LineFile {
 public:
  // "-" is standard input. The system's reason when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<LineFile>> Open(
      const std::string& path);
  ~LineFile() { gzclose_r(file_); }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  // Moves to the next line. False at the end, or when status() is not OK: the
  // file cannot be read, is a spoiled gzip, or has a line above 64 MiB.
  bool Next();
  absl::string_view line() const { return line_; }
  int64_t line_number() const { return line_number_; }  // From 1.
  const absl::Status& status() const { return status_; }

  // For messages; "standard input" for "-".
  const std::string& name() const { return name_; }
  // In the file as it is stored. A total of 0 is not known.
  int64_t bytes_done() const { return gzoffset(file_); }
  int64_t bytes_total() const { return bytes_total_; }

 private:
  LineFile(std::string name, gzFile file, int64_t bytes_total);
  // The next bytes; false when there are none.
  bool Fill();
  void Fail(absl::string_view why);

  const std::string name_;
  const gzFile file_;
  const int64_t bytes_total_;
  std::vector<char> buffer_;
  absl::string_view rest_;  // Of the buffer: not yet in a line.
  std::string line_;
  int64_t line_number_ = 0;
  absl::Status status_;
};

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_LINE_FILE_H_
