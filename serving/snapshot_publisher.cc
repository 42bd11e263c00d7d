#include "serving/snapshot_publisher.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "index/base/status_macros.h"
#include "serving/apply_write.h"

namespace usher {
namespace {

// A group is one transaction and one publication.
constexpr size_t kMaxGroupRows = 20'000;
// Minutes whose live columns follow the writes.
constexpr size_t kLiveMinutes = 16;
// Replaced snapshots are looked at this often when nothing is written.
constexpr absl::Duration kReclaimPeriod = absl::Seconds(1);

}  // namespace

SnapshotPublisher::SnapshotPublisher(StateStore& state, SnapshotHolder& holder,
                                     const SnapshotPublisherOptions& options)
    : options_(options),
      state_(state),
      holder_(holder),
      position_(state.position()),
      thread_([this] { Run(); }) {}

SnapshotPublisher::~SnapshotPublisher() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
  if (merger_.joinable()) merger_.join();
}

void SnapshotPublisher::Submit(StateWrite write, Done done) {
  const size_t rows = NumRows(write);
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    if (queued_rows_ > 0 && queued_rows_ + rows > options_.max_queued_rows) {
      refused = absl::ResourceExhaustedError(absl::StrCat(
          "the server is busy: ", queued_rows_, " rows wait to be written"));
    } else {
      queued_rows_ += rows;
      queue_.push_back({std::move(write), std::move(done)});
    }
  }
  if (!refused.ok()) done(refused);
}

absl::StatusOr<WriteReceipt> SnapshotPublisher::Write(StateWrite write) {
  absl::StatusOr<WriteReceipt> result;
  absl::Notification ended;
  Submit(std::move(write), [&](absl::StatusOr<WriteReceipt> receipt) {
    result = std::move(receipt);
    ended.Notify();
  });
  ended.WaitForNotification();
  return result;
}

void SnapshotPublisher::OnWriter(std::function<void()> task) {
  absl::Notification ended;
  {
    absl::MutexLock lock(&mu_);
    tasks_.push_back([&] {
      task();
      ended.Notify();
    });
  }
  ended.WaitForNotification();
}

absl::Status SnapshotPublisher::Adopt(Snapshot snapshot,
                                      const RankingPolicy& policy) {
  int64_t reached = TrainedPosition(snapshot.info, state_);
  if (state_.path() != StateStore::kMemory && position_.load() > reached) {
    ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> reader,
                     StateStore::OpenToRead(state_.path()));
    RETURN_IF_ERROR(
        ApplyState(*reader, {reached, reader->position()}, snapshot));
    reached = reader->position();
  }
  absl::Status adopted;
  OnWriter([&] {
    // A state that was put back to an older copy goes on behind the version.
    state_.SkipTo(reached);
    adopted = ApplyState(state_, {reached, state_.position()}, snapshot);
    if (!adopted.ok()) return;
    head_ = std::move(snapshot);
    policy_ = policy;
    columns_ = std::make_shared<const LiveColumnsCache>(
        kLiveMinutes, options_.undated_lifetime);
    Publish();
  });
  return adopted;
}

void SnapshotPublisher::Run() {
  Group group;
  while (Next(group)) {
    for (const std::function<void()>& task : group.tasks) task();
    if (!group.writes.empty()) WriteGroup(std::move(group.writes));
    MergeTail();
    holder_.Reclaim();
  }
}

bool SnapshotPublisher::Next(Group& group) {
  group = Group();
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(this, &SnapshotPublisher::HasWork),
                       kReclaimPeriod);
  group.tasks.swap(tasks_);
  size_t rows = 0;
  while (!queue_.empty() && rows < kMaxGroupRows) {
    rows += NumRows(queue_.front().write);
    group.writes.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_rows_ -= rows;
  return !stopping_ || !group.tasks.empty() || !group.writes.empty();
}

void SnapshotPublisher::WriteGroup(std::vector<Waiting> group) {
  std::vector<WriteReceipt> receipts;
  absl::Status status = ErrorOfNoModel();
  if (head_.has_value()) {
    Snapshot next = head_->Share();
    status = Commit(group, next, receipts);
    if (status.ok()) {
      head_ = std::move(next);
      position_.store(state_.position());
      Publish();
    }
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (status.ok()) {
      group[i].done(receipts[i]);
    } else {
      group[i].done(status);
    }
  }
}

absl::Status SnapshotPublisher::Commit(const std::vector<Waiting>& group,
                                       Snapshot& snapshot,
                                       std::vector<WriteReceipt>& receipts) {
  absl::Status status = state_.Begin();
  for (size_t i = 0; status.ok() && i < group.size(); ++i) {
    const absl::StatusOr<WriteReceipt> receipt =
        ApplyWrite(group[i].write, state_, snapshot);
    status = receipt.status();
    if (status.ok()) receipts.push_back(*receipt);
  }
  if (status.ok()) status = state_.Commit();
  if (!status.ok()) state_.Rollback();
  return status;
}

void SnapshotPublisher::MergeTail() {
  if (!head_.has_value() || merger_.joinable() || !head_->TailIsLong()) return;
  merger_ = std::thread(
      [this, columns = columns_,
       snapshot = std::make_shared<const Snapshot>(head_->Share())] {
        absl::StatusOr<Snapshot::WholeIndex> whole = snapshot->IndexWhole();
        absl::MutexLock lock(&mu_);
        tasks_.push_back([this, columns, whole = std::move(whole)] {
          TakeMerged(whole, columns.get());
        });
      });
}

void SnapshotPublisher::TakeMerged(absl::StatusOr<Snapshot::WholeIndex> whole,
                                   const LiveColumnsCache* columns) {
  merger_.join();
  if (!whole.ok()) {
    spdlog::error("new events could not be merged into the index: {}",
                  std::string(whole.status().message()));
    return;
  }
  // Another model may have come meanwhile.
  if (columns != columns_.get() || !head_->Take(*std::move(whole))) return;
  Publish();
}

void SnapshotPublisher::Publish() {
  holder_.Publish(
      std::make_shared<const Served>(head_->Share(), policy_, columns_));
}

}  // namespace usher
