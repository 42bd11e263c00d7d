#include "serving/gauge_reader.h"

#include <algorithm>
#include <string>

#include "serving/lists/use_list.h"

namespace usher {
namespace {

double SecondsSince(Micros then, Micros now) {
  if (then == kNoTime) return 0;
  return static_cast<double>(std::max<Micros>(0, now - then)) / kSecond;
}

void ReadLists(const ListCounters& lists, ServerGauges& gauges) {
  gauges.list_origins = {{"online", lists.online.load()},
                         {"memory", lists.from_memory.load()},
                         {"redis", lists.from_redis.load()}};
  for (int i = 1; i < kNumListRefusals; ++i) {
    gauges.list_refusals.emplace_back(
        std::string(ListRefusalName(static_cast<ListRefusal>(i))),
        lists.refused[i].load());
  }
  gauges.lists_topped_up = lists.topped_up.load();
  gauges.redis_questions = {{"asked", lists.redis_asked.load()},
                            {"without", lists.redis_without.load()},
                            {"failed", lists.redis_failed.load()},
                            {"damaged", lists.redis_damaged.load()},
                            {"skipped", lists.redis_skipped.load()}};
  gauges.memory_lists = {{"kept", lists.memory_kept.load()},
                         {"evicted", lists.memory_evicted.load()}};
  gauges.memory_lists_bytes = lists.memory_bytes.load();
}

void ReadExposures(const ExposureLog& exposures, ServerGauges& gauges) {
  gauges.exposures_dropped = exposures.dropped();
  for (const auto& [names, lists] : exposures.DroppedByVariant()) {
    gauges.dropped_variants.push_back({names.first, names.second, lists});
  }
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
  gauges.state_damaged_rows = publisher_.damaged_rows();
  gauges.state_rows_waiting = static_cast<int64_t>(lag.rows_waiting);
  gauges.state_lag_seconds = SecondsSince(lag.oldest, now);
  gauges.state_commit_age_seconds = SecondsSince(lag.last_commit, now);
  gauges.calls_waiting = static_cast<int64_t>(pool_.waiting());
  gauges.calls_waiting_limit = static_cast<int64_t>(pool_.max_waiting());
  gauges.ineligible_served = recommender_.ineligible();
  ReadLists(lists_, gauges);
  ReadExposures(exposures_, gauges);
  gauges.process = ReadProcessUsage();
  if (tls_ != nullptr) {
    gauges.tls_certificate_end = static_cast<double>(tls_->ends()) / kSecond;
  }
  return gauges;
}

}  // namespace usher
