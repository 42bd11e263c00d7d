#include "serving/exposure_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "index/base/hash.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

constexpr size_t kMaxBatch = 5000;
// Lists wait this long for others to share a transaction with, unless somebody
// waits for them.
constexpr absl::Duration kGathering = absl::Milliseconds(200);
// Old lists are looked for this often when nothing is written,
constexpr absl::Duration kTrimPeriod = absl::Seconds(60);
// and so many at most are deleted with each transaction: more than are written.
constexpr int64_t kMaxTrimmed = 2 * kMaxBatch;

}  // namespace

ExposureLog::ExposureLog(ExposureStore& store, const Clock& clock,
                         const ExposureLogOptions& options)
    : store_(store),
      clock_(clock),
      options_(options),
      thread_([this] { Run(); }) {}

ExposureLog::~ExposureLog() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

bool ExposureLog::Samples(absl::string_view recommendation_id) const {
  return static_cast<double>(Hash64(recommendation_id) >> 11) * 0x1.0p-53 <
         options_.sample_share;
}

void ExposureLog::Append(Exposure exposure) {
  absl::MutexLock lock(&mu_);
  if (queue_.size() >= options_.max_queued) return Drop(exposure);
  queue_.emplace_back(std::move(exposure));
}

void ExposureLog::Drop(const Exposure& exposure) {
  ++dropped_;
  for (const VariantName& name : exposure.variants) {
    ++drops_[{name.experiment, name.variant}];
    ++unwritten_drops_[{name.experiment, name.variant}];
  }
}

void ExposureLog::Show(std::string recommendation_id,
                       std::vector<int32_t> positions, Done done) {
  size_t waiting;
  {
    absl::MutexLock lock(&mu_);
    waiting = queue_.size();
    if (waiting < options_.max_queued) {
      ++awaited_;
      queue_.emplace_back(Shown{std::move(recommendation_id),
                                std::move(positions), std::move(done)});
      return;
    }
  }
  done(absl::ResourceExhaustedError(absl::StrCat(
      "the server is busy: ", waiting, " lists wait to be written")));
}

void ExposureLog::OnThread(absl::FunctionRef<void()> task) {
  absl::Notification ended;
  {
    absl::MutexLock lock(&mu_);
    ++awaited_;
    queue_.emplace_back(Task([&] {
      task();
      ended.Notify();
    }));
  }
  ended.WaitForNotification();
}

absl::Status ExposureLog::Read(
    absl::FunctionRef<absl::Status(ExposureStore& store)> read) {
  absl::Status status;
  if (store_.path() == ExposureStore::kMemory) {
    OnThread([&] { status = read(store_); });
    return status;
  }
  OnThread([] {});
  ASSIGN_OR_RETURN(const std::unique_ptr<ExposureStore> reader,
                   ExposureStore::OpenToRead(store_.path()));
  return read(*reader);
}

absl::StatusOr<int64_t> ExposureLog::ForgetUser(const std::string& user_id) {
  std::vector<int64_t> numbers;
  absl::Status status = Read([&](ExposureStore& store) -> absl::Status {
    ASSIGN_OR_RETURN(numbers, store.NumbersOf(user_id));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  absl::StatusOr<int64_t> lists = int64_t{0};
  OnThread([&] {
    status = store_.Begin();
    if (status.ok()) {
      lists = store_.ForgetUser(user_id, numbers);
      status = lists.status();
    }
    if (status.ok()) status = store_.Commit();
    if (!status.ok()) store_.Rollback();
    if (status.ok()) status = store_.DropOldPages();
  });
  RETURN_IF_ERROR(status);
  return lists;
}

int64_t ExposureLog::dropped() const {
  absl::MutexLock lock(&mu_);
  return dropped_;
}

ExposureLog::Drops ExposureLog::DroppedByVariant() const {
  absl::MutexLock lock(&mu_);
  return drops_;
}

bool ExposureLog::IsUrgent() const {
  return stopping_ || awaited_ > 0 ||
         queue_.size() >= std::min(kMaxBatch, options_.max_queued / 2);
}

void ExposureLog::Run() {
  std::vector<Entry> batch;
  Drops drops;
  while (Next(batch, drops)) {
    if (batch.size() == 1 && std::holds_alternative<Task>(batch.front())) {
      std::get<Task>(batch.front())();
    } else {
      WriteBatch(std::move(batch), drops);
    }
  }
}

bool ExposureLog::Next(std::vector<Entry>& batch, Drops& drops) {
  batch.clear();
  drops.clear();
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(this, &ExposureLog::HasWork),
                       kTrimPeriod);
  if (!queue_.empty()) {
    mu_.AwaitWithTimeout(absl::Condition(this, &ExposureLog::IsUrgent),
                         kGathering);
  }
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    const bool task = std::holds_alternative<Task>(queue_.front());
    if (task && !batch.empty()) break;  // Behind what was there before.
    if (!std::holds_alternative<Exposure>(queue_.front())) --awaited_;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (task) return true;
  }
  drops.swap(unwritten_drops_);
  return !stopping_ || !batch.empty() || !drops.empty();
}

void ExposureLog::WriteBatch(std::vector<Entry> batch, const Drops& drops) {
  std::vector<absl::Status> answers;
  absl::Status status = store_.Begin();
  if (status.ok()) status = Commit(batch, drops, answers);
  if (!status.ok()) {
    store_.Rollback();
    answers.assign(batch.size(), status);
    int64_t lost = 0;
    absl::MutexLock lock(&mu_);
    for (const Entry& entry : batch) {
      const Exposure* exposure = std::get_if<Exposure>(&entry);
      if (exposure == nullptr) continue;
      Drop(*exposure);
      ++lost;
    }
    spdlog::warn("{} lists that were served are not written down: {}", lost,
                 std::string(status.message()));
    for (const auto& [variant, lists] : drops) {
      unwritten_drops_[variant] += lists;
    }
    // At the end nothing follows that could write them.
    if (stopping_) unwritten_drops_.clear();
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (Shown* shown = std::get_if<Shown>(&batch[i])) shown->done(answers[i]);
  }
}

absl::Status ExposureLog::Commit(const std::vector<Entry>& batch,
                                 const Drops& drops,
                                 std::vector<absl::Status>& answers) {
  for (const Entry& entry : batch) {
    absl::Status& answer = answers.emplace_back();
    if (const Exposure* exposure = std::get_if<Exposure>(&entry)) {
      RETURN_IF_ERROR(store_.Put(*exposure));
    } else {
      const Shown& shown = std::get<Shown>(entry);
      answer = store_.Show(shown.recommendation_id, shown.positions);
    }
  }
  for (const auto& [variant, lists] : drops) {
    RETURN_IF_ERROR(store_.AddDropped({variant.first, variant.second}, lists));
  }
  RETURN_IF_ERROR(Trim());
  return store_.Commit();
}

absl::Status ExposureLog::Trim() {
  return store_
      .DeleteOldest(clock_.Now() - options_.retention, options_.max_lists,
                    kMaxTrimmed)
      .status();
}

}  // namespace usher
