#include "index/base/clock.h"

#include "absl/time/clock.h"

namespace usher {
namespace {

class SystemClock final : public Clock {
 public:
  Micros Now() const override { return absl::ToUnixMicros(absl::Now()); }
};

}  // namespace

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

}  // namespace usher
