#include "serving/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/base/parallel.h"

namespace usher {

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
  queue_.push_back(std::move(work));
  return absl::OkStatus();
}

absl::Status WorkerPool::SubmitNextStep(std::function<void()> work) {
  absl::MutexLock lock(&mu_);
  if (draining_) {
    return absl::UnavailableError("the server is shutting down");
  }
  queue_.push_back(std::move(work));
  return absl::OkStatus();
}

bool WorkerPool::Drain(absl::Duration patience) {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  return mu_.AwaitWithTimeout(absl::Condition(this, &WorkerPool::Idle),
                              patience);
}

size_t WorkerPool::waiting() const {
  absl::MutexLock lock(&mu_);
  return queue_.size();
}

void WorkerPool::Run() {
  while (true) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &WorkerPool::HasWork));
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    work();
    work = nullptr;
    absl::MutexLock lock(&mu_);
    --running_;
  }
}

}  // namespace usher
