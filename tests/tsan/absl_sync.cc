// Tells ThreadSanitizer what Debian's prebuilt absl::Mutex and
// absl::Notification order: their own atomics are not instrumented, so without
// this every guarded access looks like a race. Linked into instrumented tests,
// with --wrap for each symbol below.
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

// Symbols of Abseil's inline namespace in Debian 12.
#define USHER_REAL(symbol) __real__ZN##symbol
#define USHER_WRAP(symbol) __wrap__ZN##symbol

extern "C" {

void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);

void USHER_REAL(4absl7debian35Mutex4LockEv)(absl::Mutex* mu);
void USHER_REAL(4absl7debian35Mutex6UnlockEv)(absl::Mutex* mu);
void USHER_REAL(4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(
    absl::Mutex* mu, const absl::Condition& condition);
bool USHER_REAL(
    4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(
    absl::Mutex* mu, const absl::Condition& condition, absl::Duration timeout);
void USHER_REAL(4absl7debian312Notification6NotifyEv)(absl::Notification* n);
void USHER_REAL(K4absl7debian312Notification19WaitForNotificationEv)(
    const absl::Notification* n);
bool USHER_REAL(
    K4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(
    const absl::Notification* n, absl::Duration timeout);

void USHER_WRAP(4absl7debian35Mutex4LockEv)(absl::Mutex* mu) {
  USHER_REAL(4absl7debian35Mutex4LockEv)(mu);
  __tsan_acquire(mu);
}

// Who unlocks evaluates the conditions of those who wait, under the lock.
void USHER_WRAP(4absl7debian35Mutex6UnlockEv)(absl::Mutex* mu) {
  __tsan_release(mu);
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  USHER_REAL(4absl7debian35Mutex6UnlockEv)(mu);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

void USHER_WRAP(4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(
    absl::Mutex* mu, const absl::Condition& condition) {
  __tsan_release(mu);
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  USHER_REAL(4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(mu, condition);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  __tsan_acquire(mu);
}

bool USHER_WRAP(
    4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(
    absl::Mutex* mu, const absl::Condition& condition, absl::Duration timeout) {
  __tsan_release(mu);
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  const bool holds = USHER_REAL(
      4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(
      mu, condition, timeout);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  __tsan_acquire(mu);
  return holds;
}

void USHER_WRAP(4absl7debian312Notification6NotifyEv)(absl::Notification* n) {
  __tsan_release(n);
  USHER_REAL(4absl7debian312Notification6NotifyEv)(n);
}

void USHER_WRAP(K4absl7debian312Notification19WaitForNotificationEv)(
    const absl::Notification* n) {
  USHER_REAL(K4absl7debian312Notification19WaitForNotificationEv)(n);
  __tsan_acquire(const_cast<absl::Notification*>(n));
}

bool USHER_WRAP(
    K4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(
    const absl::Notification* n, absl::Duration timeout) {
  const bool notified = USHER_REAL(
      K4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(
      n, timeout);
  __tsan_acquire(const_cast<absl::Notification*>(n));
  return notified;
}

}  // extern "C"
