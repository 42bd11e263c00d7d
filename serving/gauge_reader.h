// Looks at a running server for its metrics.
#ifndef USHER_SERVING_GAUGE_READER_H_
#define USHER_SERVING_GAUGE_READER_H_

#include "index/base/clock.h"
#include "serving/exposure_log.h"
#include "serving/lists/list_counters.h"
#include "serving/recommender.h"
#include "serving/security/tls_files.h"
#include "serving/snapshot_publisher.h"
#include "serving/status_reporter.h"
#include "serving/telemetry/server_gauges.h"
#include "serving/worker_pool.h"

namespace usher {

// Borrows what it looks at; `tls` may be null. Thread-safe.
class GaugeReader {
 public:
  GaugeReader(const StatusReporter& reporter,
              const SnapshotPublisher& publisher,
              const Recommender& recommender, const ListCounters& lists,
              const ExposureLog& exposures, const WorkerPool& pool,
              const TlsFiles* tls, const Clock& clock)
      : reporter_(reporter),
        publisher_(publisher),
        recommender_(recommender),
        lists_(lists),
        exposures_(exposures),
        pool_(pool),
        tls_(tls),
        clock_(clock) {}

  // All but `serving`, which the edge knows.
  ServerGauges Read() const;

 private:
  const StatusReporter& reporter_;
  const SnapshotPublisher& publisher_;
  const Recommender& recommender_;
  const ListCounters& lists_;
  const ExposureLog& exposures_;
  const WorkerPool& pool_;
  const TlsFiles* const tls_;
  const Clock& clock_;
};

}  // namespace usher

#endif  // USHER_SERVING_GAUGE_READER_H_
