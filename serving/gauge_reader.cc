#include "serving/gauge_reader.h"

#include <algorithm>

namespace usher {
namespace {

double SecondsSince(Micros then, Micros now) {
  if (then == kNoTime) return 0;
  return static_cast<double>(std::max<Micros>(0, now - then)) / kSecond;
}

}  // namespace

ServerGauges GaugeReader::Read() const {
  const ServerStatus status = reporter_.Report();
  const WriterLag lag = publisher_.lag();
  const Micros now = clock_.Now();
  ServerGauges gauges;
  gauges.model_version = status.model.version;
  gauges.model_age_seconds = SecondsSince(status.model.created, now);
  gauges.users = status.users;
  gauges.events = status.events;
  gauges.live_events = status.live_events;
  gauges.state_position = status.state_position;
  gauges.state_rows_waiting = static_cast<int64_t>(lag.rows_waiting);
  gauges.state_lag_seconds = SecondsSince(lag.oldest, now);
  gauges.state_commit_age_seconds = SecondsSince(lag.last_commit, now);
  gauges.calls_waiting = static_cast<int64_t>(pool_.waiting());
  gauges.calls_waiting_limit = static_cast<int64_t>(pool_.max_waiting());
  gauges.ineligible_served = recommender_.ineligible();
  gauges.process = ReadProcessUsage();
  if (tls_ != nullptr) {
    gauges.tls_certificate_end = static_cast<double>(tls_->ends()) / kSecond;
  }
  return gauges;
}

}  // namespace usher
