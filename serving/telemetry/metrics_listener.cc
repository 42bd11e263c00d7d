#include "serving/telemetry/metrics_listener.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "index/base/status_macros.h"
#include "serving/telemetry/metric_families.h"

namespace usher {
namespace {

class Collector final : public prometheus::Collectable {
 public:
  Collector(const Telemetry& telemetry, std::function<ServerGauges()> gauges)
      : telemetry_(telemetry), gauges_(std::move(gauges)) {}

  // The library's threads have a stack of 100 KB, too small for what a gauge
  // may look at.
  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    std::thread([&] {
      families = MetricFamilies(telemetry_, gauges_());
    }).join();
    return families;
  }

 private:
  const Telemetry& telemetry_;
  const std::function<ServerGauges()> gauges_;
};

std::string HostOf(const std::string& address) {
  return address.substr(0, address.rfind(':'));
}

}  // namespace

// The exposer looks at the collector while it lives.
struct MetricsListener::Http {
  std::shared_ptr<Collector> collector;
  std::unique_ptr<prometheus::Exposer> exposer;
};

MetricsListener::MetricsListener(std::unique_ptr<Http> http,
                                 std::string address)
    : http_(std::move(http)), address_(std::move(address)) {}

MetricsListener::~MetricsListener() { http_->exposer = nullptr; }

absl::Status CheckMetricsAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", address, "\" is not HOST:PORT"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MetricsListener>> MetricsListener::Start(
    const std::string& address, const Telemetry& telemetry,
    std::function<ServerGauges()> gauges) {
  RETURN_IF_ERROR(CheckMetricsAddress(address));
  auto http = std::make_unique<Http>();
  http->collector = std::make_shared<Collector>(telemetry, std::move(gauges));
  // The library throws when it cannot listen.
  try {
    http->exposer = std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", address, "num_threads", "2",
                                 "request_timeout_ms", "10000"});
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", address,
        ": the address is taken or not this machine's (", e.what(), ")"));
  }
  http->exposer->RegisterCollectable(http->collector);
  const int port = http->exposer->GetListeningPorts().front();
  std::string chosen = absl::StrCat(HostOf(address), ":", port);
  return absl::WrapUnique(
      new MetricsListener(std::move(http), std::move(chosen)));
}

}  // namespace usher
