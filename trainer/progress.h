// Telling a person how far long work is.
#ifndef USHER_TRAINER_PROGRESS_H_
#define USHER_TRAINER_PROGRESS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "index/base/clock.h"

namespace usher {

// Writes to stderr: on a terminal one line that is overwritten, elsewhere a
// plain line every few seconds. Single-threaded.
class Progress {
 public:
  Progress();

  // `what` is at `done` of `total`, in units of its own; with a `total` of 0 it
  // goes on, and nobody knows how far it is.
  void Update(absl::string_view what, int64_t done, int64_t total);
  // A whole line that stays.
  void Line(absl::string_view line);

 private:
  void ClearBar();

  const bool terminal_;
  bool bar_shown_ = false;
  Micros last_ = 0;
};

}  // namespace usher

#endif  // USHER_TRAINER_PROGRESS_H_
