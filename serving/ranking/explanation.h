// Why an event is where it is.
#ifndef USHER_SERVING_RANKING_EXPLANATION_H_
#define USHER_SERVING_RANKING_EXPLANATION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "index/artifact/snapshot.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/rank_events.h"

namespace usher {

// One feature's part in a score.
struct Contribution {
  Feature feature;
  float value = 0;
  float contribution = 0;
};

// What every score of the policy begins with: 0 for a linear one.
float BaseValue(const RankingPolicy& policy);

// Every feature with a part other than 0, the largest first. With BaseValue()
// they add up to the score.
std::vector<Contribution> Contributions(const RankedEvent& event,
                                        const RankingPolicy& policy);

// A reason that a person can read.
struct Reason {
  absl::string_view code;  // The feature's name; lives for ever.
  std::string text;
  float value = 0;
};

// Of an event, in an answer.
inline constexpr int kMaxReasons = 3;

// The at most `limit` strongest reasons in favour of the event, one about its
// organizer. Only what is true by itself, not for want of better events: one
// that begins soon begins within two days, a popular one has five commitments
// at least and is of the first tenth.
std::vector<Reason> Reasons(const RankedEvent& event,
                            const RankingPolicy& policy,
                            const Snapshot& snapshot, int limit);

// Reasons() of each of a list's events, faster.
std::vector<std::vector<Reason>> ReasonsOfList(
    absl::Span<const RankedEvent> events, const RankingPolicy& policy,
    const Snapshot& snapshot, int limit);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_EXPLANATION_H_
