// The threads that answer calls.
#ifndef USHER_SERVING_WORKER_POOL_H_
#define USHER_SERVING_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
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

// Where a pool's threads look for work themselves, such as what callers send:
// no thread has to be there to hand it over. Thread-safe.
class WorkSource {
 public:
  // Something that has happened. That of Wake() has no tag.
  struct Event {
    void* tag = nullptr;
    bool ok = false;
  };

  virtual ~WorkSource() = default;

  // The next event. None: there is none yet and `wait` is false, or there will
  // be none any more, as over() says then.
  virtual std::optional<Event> Next(bool wait) = 0;
  virtual bool over() const = 0;

  // Sees to an event with a tag: shortly, since what is work is given to
  // WorkerPool::Submit().
  virtual void Take(const Event& event) = 0;

  // Makes an event without a tag.
  virtual void Wake() = 0;
};

// Runs calls in the order of their arrival on a fixed number of threads.
// Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(const WorkerPoolOptions& options);
  // Runs what is queued, then ends the threads. Requires that no source is
  // attached.
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

  // From now on the threads look there before each piece of work, and wait
  // there when there is none. One source at a time; it is borrowed until
  // Detach(), which waits until it is over and no thread uses it any more. It
  // may end when the pool drains, or while nobody submits.
  void Attach(WorkSource& source) ABSL_LOCKS_EXCLUDED(mu_);
  void Detach() ABSL_LOCKS_EXCLUDED(mu_);

  // Takes no more work and waits until all is done, or `patience` is over.
  // Returns whether all is done.
  bool Drain(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until all is done, and all that has come from the source is taken.
  void Settle() ABSL_LOCKS_EXCLUDED(mu_);

  // How many wait for a thread, and how many may.
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t max_waiting() const { return max_queued_; }

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void LookAt(WorkSource& source) ABSL_LOCKS_EXCLUDED(mu_);
  void Queue(std::function<void()> work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WakeOneIfNeeded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayLook() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty() || source_ != nullptr;
  }
  bool Detached() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return source_ == nullptr && looking_ == 0;
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return queue_.empty() && running_ == 0;
  }
  bool Settled() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return Idle() && looking_ == sleeping_;
  }

  const size_t max_queued_;
  mutable absl::Mutex mu_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  WorkSource* source_ ABSL_GUARDED_BY(mu_) = nullptr;  // Null once it is over.
  int looking_ ABSL_GUARDED_BY(mu_) = 0;   // Threads that are at the source,
  int sleeping_ ABSL_GUARDED_BY(mu_) = 0;  // and of them those that wait there.
  int wakes_ ABSL_GUARDED_BY(mu_) = 0;     // Made, and not taken yet.
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace usher

#endif  // USHER_SERVING_WORKER_POOL_H_
