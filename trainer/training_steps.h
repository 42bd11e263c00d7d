// What training says while it goes on.
#ifndef USHER_TRAINER_TRAINING_STEPS_H_
#define USHER_TRAINER_TRAINING_STEPS_H_

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "index/base/clock.h"
#include "trainer/train_hybrid.h"

namespace usher {

// Says what is done, how far it is, and how long it took. `log` must outlive
// it. Single-threaded.
class TrainingSteps {
 public:
  explicit TrainingSteps(const TrainingLog& log)
      : log_(log), start_(Clock::System().Now()) {}

  void Done(absl::string_view what) {
    const Micros now = Clock::System().Now();
    Say(absl::StrFormat("%6.2f s  %s", static_cast<double>(now - start_) / 1e6,
                        what));
    start_ = now;
  }
  void Say(absl::string_view line) {
    if (log_.line) log_.line(line);
  }
  void Begin(absl::string_view what) { Progress(what, 0, 0); }
  void Progress(absl::string_view what, int64_t done, int64_t total) {
    if (log_.progress) log_.progress(what, done, total);
  }

 private:
  const TrainingLog& log_;
  Micros start_;
};

}  // namespace usher

#endif  // USHER_TRAINER_TRAINING_STEPS_H_
