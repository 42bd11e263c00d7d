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

// One interaction: in its user's history and in all counters. An event that was
// not heard of before gets its vectors.
void RecordInteraction(const Interaction& interaction, Snapshot& snapshot);

// Records interactions in the order in which they are added; many of them on a
// thread of its own, so that the caller can write them to the state meanwhile.
// For one caller's thread.
class InteractionRecorder {
 public:
  // Borrows the snapshot, which nobody else may look at between an Add() and
  // the end of the next Wait().
  explicit InteractionRecorder(Snapshot& snapshot) : snapshot_(snapshot) {}
  // Forgets what is not recorded yet: whoever wants it waits before.
  ~InteractionRecorder();
  InteractionRecorder(const InteractionRecorder&) = delete;
  InteractionRecorder& operator=(const InteractionRecorder&) = delete;

  // Must stay until it is recorded.
  void Add(const Interaction& interaction) ABSL_LOCKS_EXCLUDED(mu_);
  // Returns when all are recorded.
  void Wait() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Piece = std::vector<const Interaction*>;

  void Record(const Piece& piece);
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for one. False at the end.
  bool Next(Piece& piece) ABSL_LOCKS_EXCLUDED(mu_);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return ended_ || !queue_.empty();
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return queue_.empty() && !recording_;
  }

  Snapshot& snapshot_;
  Piece pending_;  // Of the caller's thread.
  absl::Mutex mu_;
  std::deque<Piece> queue_ ABSL_GUARDED_BY(mu_);
  bool recording_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // Joinable once there was a whole piece.
};

}  // namespace usher

#endif  // USHER_SERVING_INTERACTION_RECORDER_H_
