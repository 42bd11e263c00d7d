// Time as a value that can be set.
#ifndef USHER_INDEX_BASE_CLOCK_H_
#define USHER_INDEX_BASE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace usher {

// Unix time in microseconds: the form of every stored instant (columns, files,
// histories). absl::Time is the form at the edges.
using Micros = int64_t;

// "No such instant": an event without a start, an undated interaction. Sorts
// before every instant.
inline constexpr Micros kNoTime = INT64_MIN;
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kHour = 60 * kMinute;
inline constexpr Micros kDay = 24 * kHour;

// Tells the time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros Now() const = 0;

  // The machine's clock; lives for the whole program.
  static const Clock& System();
};

// A clock that stands still until it is set. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Micros now) : now_(now) {}
  Micros Now() const override { return now_.load(std::memory_order_relaxed); }
  void Set(Micros now) { now_.store(now, std::memory_order_relaxed); }
  void Advance(Micros by) { now_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<Micros> now_;
};

}  // namespace usher

#endif  // USHER_INDEX_BASE_CLOCK_H_
