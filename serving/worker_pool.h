// The threads that answer calls.
#ifndef USHER_SERVING_WORKER_POOL_H_
#define USHER_SERVING_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace usher {

struct WorkerPoolOptions {
  int threads = 0;  // 0: one a core.
  // Calls that may wait for a thread. More would only wait longer than their
  // callers do.
  int max_queued = 1024;
};

// Runs calls in the order of their arrival on a fixed number of threads.
// Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(const WorkerPoolOptions& options);
  // Runs what is queued, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // ResourceExhausted when too many are waiting, Unavailable after Drain()
  // began; `work` is then not run.
  absl::Status Submit(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mu_);

  // The next step of a call that was let in: it is not refused for lack of
  // room. At most one step of a call may wait. Unavailable as above.
  absl::Status SubmitNextStep(std::function<void()> work)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Takes no more work and waits until all is done, or `patience` is over.
  // Returns whether all is done.
  bool Drain(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mu_);

  // How many wait for a thread, and how many may.
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t max_waiting() const { return max_queued_; }

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty();
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return queue_.empty() && running_ == 0;
  }

  const size_t max_queued_;
  mutable absl::Mutex mu_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace usher

#endif  // USHER_SERVING_WORKER_POOL_H_
