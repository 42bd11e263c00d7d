// Where the time of one ranking went.
#ifndef USHER_SERVING_RANKING_STAGE_TIMES_H_
#define USHER_SERVING_RANKING_STAGE_TIMES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace usher {

enum class Stage : uint8_t {
  kAssign,      // Experiments: the variant and its policy.
  kView,        // The live view of the minute.
  kList,        // A list that was made before.
  kUser,        // The user's state, folded in where it is new.
  kCandidates,  // Filter, and candidates from every source.
  kRank,        // Features, scores, rules and diversity.
  kFinalCheck,  // Each result once more against the live state.
};
inline constexpr int kNumStages = 7;

constexpr absl::string_view StageName(Stage stage) {
  constexpr absl::string_view kNames[] = {
      "assign", "view", "list", "user", "candidates", "rank", "final_check"};
  return kNames[static_cast<size_t>(stage)];
}

// The instants are the caller's: ranking itself reads no clock, and a ranking
// whose stages nobody times is the same ranking. Not thread-safe.
class StageTimes {
 public:
  // Nanoseconds of a clock that never goes back.
  using Clock = int64_t (*)();

  explicit StageTimes(Clock clock) : clock_(clock), last_(clock()) {}

  // What has passed since the last End() was spent on `stage`.
  void End(Stage stage) {
    const int64_t now = clock_();
    spent_[static_cast<size_t>(stage)] += now - last_;
    ended_[static_cast<size_t>(stage)] = true;
    last_ = now;
  }

  bool ended(Stage stage) const { return ended_[static_cast<size_t>(stage)]; }
  int64_t nanoseconds(Stage stage) const {
    return spent_[static_cast<size_t>(stage)];
  }

 private:
  const Clock clock_;
  int64_t last_;
  std::array<int64_t, kNumStages> spent_{};
  std::array<bool, kNumStages> ended_{};
};

}  // namespace usher

#endif  // USHER_SERVING_RANKING_STAGE_TIMES_H_
