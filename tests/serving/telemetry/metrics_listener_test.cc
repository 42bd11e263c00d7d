#include "serving/telemetry/metrics_listener.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/http_get.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(MetricsListenerTest, EachScrapeShowsTheMoment) {
  Telemetry telemetry;
  ServerGauges gauges;
  const auto listener =
      MetricsListener::Start("127.0.0.1:0", telemetry, [&] { return gauges; });
  ASSERT_TRUE(listener.ok()) << listener.status();
  const std::string& address = (*listener)->address();
  const std::string first = HttpGet(address, "/metrics");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(first, HasSubstr("\nusher_model_version 0\n"));
  EXPECT_THAT(first, HasSubstr("\nusher_empty_lists_total 0\n"));
  gauges.model_version = 3;
  telemetry.lists.empty.Add();
  const std::string second = HttpGet(address, "/metrics");
  EXPECT_THAT(second, HasSubstr("\nusher_model_version 3\n"));
  EXPECT_THAT(second, HasSubstr("\nusher_empty_lists_total 1\n"));
}

TEST(MetricsListenerTest, GaugesHaveAWholeStackToThemselves) {
  Telemetry telemetry;
  const auto listener = MetricsListener::Start("127.0.0.1:0", telemetry, [] {
    volatile char deep[1 << 20];
    for (size_t i = 0; i < sizeof(deep); i += 1024) deep[i] = 1;
    ServerGauges gauges;
    gauges.model_version = deep[0] + deep[sizeof(deep) - 1024];
    return gauges;
  });
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_THAT(HttpGet((*listener)->address(), "/metrics"),
              HasSubstr("\nusher_model_version 2\n"));
}

TEST(MetricsListenerTest, ATakenAddressIsRefusedAndNamed) {
  Telemetry telemetry;
  const auto gauges = [] { return ServerGauges(); };
  const auto first = MetricsListener::Start("127.0.0.1:0", telemetry, gauges);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second =
      MetricsListener::Start((*first)->address(), telemetry, gauges);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr((*first)->address()));
}

TEST(MetricsListenerTest, AnAddressWithoutAPortIsInvalid) {
  for (const char* address : {"", "localhost", ":9464", "h:x", "h:65536"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckMetricsAddress(address)))
        << address;
  }
  EXPECT_TRUE(CheckMetricsAddress("127.0.0.1:9464").ok());
}

}  // namespace
}  // namespace usher
