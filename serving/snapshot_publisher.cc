#include "serving/snapshot_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "index/base/status_macros.h"
#include "serving/apply_write.h"
#include "serving/background_thread.h"
#include "serving/log_line.h"

namespace usher {
namespace {

// A group is one transaction and one publication.
constexpr size_t kMaxGroupRows = 20'000;
// Minutes whose live columns follow the writes.
constexpr size_t kLiveMinutes = 16;
// Replaced snapshots are looked at this often when nothing is written.
constexpr absl::Duration kReclaimPeriod = absl::Seconds(1);
// Between the pieces of what the state does while nothing is written.
constexpr absl::Duration kBetweenRests = absl::Milliseconds(10);

}  // namespace

SnapshotPublisher::SnapshotPublisher(StateStore& state, SnapshotHolder& holder,
                                     const SnapshotPublisherOptions& options,
                                     ForgottenUsers forgotten)
    : options_(options),
      state_(state),
      holder_(holder),
      position_(state.position()),
      forgotten_(std::make_shared<const ForgottenUsers>(std::move(forgotten))),
      thread_([this] { Run(); }) {}

SnapshotPublisher::~SnapshotPublisher() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
  if (merger_.joinable()) merger_.join();
}

void SnapshotPublisher::Submit(StateWrite write, Done done, Wanted wanted) {
  const size_t rows = NumRows(write);
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    if (draining_) {
      refused = absl::UnavailableError("the server is shutting down");
    } else if (queued_rows_ > 0 &&
               queued_rows_ + rows > options_.max_queued_rows) {
      refused = absl::ResourceExhaustedError(absl::StrCat(
          "the server is busy: ", queued_rows_, " rows wait to be written"));
    } else {
      queued_rows_ += rows;
      queue_.push_back({std::move(write), std::move(done), std::move(wanted),
                        options_.clock->Now()});
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

absl::Status SnapshotPublisher::ReadState(
    absl::FunctionRef<absl::Status(StateStore&)> read) {
  if (state_.path() != StateStore::kMemory) {
    ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> reader,
                     StateStore::OpenToRead(state_.path()));
    return read(*reader);
  }
  absl::Status status;
  OnWriter([&] { status = read(state_); });
  return status;
}

absl::Status SnapshotPublisher::DropOldPages() {
  absl::Status status;
  OnWriter([&] { status = state_.DropOldPages(); });
  return status;
}

std::shared_ptr<const ForgottenUsers> SnapshotPublisher::forgotten() const {
  absl::MutexLock lock(&mu_);
  return forgotten_;
}

void SnapshotPublisher::TellDamage(const DamagedRows& damaged) {
  damaged_rows_.store(damaged.rows);
  for (const std::string& row : damaged.told) {
    spdlog::error(LogLine("state_row_damaged").Add("text", row).text());
  }
}

absl::Status SnapshotPublisher::Adopt(Snapshot snapshot,
                                      const RankingPolicy& policy, Micros now) {
  Model model;
  model.forgotten = forgotten();
  ApplyForgotten(*model.forgotten, snapshot);
  RETURN_IF_ERROR(ReadState([&](StateStore& state) -> absl::Status {
    RETURN_IF_ERROR(CatchUp(state, *model.forgotten, snapshot));
    model.position =
        std::max(TrainedPosition(snapshot.info, state), state.position());
    TellDamage(state.damaged());
    return absl::OkStatus();
  }));
  model.snapshot = std::move(snapshot);
  model.policy = policy;
  model.columns = std::make_shared<const LiveColumnsCache>(
      kLiveMinutes, options_.undated_lifetime);
  model.people = std::make_shared<const PeopleCache>();
  model.columns->At(model.snapshot.catalog, MinuteOf(now));
  absl::Status adopted;
  OnWriter([&] { adopted = Serve(std::move(model), now); });
  return adopted;
}

absl::StatusOr<bool> SnapshotPublisher::GoBack(int64_t version) {
  absl::StatusOr<bool> done = false;
  OnWriter([&] {
    if (!replaced_.has_value() || replaced_->snapshot.info.version != version) {
      return;
    }
    Model model = *std::move(replaced_);
    replaced_.reset();
    const absl::Status served = Serve(std::move(model), options_.clock->Now());
    done = served.ok() ? absl::StatusOr<bool>(true) : served;
  });
  return done;
}

absl::Status SnapshotPublisher::Serve(Model model, Micros now) {
  // A state that was put back to an older copy goes on behind the version.
  state_.SkipTo(model.position);
  const std::shared_ptr<const ForgottenUsers> all = forgotten();
  RETURN_IF_ERROR(ApplyState(state_, {model.position, state_.position()}, *all,
                             model.snapshot));
  if (all != model.forgotten) ApplyForgotten(*all, model.snapshot);
  model.forgotten = all;
  model.position = state_.position();
  if (head_.has_value()) replaced_ = *std::move(head_);
  head_ = std::move(model);
  const std::shared_ptr<const Served> served = ServedHead();
  // Else the first request would wait for it.
  served->ViewAt(now, served->policy());
  holder_.Publish(served);
  return absl::OkStatus();
}

bool SnapshotPublisher::Drain(absl::Duration patience) {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  return mu_.AwaitWithTimeout(absl::Condition(this, &SnapshotPublisher::Idle),
                              patience);
}

WriterLag SnapshotPublisher::lag() const {
  WriterLag lag;
  lag.last_commit = last_commit_.load();
  absl::MutexLock lock(&mu_);
  lag.rows_waiting = queued_rows_ + writing_rows_;
  if (writing_rows_ > 0) {
    lag.oldest = writing_oldest_;
  } else if (!queue_.empty()) {
    lag.oldest = queue_.front().submitted;
  }
  return lag;
}

void SnapshotPublisher::Run() {
  Group group;
  bool rest = true;
  while (Next(rest ? kBetweenRests : kReclaimPeriod, group)) {
    const bool idle = group.tasks.empty() && group.writes.empty();
    rest = !idle || state_.Rest();
    for (const std::function<void()>& task : group.tasks) task();
    DropUnwanted(group.writes);
    if (!group.writes.empty()) WriteGroup(std::move(group.writes));
    {
      absl::MutexLock lock(&mu_);
      writing_ = false;
      writing_rows_ = 0;
    }
    MergeTail();
    holder_.Reclaim();
  }
}

bool SnapshotPublisher::Next(absl::Duration patience, Group& group) {
  group = Group();
  absl::MutexLock lock(&mu_);
  writing_ = false;
  mu_.AwaitWithTimeout(absl::Condition(this, &SnapshotPublisher::HasWork),
                       patience);
  group.tasks.swap(tasks_);
  size_t rows = 0;
  while (!queue_.empty() && rows < kMaxGroupRows) {
    rows += NumRows(queue_.front().write);
    group.writes.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_rows_ -= rows;
  writing_ = !group.tasks.empty() || !group.writes.empty();
  writing_rows_ = rows;
  if (!group.writes.empty()) writing_oldest_ = group.writes.front().submitted;
  return !stopping_ || !group.tasks.empty() || !group.writes.empty();
}

void SnapshotPublisher::DropUnwanted(std::vector<Waiting>& group) {
  std::erase_if(group, [](const Waiting& waiting) {
    if (!waiting.wanted) return false;
    const absl::Status wanted = waiting.wanted();
    if (!wanted.ok()) waiting.done(wanted);
    return !wanted.ok();
  });
}

void SnapshotPublisher::WriteGroup(std::vector<Waiting> group) {
  Remember(group);
  std::vector<WriteReceipt> receipts;
  absl::Status status = ErrorOfNoModel();
  if (head_.has_value()) {
    Snapshot next = head_->snapshot.Share();
    status = Commit(group, next, receipts);
    if (status.ok()) {
      head_->snapshot = std::move(next);
      head_->position = state_.position();
      head_->forgotten = forgotten();
      position_.store(state_.position());
      last_commit_.store(options_.clock->Now());
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

// Before anything else of the group: what it says of them is not kept.
void SnapshotPublisher::Remember(const std::vector<Waiting>& group) {
  std::shared_ptr<ForgottenUsers> more;
  for (const Waiting& waiting : group) {
    const auto* const erasure = std::get_if<UserErasure>(&waiting.write);
    if (erasure == nullptr) continue;
    if (more == nullptr) more = std::make_shared<ForgottenUsers>(*forgotten());
    more->Add(erasure->tombstone);
  }
  if (more == nullptr) return;
  absl::MutexLock lock(&mu_);
  forgotten_ = std::move(more);
}

absl::Status SnapshotPublisher::Commit(const std::vector<Waiting>& group,
                                       Snapshot& snapshot,
                                       std::vector<WriteReceipt>& receipts) {
  const std::shared_ptr<const ForgottenUsers> forgotten = this->forgotten();
  std::vector<const StateWrite*> writes;
  for (const Waiting& waiting : group) writes.push_back(&waiting.write);
  InteractionRecorder recorder(snapshot);
  absl::Status status = state_.Begin();
  if (status.ok()) {
    status =
        ApplyWrites(writes, *forgotten, state_, snapshot, recorder, receipts);
  }
  if (status.ok()) status = state_.Commit();
  if (status.ok()) {
    recorder.Wait();
  } else {
    state_.Rollback();
  }
  return status;
}

void SnapshotPublisher::MergeTail() {
  if (!head_.has_value() || merger_.joinable() ||
      !head_->snapshot.TailIsLong()) {
    return;
  }
  merger_ = StartBackgroundThread(
      [this, columns = head_->columns,
       snapshot = std::make_shared<const Snapshot>(head_->snapshot.Share())] {
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
  if (columns != head_->columns.get() ||
      !head_->snapshot.Take(*std::move(whole))) {
    return;
  }
  Publish();
}

void SnapshotPublisher::Publish() { holder_.Publish(ServedHead()); }

std::shared_ptr<const Served> SnapshotPublisher::ServedHead() {
  return std::make_shared<const Served>(head_->snapshot.Share(), head_->policy,
                                        head_->columns, state_.position(),
                                        forgotten(), head_->people);
}

}  // namespace usher
