// Tells ThreadSanitizer what Debian's prebuilt Abseil orders. Its own atomics
// are not instrumented, so without this every access under an absl::Mutex looks
// like a race, ours and those of gRPC, which hands calls and their bytes from
// thread to thread under that mutex. All ways to lock, to unlock and to wait go
// through the functions below.
#include <atomic>
#include <cstdint>

#include "absl/base/call_once.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "tests/tsan/real.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

// Who unlocks evaluates the conditions of those who wait, under the lock.
class IgnoringReads {
 public:
  IgnoringReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoringReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

using ::usher::Real;

}  // namespace

void absl::Mutex::Lock() {
  static auto* const real = Real<void(Mutex*)>("_ZN4absl7debian35Mutex4LockEv");
  real(this);
  __tsan_acquire(this);
}

void absl::Mutex::ReaderLock() {
  static auto* const real =
      Real<void(Mutex*)>("_ZN4absl7debian35Mutex10ReaderLockEv");
  real(this);
  __tsan_acquire(this);
}

bool absl::Mutex::TryLock() {
  static auto* const real =
      Real<bool(Mutex*)>("_ZN4absl7debian35Mutex7TryLockEv");
  const bool locked = real(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

bool absl::Mutex::ReaderTryLock() {
  static auto* const real =
      Real<bool(Mutex*)>("_ZN4absl7debian35Mutex13ReaderTryLockEv");
  const bool locked = real(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

// Behind every LockWhen...().
bool absl::Mutex::LockSlowWithDeadline(
    MuHow how, const Condition* condition,
    synchronization_internal::KernelTimeout timeout, int flags) {
  static auto* const real =
      Real<bool(Mutex*, MuHow, const Condition*,
                synchronization_internal::KernelTimeout, int)>(
          "_ZN4absl7debian35Mutex20LockSlowWithDeadlineEPKNS0_6MuHowSEPKNS0_"
          "9ConditionENS0_24synchronization_internal13KernelTimeoutEi");
  const IgnoringReads ignoring;
  const bool holds = real(this, how, condition, timeout, flags);
  __tsan_acquire(this);
  return holds;
}

void absl::Mutex::Unlock() {
  static auto* const real =
      Real<void(Mutex*)>("_ZN4absl7debian35Mutex6UnlockEv");
  __tsan_release(this);
  const IgnoringReads ignoring;
  real(this);
}

void absl::Mutex::ReaderUnlock() {
  static auto* const real =
      Real<void(Mutex*)>("_ZN4absl7debian35Mutex12ReaderUnlockEv");
  __tsan_release(this);
  const IgnoringReads ignoring;
  real(this);
}

// Behind every Await...().
bool absl::Mutex::AwaitCommon(const Condition& condition,
                              synchronization_internal::KernelTimeout timeout) {
  static auto* const real = Real<bool(Mutex*, const Condition&,
                                      synchronization_internal::KernelTimeout)>(
      "_ZN4absl7debian35Mutex11AwaitCommonERKNS0_9ConditionENS0_"
      "24synchronization_internal13KernelTimeoutE");
  __tsan_release(this);
  const IgnoringReads ignoring;
  const bool holds = real(this, condition, timeout);
  __tsan_acquire(this);
  return holds;
}

// Behind every Wait...().
bool absl::CondVar::WaitCommon(
    Mutex* mu, synchronization_internal::KernelTimeout timeout) {
  static auto* const real =
      Real<bool(CondVar*, Mutex*, synchronization_internal::KernelTimeout)>(
          "_ZN4absl7debian37CondVar10WaitCommonEPNS0_5MutexENS0_"
          "24synchronization_internal13KernelTimeoutE");
  __tsan_release(mu);
  const bool timed_out = real(this, mu, timeout);
  __tsan_acquire(mu);
  return timed_out;
}

// Who finds it notified takes no lock.
void absl::Notification::Notify() {
  static auto* const real =
      Real<void(Notification*)>("_ZN4absl7debian312Notification6NotifyEv");
  __tsan_release(&notified_yet_);
  real(this);
}

void absl::Notification::WaitForNotification() const {
  static auto* const real = Real<void(const Notification*)>(
      "_ZNK4absl7debian312Notification19WaitForNotificationEv");
  real(this);
  HasBeenNotified();
}

bool absl::Notification::WaitForNotificationWithDeadline(Time deadline) const {
  static auto* const real = Real<bool(const Notification*, Time)>(
      "_ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_"
      "4TimeE");
  real(this, deadline);
  return HasBeenNotified();
}

bool absl::Notification::WaitForNotificationWithTimeout(
    Duration timeout) const {
  static auto* const real = Real<bool(const Notification*, Duration)>(
      "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_"
      "8DurationE");
  real(this, timeout);
  return HasBeenNotified();
}

// Who runs the function of a call_once stores "done" in an inline function,
// which is instrumented; who waits for it learns of it here.
uint32_t absl::base_internal::SpinLockWait(
    std::atomic<uint32_t>* word, int count,
    const SpinLockWaitTransition transitions[], SchedulingMode mode) {
  static auto* const real =
      Real<uint32_t(std::atomic<uint32_t>*, int, const SpinLockWaitTransition*,
                    SchedulingMode)>(
          "_ZN4absl7debian313base_internal12SpinLockWaitEPSt6atomicIjEiPKNS1_"
          "22SpinLockWaitTransitionENS1_14SchedulingModeE");
  const uint32_t seen = real(word, count, transitions, mode);
  __tsan_acquire(word);
  return seen;
}
