// What kind of data this is.
#ifndef USHER_TRAINER_DATA_PROFILE_H_
#define USHER_TRAINER_DATA_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "index/catalog/catalog.h"
#include "serving/ranking/policy.h"

namespace usher {

// Counts that decide what can be learned.
struct DataProfile {
  int64_t events = 0;
  int64_t users = 0;
  int64_t actions = 0;
  int64_t dated_actions = 0;
  int64_t timed_events = 0;      // With a start.
  int64_t placed_events = 0;     // With coordinates.
  int64_t described_events = 0;  // With any text.
  int64_t organized_events = 0;  // With an organizer.
  int64_t placed_users = 0;
  int64_t follows = 0;

  // Ids and pairs, nothing else: no organizers and no starts.
  bool purely_collaborative() const {
    return organized_events == 0 && timed_events == 0;
  }
};

DataProfile ProfileOf(const Catalog& catalog);

// The policy that fits the data: the defaults, or on purely collaborative data
// the factorization's score alone, with popularity as the tie-breaker.
RankingPolicy DefaultPolicyFor(const DataProfile& profile);

// One sentence each on what was found, for the log and the manifest.
std::vector<std::string> Describe(const DataProfile& profile);

}  // namespace usher

#endif  // USHER_TRAINER_DATA_PROFILE_H_
