// What is counted, in Prometheus' terms.
#ifndef USHER_SERVING_TELEMETRY_METRIC_FAMILIES_H_
#define USHER_SERVING_TELEMETRY_METRIC_FAMILIES_H_

#include <vector>

#include "serving/telemetry/server_gauges.h"
#include "serving/telemetry/telemetry.h"

namespace prometheus {
struct MetricFamily;
}

namespace usher {

// Every family is there from the first scrape on, with zeros, but for result
// codes that no call has had. Labels have few values; none names a user or an
// event.
std::vector<prometheus::MetricFamily> MetricFamilies(
    const Telemetry& telemetry, const ServerGauges& gauges);

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_METRIC_FAMILIES_H_
