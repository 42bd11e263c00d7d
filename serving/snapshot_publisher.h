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
#include "absl/time/time.h"
#include "index/artifact/snapshot.h"
#include "index/base/clock.h"
#include "index/state/state_store.h"
#include "serving/ranking/policy.h"
#include "serving/snapshot_holder.h"
#include "serving/state_write.h"

namespace usher {

struct SnapshotPublisherOptions {
  Micros undated_lifetime = 0;  // 0: events without a start never end.
  // Rows of writes that may wait; more are refused.
  size_t max_queued_rows = 200'000;
  const Clock* clock = &Clock::System();  // For how long they have waited.
};

// How far the writer is behind its callers.
struct WriterLag {
  size_t rows_waiting = 0;  // Also those that are being written.
  Micros oldest = kNoTime;  // When the first of them was submitted.
  Micros last_commit = kNoTime;
};

// Writes are committed to the state and published together, many to one commit:
// what waits while one group is being written is the next group. A write is
// answered when it is on the disk and the holder's snapshot has it. A new model
// version is brought up to the state's end beside the old one, and a long tail
// of new events is merged into a new index beside it. Thread-safe.
class SnapshotPublisher {
 public:
  // Called once, mostly on the writer's thread.
  using Done = std::function<void(absl::StatusOr<WriteReceipt>)>;
  // OK while somebody waits for the write; may be empty: always.
  using Wanted = std::function<absl::Status()>;

  // Borrows both. Nobody else writes to `state` from now on, nor publishes.
  // `forgotten` are those that no version may show; those of the state belong
  // to them.
  SnapshotPublisher(StateStore& state, SnapshotHolder& holder,
                    const SnapshotPublisherOptions& options,
                    ForgottenUsers forgotten = {});
  // Ends when everything that was submitted is answered.
  ~SnapshotPublisher();
  SnapshotPublisher(const SnapshotPublisher&) = delete;
  SnapshotPublisher& operator=(const SnapshotPublisher&) = delete;

  // Errors that `done` is called with: FailedPrecondition before the first
  // model, those of StateStore; on the caller's thread ResourceExhausted when
  // too much waits and Unavailable after Drain() began; and the one of
  // `wanted`, which is asked on the writer's thread when the write's turn
  // comes: what nobody waits for any more is not written.
  void Submit(StateWrite write, Done done, Wanted wanted = nullptr)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Submit(), and waits.
  absl::StatusOr<WriteReceipt> Write(StateWrite write) ABSL_LOCKS_EXCLUDED(mu_);

  // Brings an opened version into service, with all that the state has beyond
  // it. Returns when it is published; works mostly on the calling thread.
  // Live columns are ready for the minute of `now`.
  absl::Status Adopt(Snapshot snapshot, const RankingPolicy& policy, Micros now)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Takes no more writes (Unavailable) and waits until all that were submitted
  // are answered, or `patience` is over. Returns whether all are.
  bool Drain(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mu_);

  WriterLag lag() const ABSL_LOCKS_EXCLUDED(mu_);

  // Brings the version back that the present one has replaced, if it is this
  // one: it is still in memory and lacks only what was written since. False
  // when it is not.
  absl::StatusOr<bool> GoBack(int64_t version) ABSL_LOCKS_EXCLUDED(mu_);

  // Runs `read` over the state as it is now, beside the writer; where it is in
  // memory only, on the writer's thread.
  absl::Status ReadState(absl::FunctionRef<absl::Status(StateStore&)> read)
      ABSL_LOCKS_EXCLUDED(mu_);
  // What was deleted from the state leaves its files.
  absl::Status DropOldPages() ABSL_LOCKS_EXCLUDED(mu_);

  std::shared_ptr<const ForgottenUsers> forgotten() const
      ABSL_LOCKS_EXCLUDED(mu_);
  // Where writes are kept, as --state has it.
  const std::string& state_path() const { return state_.path(); }
  // Of the last change that was committed.
  int64_t position() const { return position_.load(); }
  // Rows of the state that were passed over when the last version was brought
  // up to its end.
  int64_t damaged_rows() const { return damaged_rows_.load(); }

 private:
  struct Waiting {
    StateWrite write;
    Done done;
    Wanted wanted;
    Micros submitted = kNoTime;
  };
  // One version, and what the state has made of it.
  struct Model {
    Snapshot snapshot;
    RankingPolicy policy;
    std::shared_ptr<const LiveColumnsCache> columns;
    std::shared_ptr<const PeopleCache> people;
    int64_t position = 0;  // Of the last row of the state that it has.
    std::shared_ptr<const ForgottenUsers>
        forgotten;  // Whom it knows nothing of.
  };
  struct Group {
    std::vector<Waiting> writes;
    std::vector<std::function<void()>> tasks;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty() || !tasks_.empty();
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return queue_.empty() && tasks_.empty() && !writing_;
  }
  // Waits no longer than `patience`: then the group is empty. False when there
  // is no more to come.
  bool Next(absl::Duration patience, Group& group) ABSL_LOCKS_EXCLUDED(mu_);
  // Runs `task` on the writer's thread between two groups, and waits for it.
  void OnWriter(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mu_);

  void TellDamage(const DamagedRows& damaged);
  // Answers those that nobody waits for, and takes them out.
  static void DropUnwanted(std::vector<Waiting>& group);
  void WriteGroup(std::vector<Waiting> group);
  void Remember(const std::vector<Waiting>& group) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Commit(const std::vector<Waiting>& group, Snapshot& snapshot,
                      std::vector<WriteReceipt>& receipts);
  // Brings the model up to the state's end and publishes it, with its view of
  // the minute of `now`.
  absl::Status Serve(Model model, Micros now);
  std::shared_ptr<const Served> ServedHead();
  void Publish();
  // Builds the index anew beside the writer when the tail has grown long.
  void MergeTail() ABSL_LOCKS_EXCLUDED(mu_);
  void TakeMerged(absl::StatusOr<Snapshot::WholeIndex> whole,
                  const LiveColumnsCache* columns);

  // Constant after construction.
  const SnapshotPublisherOptions options_;
  StateStore& state_;
  SnapshotHolder& holder_;

  // Of the writer's thread.
  std::optional<Model> head_;      // What is published, to be changed.
  std::optional<Model> replaced_;  // What the head has replaced, if any.
  std::thread merger_;             // Joinable while an index is being built.

  std::atomic<int64_t> position_;
  std::atomic<Micros> last_commit_{kNoTime};
  std::atomic<int64_t> damaged_rows_{0};

  mutable absl::Mutex mu_;
  // Replaced by the writer only.
  std::shared_ptr<const ForgottenUsers> forgotten_ ABSL_GUARDED_BY(mu_);
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  size_t queued_rows_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  // Of the group that was taken from the queue last.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  size_t writing_rows_ ABSL_GUARDED_BY(mu_) = 0;
  Micros writing_oldest_ ABSL_GUARDED_BY(mu_) = kNoTime;

  std::thread thread_;
};

}  // namespace usher

#endif  // USHER_SERVING_SNAPSHOT_PUBLISHER_H_
