// A snapshot made by hand, with something in every table.
#ifndef USHER_TESTS_INDEX_ARTIFACT_SMALL_SNAPSHOT_H_
#define USHER_TESTS_INDEX_ARTIFACT_SMALL_SNAPSHOT_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "index/artifact/snapshot.h"
#include "index/artifact/version.h"

namespace usher {

// `events` events (some deleted, some never described), `events` / 2 users and
// a model with made-up factors. The same `seed`, the same snapshot.
Snapshot SmallSnapshot(int events = 40, uint64_t seed = 1);

// The same of 40 events, with what `change` makes of the model.
Snapshot SmallSnapshotWith(
    absl::FunctionRef<void(const Catalog& catalog, HybridModel& model)> change);

// Made-up numbers.
Factors RandomFactors(size_t rows, size_t dim, uint64_t seed);

TrainingRecord SmallRecord();

// A directory that is gone after the test.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace usher

#endif  // USHER_TESTS_INDEX_ARTIFACT_SMALL_SNAPSHOT_H_
