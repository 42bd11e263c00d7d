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

// A version that could not be served, and the manifest that it had.
struct Refusal {
  std::string reason;
  uint64_t manifest = 0;  // Hash of its bytes.
};

// Picks the version to load, or nullopt to stay: the pinned one, else the one
// that CURRENT names, unless it is served already. Going back to a smaller
// number is a rollback and as good as any other. Pure.
std::optional<int64_t> NextVersion(std::optional<int64_t> serving,
                                   std::optional<int64_t> pinned,
                                   std::optional<int64_t> current);

// What there is to serve.
struct ListedVersion {
  int64_t version = 0;
  Micros created = kNoTime;  // kNoTime when its manifest cannot be read.
  std::string algorithm;
  bool current = false;  // CURRENT names it.
  bool serving = false;
  bool pinned = false;
  std::string refused;  // Why it is not served; empty: it was not refused.
};

struct ModelLoaderOptions {
  std::string model_dir;
  // What the server's own configuration replaces in a version's policy: a
  // RankingConfig as text.
  std::string ranking_config;
  Micros undated_lifetime = 0;  // For warming; as the publisher has it.
};

// Looks into the model directory and has published what it names, checked and
// warmed; the old model serves until the new one is ready. A version that is
// damaged or does not fit is refused with its reason and not tried again until
// its manifest changes or somebody asks for it; whatever is served stays. Any
// other trouble is tried again at the next look. Thread-safe; one call at a
// time loads.
class ModelLoader {
 public:
  // Borrows `publisher` and `clock`.
  ModelLoader(ModelLoaderOptions options, SnapshotPublisher& publisher,
              const Clock& clock);

  // One look. Returns the version if one was published now.
  std::optional<int64_t> RunOnce() ABSL_LOCKS_EXCLUDED(load_mu_, mu_);

  // Serves this version, whatever CURRENT says, until another is pinned; 0:
  // follows CURRENT again. When it returns, the version is served. NotFound
  // when there is none of that number, or with the reason of a refusal; then
  // nothing has changed.
  absl::Status Pin(int64_t version) ABSL_LOCKS_EXCLUDED(load_mu_, mu_);

  // Looks now, also at what was refused before. Returns what is served then;
  // with the reason when the version to serve cannot be.
  absl::StatusOr<int64_t> Reload() ABSL_LOCKS_EXCLUDED(load_mu_, mu_);

  // All published versions, ascending.
  absl::StatusOr<std::vector<ListedVersion>> List() const
      ABSL_LOCKS_EXCLUDED(mu_);

  // What an operator should know: a directory without a model, versions that
  // were refused.
  std::vector<std::string> Warnings() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  std::optional<int64_t> Current() ABSL_LOCKS_EXCLUDED(mu_);
  bool IsRefused(int64_t version) const ABSL_LOCKS_EXCLUDED(mu_);
  // Loads the version and publishes it; remembers a refusal.
  absl::Status Serve(int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(load_mu_);
  absl::Status Load(int64_t version);
  bool IsServing() const ABSL_LOCKS_EXCLUDED(mu_);
  // From the disk; beside requests that are answered, on a thread that gives
  // way to them.
  absl::Status LoadAnew(int64_t version);
  uint64_t ManifestHash(int64_t version) const;
  void Warm(const Snapshot& snapshot, const RankingPolicy& policy) const;

  // Constant after construction.
  const ModelLoaderOptions options_;
  SnapshotPublisher& publisher_;
  const Clock& clock_;

  // Held while a version is loaded.
  absl::Mutex load_mu_ ABSL_ACQUIRED_BEFORE(mu_);

  mutable absl::Mutex mu_;
  std::optional<int64_t> serving_ ABSL_GUARDED_BY(mu_);
  std::optional<int64_t> pinned_ ABSL_GUARDED_BY(mu_);
  std::string trouble_ ABSL_GUARDED_BY(mu_);     // With the directory.
  std::string last_error_ ABSL_GUARDED_BY(mu_);  // Logged once.
  std::map<int64_t, Refusal> refused_ ABSL_GUARDED_BY(mu_);
};

}  // namespace usher

#endif  // USHER_SERVING_MODEL_LOADER_H_
