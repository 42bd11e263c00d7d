// The one writer: whatever changes what is served goes through it.
#ifndef USHER_SERVING_SNAPSHOT_PUBLISHER_H_
#define USHER_SERVING_SNAPSHOT_PUBLISHER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "index/artifact/snapshot.h"
#include "index/state/state_store.h"
#include "serving/ranking/policy.h"
#include "serving/snapshot_holder.h"
#include "serving/state_write.h"

namespace usher {

struct SnapshotPublisherOptions {
  Micros undated_lifetime = 0;  // 0: events without a start never end.
  // Rows of writes that may wait; more are refused.
  size_t max_queued_rows = 200'000;
};

// Writes are committed to the state and published together, many to one commit:
// what waits while one group is being written is the next group. A write is
// answered when it is on the disk and the holder's snapshot has it. A new model
// version is brought up to the state's end beside the old one, and a long tail
// of new events is merged into a new index beside it. Thread-safe.
class SnapshotPublisher {
 public:
  // Called once, on the writer's thread.
  using Done = std::function<void(absl::StatusOr<WriteReceipt>)>;

  // Borrows both. Nobody else writes to `state` from now on, nor publishes.
  SnapshotPublisher(StateStore& state, SnapshotHolder& holder,
                    const SnapshotPublisherOptions& options);
  // Ends when everything that was submitted is answered.
  ~SnapshotPublisher();
  SnapshotPublisher(const SnapshotPublisher&) = delete;
  SnapshotPublisher& operator=(const SnapshotPublisher&) = delete;

  // Errors that `done` is called with: FailedPrecondition before the first
  // model, those of StateStore, and ResourceExhausted when too much waits.
  void Submit(StateWrite write, Done done) ABSL_LOCKS_EXCLUDED(mu_);

  // Submit(), and waits.
  absl::StatusOr<WriteReceipt> Write(StateWrite write) ABSL_LOCKS_EXCLUDED(mu_);

  // Brings an opened version into service, with all that the state has beyond
  // it. Returns when it is published; works mostly on the calling thread.
  absl::Status Adopt(Snapshot snapshot, const RankingPolicy& policy)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Reads the state as it is now: from a file with a connection of its own on
  // the calling thread, while the writer goes on; in memory on the writer's
  // thread, between two groups.
  absl::Status ReadState(
      absl::FunctionRef<absl::Status(StateStore& state)> read)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Where writes are kept, as --state has it.
  const std::string& state_path() const { return state_.path(); }
  // Of the last change that was committed.
  int64_t position() const { return position_.load(); }

 private:
  struct Waiting {
    StateWrite write;
    Done done;
  };
  struct Group {
    std::vector<Waiting> writes;
    std::vector<std::function<void()>> tasks;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty() || !tasks_.empty();
  }
  // False when there is no more to come.
  bool Next(Group& group) ABSL_LOCKS_EXCLUDED(mu_);
  // Runs `task` on the writer's thread between two groups, and waits for it.
  void OnWriter(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mu_);

  void WriteGroup(std::vector<Waiting> group);
  absl::Status Commit(const std::vector<Waiting>& group, Snapshot& snapshot,
                      std::vector<WriteReceipt>& receipts);
  void Publish();
  // Builds the index anew beside the writer when the tail has grown long.
  void MergeTail() ABSL_LOCKS_EXCLUDED(mu_);
  void TakeMerged(absl::StatusOr<Snapshot::WholeIndex> whole,
                  const LiveColumnsCache* columns);

  // Constant after construction.
  const SnapshotPublisherOptions options_;
  StateStore& state_;
  SnapshotHolder& holder_;

  // Of the writer's thread: what is published, as a copy that may be changed.
  std::optional<Snapshot> head_;
  std::shared_ptr<const LiveColumnsCache> columns_;  // Of the head's model.
  RankingPolicy policy_;
  std::thread merger_;  // Joinable while an index is being built.

  std::atomic<int64_t> position_;

  absl::Mutex mu_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  size_t queued_rows_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace usher

#endif  // USHER_SERVING_SNAPSHOT_PUBLISHER_H_
