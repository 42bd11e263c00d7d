// What people did, told to a snapshot.
#ifndef USHER_SERVING_INTERACTION_RECORDER_H_
#define USHER_SERVING_INTERACTION_RECORDER_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "index/artifact/snapshot.h"
#include "index/catalog/interaction.h"

namespace usher {

// One interaction, known by its users' histories and by all counters.
void RecordInteraction(const Interaction& interaction, Snapshot& snapshot);

// Records on a thread of its own, in order, while the state is being written:
// the two cost about the same. Of one caller's thread, whose snapshot it is
// again after Wait() or the end.
class InteractionRecorder {
 public:
  // Borrows it.
  explicit InteractionRecorder(Snapshot& snapshot);
  // Waits.
  ~InteractionRecorder();
  InteractionRecorder(const InteractionRecorder&) = delete;
  InteractionRecorder& operator=(const InteractionRecorder&) = delete;

  // What it points to must stay until they are recorded.
  void Add(std::vector<const Interaction*> interactions)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Until all that were added are recorded.
  void Wait() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return ended_ || !queue_.empty();
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return queue_.empty(); }

  Snapshot& snapshot_;  // Of the thread while the queue is not empty.
  absl::Mutex mu_;
  // The first is being recorded.
  std::deque<std::vector<const Interaction*>> queue_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace usher

#endif  // USHER_SERVING_INTERACTION_RECORDER_H_
