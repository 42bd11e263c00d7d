#include "serving/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

// Of a source at one look: a flood of what is refused keeps nobody from work.
constexpr int kMostEvents = 64;

}  // namespace

WorkerPool::WorkerPool(const WorkerPoolOptions& options)
    : max_queued_(static_cast<size_t>(std::max(1, options.max_queued))) {
  const int threads = options.threads > 0 ? options.threads : HardwareThreads();
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mu_);
    draining_ = true;
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status WorkerPool::Submit(std::function<void()> work) {
  absl::MutexLock lock(&mu_);
  if (draining_) {
    return absl::UnavailableError("the server is shutting down");
  }
  if (queue_.size() >= max_queued_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the server is busy: ", queue_.size(), " calls are waiting already"));
  }
  Queue(std::move(work));
  return absl::OkStatus();
}

absl::Status WorkerPool::SubmitNextStep(std::function<void()> work) {
  absl::MutexLock lock(&mu_);
  if (draining_) {
    return absl::UnavailableError("the server is shutting down");
  }
  Queue(std::move(work));
  return absl::OkStatus();
}

bool WorkerPool::Drain(absl::Duration patience) {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  return mu_.AwaitWithTimeout(absl::Condition(this, &WorkerPool::Idle),
                              patience);
}

void WorkerPool::Settle() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &WorkerPool::Settled));
}

size_t WorkerPool::waiting() const {
  absl::MutexLock lock(&mu_);
  return queue_.size();
}

void WorkerPool::Attach(WorkSource& source) {
  absl::MutexLock lock(&mu_);
  USHER_CHECK(source_ == nullptr && looking_ == 0);
  source_ = &source;
}

void WorkerPool::Detach() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &WorkerPool::Detached));
}

void WorkerPool::Queue(std::function<void()> work) {
  queue_.push_back(std::move(work));
  WakeOneIfNeeded();
}

// Those at the source who are awake, and those who are being woken, look at the
// queue next. While the pool drains the source may be over at any time, and who
// is awake does what is left.
void WorkerPool::WakeOneIfNeeded() {
  if (source_ == nullptr || draining_) return;
  const int coming = looking_ - sleeping_ + wakes_;
  if (sleeping_ <= wakes_ || static_cast<int>(queue_.size()) <= coming) return;
  ++wakes_;
  source_->Wake();
}

// Takes what has happened; when that brought no work, the next thing, too.
void WorkerPool::LookAt(WorkSource& source) {
  const auto take = [&](const WorkSource::Event& event) {
    if (event.tag != nullptr) return source.Take(event);
    absl::MutexLock lock(&mu_);
    --wakes_;
  };
  for (int i = 0; i < kMostEvents; ++i) {
    const auto event = source.Next(/*wait=*/false);
    if (!event.has_value()) break;
    take(*event);
  }
  {
    absl::MutexLock lock(&mu_);
    if (!queue_.empty()) return;
    ++sleeping_;
  }
  const auto event = source.Next(/*wait=*/true);
  {
    absl::MutexLock lock(&mu_);
    --sleeping_;
  }
  if (event.has_value()) take(*event);
}

void WorkerPool::Run() {
  while (true) {
    WorkSource* source;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &WorkerPool::MayLook));
      source = source_;
      if (source != nullptr) ++looking_;
    }
    if (source != nullptr) LookAt(*source);
    std::function<void()> work;
    {
      absl::MutexLock lock(&mu_);
      if (source != nullptr) {
        --looking_;
        if (source->over()) source_ = nullptr;
      }
      if (queue_.empty()) {
        if (stopping_ && source_ == nullptr) return;
        continue;
      }
      work = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      // Who was awake may have taken what was to wake another.
      WakeOneIfNeeded();
    }
    work();
    work = nullptr;
    absl::MutexLock lock(&mu_);
    --running_;
  }
}

}  // namespace usher
