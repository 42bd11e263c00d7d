#include "serving/telemetry/metric_families.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace usher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricFamiliesTest : public ::testing::Test {
 protected:
  // Whether the page has each of the lines; it is long, so they are named
  // alone when not.
  void ExpectLines(const std::vector<std::string>& lines) const {
    const std::string page = absl::StrCat("\n", Page());
    for (const std::string& line : lines) {
      EXPECT_TRUE(absl::StrContains(page, absl::StrCat("\n", line, "\n")))
          << line;
    }
  }
  std::string Page() const {
    return prometheus::TextSerializer().Serialize(
        MetricFamilies(telemetry_, gauges_));
  }

  Telemetry telemetry_;
  ServerGauges gauges_;
};

TEST_F(MetricFamiliesTest, CallsAreCountedByMethodAndCodeAndTimed) {
  CallMetrics& calls = telemetry_.calls;
  calls.CountBegun(RpcMethod::kExplain);
  calls.CountBegun(RpcMethod::kExplain);
  calls.CountBegun(RpcMethod::kExplain);
  calls.CountEnded(RpcMethod::kExplain, absl::StatusCode::kOk, 150'000);
  calls.CountEnded(RpcMethod::kExplain, absl::StatusCode::kNotFound, 90'000);
  const std::string method =
      R"({service="usher.v1.RecommendationService",method="Explain")";
  ExpectLines(
      {absl::StrCat("usher_calls_total", method, ",code=\"OK\"} 1"),
       absl::StrCat("usher_calls_total", method, ",code=\"NOT_FOUND\"} 1"),
       absl::StrCat("usher_calls_in_flight", method, "} 1"),
       absl::StrCat("usher_call_seconds_bucket", method, ",le=\"0.0001\"} 1"),
       absl::StrCat("usher_call_seconds_bucket", method, ",le=\"0.0002\"} 2"),
       absl::StrCat("usher_call_seconds_bucket", method, ",le=\"+Inf\"} 2"),
       absl::StrCat("usher_call_seconds_sum", method, "} 0.00024")});
}

TEST_F(MetricFamiliesTest, AListTellsItsStagesSourcesAndDrops) {
  static int64_t now = 0;
  StageTimes times([] { return now; });
  now = 4'000;
  times.End(Stage::kView);
  now = 10'000;
  times.End(Stage::kRank);
  telemetry_.lists.CountStages(times);
  telemetry_.lists.candidates.Add(static_cast<int>(CandidateSource::kNearby),
                                  70);
  telemetry_.lists.dropped.Add(static_cast<int>(DropReason::kSoldOut), 3);
  telemetry_.lists.cold.Add();
  ExpectLines({R"(usher_stage_seconds_bucket{stage="view",le="5e-06"} 1)",
               R"(usher_stage_seconds_bucket{stage="view",le="2e-06"} 0)",
               R"(usher_stage_seconds_count{stage="rank"} 1)",
               R"(usher_stage_seconds_count{stage="assign"} 0)",
               R"(usher_candidates_total{source="nearby"} 70)",
               R"(usher_dropped_total{reason="sold_out"} 3)",
               R"(usher_lists_total{user="cold"} 1)"});
}

TEST_F(MetricFamiliesTest, GaugesAreThoseOfTheScrape) {
  gauges_.serving = true;
  gauges_.model_version = 12;
  gauges_.state_lag_seconds = 1.5;
  gauges_.ineligible_served = 0;
  ExpectLines({"usher_serving 1", "usher_model_version 12",
               "usher_state_lag_seconds 1.5",
               "usher_ineligible_served_total 0"});
}

TEST_F(MetricFamiliesTest, ListsMadeBeforeAndExposuresShow) {
  gauges_.list_origins = {{"online", 4}, {"redis", 3}};
  gauges_.list_refusals = {{"far", 2}};
  gauges_.redis_questions = {{"failed", 1}};
  gauges_.memory_lists_bytes = 640;
  gauges_.exposures_dropped = 5;
  gauges_.dropped_variants = {{"tempo", "fast", 2}};
  ExpectLines({R"(usher_list_origin_total{origin="redis"} 3)",
               R"(usher_list_refused_total{reason="far"} 2)",
               R"(usher_redis_questions_total{result="failed"} 1)",
               "usher_memory_lists_bytes 640",
               "usher_exposures_dropped_total 5",
               "usher_variant_exposures_dropped_total{experiment=\"tempo\","
               "variant=\"fast\"} 2"});
}

TEST_F(MetricFamiliesTest, NamesAreUniqueAndCountersEndInTotal) {
  gauges_.list_origins = gauges_.list_refusals = gauges_.redis_questions =
      gauges_.memory_lists = {{"some", 1}};
  gauges_.dropped_variants = {{"tempo", "fast", 1}};
  std::set<std::string> names;
  for (const prometheus::MetricFamily& family :
       MetricFamilies(telemetry_, gauges_)) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Counter,
              absl::EndsWith(family.name, "_total"))
        << family.name;
    for (const prometheus::ClientMetric& metric : family.metric) {
      for (const auto& label : metric.label) {
        EXPECT_THAT(label.name, Not(HasSubstr("user_id")));
        EXPECT_THAT(label.name, Not(HasSubstr("event")));
        EXPECT_FALSE(label.value.empty()) << family.name;
      }
    }
  }
}

}  // namespace
}  // namespace usher
