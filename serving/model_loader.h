// Brings published model versions into service.
#ifndef USHER_SERVING_MODEL_LOADER_H_
#define USHER_SERVING_MODEL_LOADER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "index/base/clock.h"
#include "serving/snapshot_publisher.h"

namespace usher {

// Picks the version to load, or nullopt to stay: the one that CURRENT names,
// unless it is served already or was refused. Going back to a smaller number is
// a rollback and as good as any other. Pure.
std::optional<int64_t> NextVersion(
    std::optional<int64_t> serving, std::optional<int64_t> current,
    const std::map<int64_t, std::string>& refused);

struct ModelLoaderOptions {
  std::string model_dir;
  // What the server's own configuration replaces in a version's policy: a
  // RankingConfig as text.
  std::string ranking_config;
  Micros undated_lifetime = 0;  // For warming; as the publisher has it.
};

// Looks into the model directory and has published what it names, checked and
// warmed; the old model serves until the new one is ready. A version that
// cannot be served is refused with its reason and not tried again, whatever is
// served stays. One thread calls RunOnce(); the rest is thread-safe.
class ModelLoader {
 public:
  // Borrows `publisher` and `clock`.
  ModelLoader(ModelLoaderOptions options, SnapshotPublisher& publisher,
              const Clock& clock);

  // One look. Returns the version if one was published now.
  std::optional<int64_t> RunOnce() ABSL_LOCKS_EXCLUDED(mu_);

  // What an operator should know: a directory without a model, versions that
  // were refused.
  std::vector<std::string> Warnings() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  std::optional<int64_t> Current() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Load(int64_t version);
  void Warm(const Snapshot& snapshot, const RankingPolicy& policy) const;

  // Constant after construction.
  const ModelLoaderOptions options_;
  SnapshotPublisher& publisher_;
  const Clock& clock_;

  // Of the thread that calls RunOnce().
  std::optional<int64_t> serving_;

  mutable absl::Mutex mu_;
  std::string trouble_ ABSL_GUARDED_BY(mu_);  // With the directory.
  std::map<int64_t, std::string> refused_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_MODEL_LOADER_H_
