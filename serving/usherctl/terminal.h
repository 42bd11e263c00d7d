// What a text is laid out for.
#ifndef USHER_SERVING_USHERCTL_TERMINAL_H_
#define USHER_SERVING_USHERCTL_TERMINAL_H_

#include "absl/time/time.h"

namespace usher::ctl {

struct Terminal {
  int width = 100;      // In columns; lines are not longer when they can.
  bool styled = false;  // May bold and dim be used?
  // May a line of progress on standard error be written over?
  bool progress_in_place = false;
  // Times of another year than this one's show their year.
  absl::Time now = absl::UnixEpoch();
};

// Standard output as it is: a terminal's own width, or the width above; styled
// on a terminal only, and neither under NO_COLOR nor with TERM=dumb. Progress
// is written over when standard error is a terminal.
Terminal StandardOutput();

}  // namespace usher::ctl

#endif  // USHER_SERVING_USHERCTL_TERMINAL_H_
