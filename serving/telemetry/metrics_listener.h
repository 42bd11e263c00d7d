// The address where Prometheus asks.
#ifndef USHER_SERVING_TELEMETRY_METRICS_LISTENER_H_
#define USHER_SERVING_TELEMETRY_METRICS_LISTENER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "serving/telemetry/server_gauges.h"
#include "serving/telemetry/telemetry.h"

namespace usher {

// InvalidArgument when `address` is not HOST:PORT.
absl::Status CheckMetricsAddress(const std::string& address);

// Answers GET /metrics over HTTP, without encryption or questions about who
// asks: on an address that only the monitoring reaches.
class MetricsListener {
 public:
  // Listens on `address`, HOST:PORT, where port 0 means any free one. Borrows
  // `telemetry`; `gauges` is called once a scrape, from threads of its own.
  // Unavailable when the address is taken.
  static absl::StatusOr<std::unique_ptr<MetricsListener>> Start(
      const std::string& address, const Telemetry& telemetry,
      std::function<ServerGauges()> gauges);
  ~MetricsListener();

  // The address with the port that was chosen.
  const std::string& address() const { return address_; }

 private:
  struct Http;
  MetricsListener(std::unique_ptr<Http> http, std::string address);

  const std::unique_ptr<Http> http_;
  const std::string address_;
};

}  // namespace usher

#endif  // USHER_SERVING_TELEMETRY_METRICS_LISTENER_H_
