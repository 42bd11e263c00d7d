// Tells a person how far a run is.
#ifndef USHER_SERVING_PRECOMPUTE_PROGRESS_LINE_H_
#define USHER_SERVING_PRECOMPUTE_PROGRESS_LINE_H_

#include <cstdint>
#include <string>

#include "index/base/clock.h"

namespace usher {

// "40960 of 100000 users, 8123/s, 8 s left".
std::string ProgressText(int64_t done, int64_t total, double rate);

// Writes to stderr: on a terminal one line that is overwritten, elsewhere a
// plain line every few seconds. Single-threaded.
class ProgressLine {
 public:
  // `done` are done already, by an earlier run.
  ProgressLine(int64_t done, int64_t total);
  ~ProgressLine();

  void Update(int64_t done);

 private:
  const bool terminal_;
  const int64_t first_;
  const int64_t total_;
  const Micros started_;
  Micros shown_;
  bool line_open_ = false;
};

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_PROGRESS_LINE_H_
