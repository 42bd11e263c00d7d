// Lists for everybody, made ahead.
#ifndef USHER_SERVING_PRECOMPUTE_PRECOMPUTE_H_
#define USHER_SERVING_PRECOMPUTE_PRECOMPUTE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "index/artifact/snapshot.h"
#include "index/base/clock.h"
#include "serving/lists/redis.h"
#include "serving/precompute/list_sink.h"
#include "serving/ranking/policy.h"
#include "serving/ranking/similar_users.h"

namespace usher {

enum class ListWhat { kEvents, kUsers };

struct PrecomputeOptions {
  std::string model_dir;
  std::string state;           // Empty: none.
  std::string ranking_config;  // As the server has it; empty: the version's.
  Micros undated_lifetime = 0;
  ListWhat what = ListWhat::kEvents;
  SimilarityBasis basis = SimilarityBasis::kTaste;
  int top = 100;
  std::optional<std::vector<std::string>> user_ids;  // Unset: everybody.
  std::optional<Micros> now;                         // Unset: the clock's.
  int threads = 0;                                   // 0: all of the machine.
  // One of the two.
  std::optional<RedisAddress> redis;
  std::string out;
  std::string name_space = "default";
  absl::Duration time_to_live = absl::Hours(24);
};

struct PrecomputeReport {
  std::string batch;
  int64_t model_version = 0;
  int64_t users = 0;    // With a list in the batch.
  int64_t earlier = 0;  // Of these by an earlier, unfinished run.
  int64_t unknown = 0;  // Of user_ids, when users are what is listed.
  double seconds = 0;   // Of ranking and writing.
};

// Makes the lists of a batch and shows them. InvalidArgument, NotFound and the
// like say which option is wrong; Unavailable and ResourceExhausted mean that
// the same options go on later with what is done.
absl::StatusOr<PrecomputeReport> Precompute(const PrecomputeOptions& options,
                                            const Clock& clock);

// The snapshot and policy that lists are made from: what a server of the same
// directory, state and configuration would answer with.
struct PrecomputeInput {
  Snapshot snapshot;
  RankingPolicy policy;
};
absl::StatusOr<PrecomputeInput> OpenInput(const PrecomputeOptions& options);

// The same with its parts given, for tests: users are worked on in the order of
// their ids, chunk by chunk, and each chunk goes to the sink.
absl::StatusOr<PrecomputeReport> PrecomputeInto(
    const PrecomputeOptions& options, const PrecomputeInput& input,
    const Clock& clock, ListSink& sink);

}  // namespace usher

#endif  // USHER_SERVING_PRECOMPUTE_PRECOMPUTE_H_
