// What a reader was asked for and what it met: bad lines above all.
#ifndef USHER_TRAINER_DATA_READ_REPORT_H_
#define USHER_TRAINER_DATA_READ_REPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace usher {

// How many bad lines of one file are shown; the others are counted.
inline constexpr int kMaxShownErrors = 10;

struct ReadOptions {
  // A read fails when more than this share of its lines is bad.
  double max_bad_fraction = 0.001;
  // Called with the file's name now and then, and once at its end. Bytes are
  // those on disk (compressed for .gz). May be empty.
  std::function<void(absl::string_view path, int64_t bytes_done,
                     int64_t bytes_total, int64_t rows)>
      progress;
  // Gets one line of text for each of the first kMaxShownErrors bad lines of a
  // file, "file:line: what is wrong", and at its end one for how many more
  // there were. May be empty.
  std::function<void(absl::string_view message)> warn;
};

struct ReadReport {
  int64_t rows = 0;        // Good ones.
  int64_t bad = 0;         // Lines, duplicates among them.
  int64_t duplicates = 0;  // Lines with the id of an earlier one.
  std::vector<std::string> first_errors;  // At most kMaxShownErrors.
  uint64_t fingerprint = 0;  // Of the decompressed content, in order.
};

// Collects the bad lines of one file. Single-threaded; the options must outlive
// it.
class BadLines {
 public:
  BadLines(std::string path, const ReadOptions& options, ReadReport& report)
      : path_(std::move(path)), options_(options), report_(report) {}

  // Notes that `lines` lines from `line` on are bad.
  void Add(int64_t line, absl::string_view what, int64_t lines = 1);

  // InvalidArgument when the report holds too many bad lines: how many, the
  // first of them, and the flag that allows more.
  absl::Status Finish() const;

 private:
  std::string path_;
  const ReadOptions& options_;
  ReadReport& report_;
};

// `text` in quotes, shortened, with anything unprintable escaped, for messages.
std::string Quoted(absl::string_view text);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_READ_REPORT_H_
