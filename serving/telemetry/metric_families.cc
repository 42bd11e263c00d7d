#include "serving/telemetry/metric_families.h"

#include <prometheus/metric_family.h>

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace usher {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<std::pair<absl::string_view, absl::string_view>>;

class Families {
 public:
  // Begins a family.
  void Begin(absl::string_view name, absl::string_view help, MetricType type) {
    MetricFamily& family = families_.emplace_back();
    family.name = std::string(name);
    family.help = std::string(help);
    family.type = type;
  }
  void Add(const Labels& labels, double value) {
    ClientMetric& metric = AddMetric(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
  }
  void Add(const Labels& labels, const LatencyHistogram& histogram) {
    const LatencyHistogram::Totals totals = histogram.Get();
    ClientMetric::Histogram& out = AddMetric(labels).histogram;
    int64_t sum = 0;
    for (size_t i = 0; i < kNumBounds; ++i) {
      sum += totals.counts[i];
      out.bucket.push_back({static_cast<uint64_t>(sum),
                            static_cast<double>(histogram.bounds()[i]) / 1e6});
    }
    out.sample_count = static_cast<uint64_t>(sum + totals.counts[kNumBounds]);
    out.sample_sum = static_cast<double>(totals.nanoseconds) / 1e9;
  }

  // A family of one value.
  void Gauge(absl::string_view name, absl::string_view help, double value) {
    Begin(name, help, MetricType::Gauge);
    Add({}, value);
  }
  void Counter(absl::string_view name, absl::string_view help, int64_t value) {
    Begin(name, help, MetricType::Counter);
    Add({}, static_cast<double>(value));
  }

  std::vector<MetricFamily> Take() { return std::move(families_); }

 private:
  ClientMetric& AddMetric(const Labels& labels) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    for (const auto& [name, value] : labels) {
      metric.label.push_back({std::string(name), std::string(value)});
    }
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void AddCalls(const CallMetrics& calls, Families& families) {
  families.Begin("usher_calls_total", "Calls that have ended, by result.",
                 MetricType::Counter);
  for (const RpcMethodSpec& spec : kRpcMethods) {
    for (size_t i = 0; i < CallMetrics::kNumCodes; ++i) {
      const absl::StatusCode code = static_cast<absl::StatusCode>(i);
      const int64_t count = calls.ended(spec.method, code);
      if (count == 0 && code != absl::StatusCode::kOk) continue;
      families.Add({{"service", spec.service},
                    {"method", spec.name},
                    {"code", code == absl::StatusCode::kOk
                                 ? "OK"
                                 : absl::StatusCodeToString(code)}},
                   static_cast<double>(count));
    }
  }
  families.Begin("usher_calls_in_flight",
                 "Calls that have begun and not ended; an open stream is one.",
                 MetricType::Gauge);
  for (const RpcMethodSpec& spec : kRpcMethods) {
    int64_t open = calls.begun(spec.method);
    for (size_t i = 0; i < CallMetrics::kNumCodes; ++i) {
      open -= calls.ended(spec.method, static_cast<absl::StatusCode>(i));
    }
    families.Add({{"service", spec.service}, {"method", spec.name}},
                 static_cast<double>(open < 0 ? 0 : open));
  }
  families.Begin("usher_call_seconds",
                 "From when a call is taken in to its end, waiting included.",
                 MetricType::Histogram);
  for (const RpcMethodSpec& spec : kRpcMethods) {
    families.Add({{"service", spec.service}, {"method", spec.name}},
                 calls.latency(spec.method));
  }
  families.Begin("usher_stream_responses_total", "Responses sent on streams.",
                 MetricType::Counter);
  for (const RpcMethodSpec& spec : kRpcMethods) {
    const bool streams = spec.method == RpcMethod::kRecommendStream ||
                         spec.method == RpcMethod::kStreamInteractions ||
                         spec.method == RpcMethod::kExportUser;
    if (!streams) continue;
    families.Add({{"service", spec.service}, {"method", spec.name}},
                 static_cast<double>(calls.streamed(spec.method)));
  }
}

void AddLists(const ListMetrics& lists, Families& families) {
  families.Begin("usher_stage_seconds", "Time a list spends in each stage.",
                 MetricType::Histogram);
  for (int i = 0; i < kNumStages; ++i) {
    families.Add({{"stage", StageName(static_cast<Stage>(i))}},
                 lists.stages[i].histogram);
  }
  families.Begin("usher_candidates_total",
                 "Candidates by source; one of two sources counts for both.",
                 MetricType::Counter);
  for (int i = 0; i < kNumCandidateSources; ++i) {
    families.Add(
        {{"source", CandidateSourceName(static_cast<CandidateSource>(i))}},
        static_cast<double>(lists.candidates.Get(i)));
  }
  families.Begin("usher_dropped_total", "Events left out of lists, by reason.",
                 MetricType::Counter);
  for (int i = 1; i < kNumDropReasons; ++i) {
    families.Add({{"reason", DropReasonName(static_cast<DropReason>(i))}},
                 static_cast<double>(lists.dropped.Get(i)));
  }
  families.Begin("usher_lists_total",
                 "Lists made, by what is known of the user.",
                 MetricType::Counter);
  families.Add({{"user", "known"}}, static_cast<double>(lists.known.Get()));
  families.Add({{"user", "cold"}}, static_cast<double>(lists.cold.Get()));
  families.Counter("usher_empty_lists_total", "Lists without a result.",
                   lists.empty.Get());
  families.Counter("usher_degraded_lists_total",
                   "Lists for which a part of the ranking was missing.",
                   lists.degraded.Get());
}

void AddGauges(const ServerGauges& gauges, Families& families) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  families.Gauge("usher_serving", "1 while health is SERVING.",
                 gauges.serving ? 1 : 0);
  families.Gauge("usher_model_version", "The version that is served; 0: none.",
                 number(gauges.model_version));
  families.Gauge("usher_model_age_seconds",
                 "Since the version that is served was trained.",
                 gauges.model_age_seconds);
  families.Gauge("usher_users", "Users known.", number(gauges.users));
  families.Gauge("usher_events", "Events known.", number(gauges.events));
  families.Gauge("usher_live_events", "Events that can be recommended now.",
                 number(gauges.live_events));
  families.Gauge("usher_state_position", "Position of the last write.",
                 number(gauges.state_position));
  families.Gauge("usher_state_damaged_rows",
                 "Rows of the state that were passed over.",
                 number(gauges.state_damaged_rows));
  families.Gauge("usher_state_rows_waiting", "Rows that wait to be written.",
                 number(gauges.state_rows_waiting));
  families.Gauge("usher_state_lag_seconds",
                 "How long the longest waiting row has waited.",
                 gauges.state_lag_seconds);
  families.Gauge("usher_state_commit_age_seconds",
                 "Since the last commit; 0 before the first.",
                 gauges.state_commit_age_seconds);
  families.Gauge("usher_calls_waiting", "Calls that wait for a worker.",
                 number(gauges.calls_waiting));
  families.Gauge("usher_calls_waiting_limit",
                 "More are refused with RESOURCE_EXHAUSTED.",
                 number(gauges.calls_waiting_limit));
  families.Gauge("usher_tls_certificate_end_seconds",
                 "When the certificate ends, in unix seconds; 0: no TLS.",
                 gauges.tls_certificate_end);
  // Under the names that every exporter gives them.
  families.Begin("process_cpu_seconds_total", "Processor time used.",
                 MetricType::Counter);
  families.Add({}, gauges.process.cpu_seconds);
  families.Gauge("process_resident_memory_bytes", "Memory in use.",
                 number(gauges.process.resident_bytes));
  families.Counter("usher_ineligible_served_total",
                   "Results found dead by the final check. A bug, if not 0.",
                   gauges.ineligible_served);
}

void AddCounts(absl::string_view name, absl::string_view help,
               const std::string& label, const ServerGauges::Counts& counts,
               Families& families) {
  if (counts.empty()) return;
  families.Begin(name, help, MetricType::Counter);
  for (const auto& [value, count] : counts) {
    families.Add({{label, value}}, static_cast<double>(count));
  }
}

void AddListsMadeBefore(const ServerGauges& gauges, Families& families) {
  AddCounts("usher_list_origin_total",
            "Answers by where their candidates came from.", "origin",
            gauges.list_origins, families);
  AddCounts("usher_list_refused_total",
            "Why an answer was not made from a list.", "reason",
            gauges.list_refusals, families);
  families.Counter("usher_list_topped_up_total",
                   "Lists that were too short for their page.",
                   gauges.lists_topped_up);
  AddCounts("usher_redis_questions_total",
            "Questions to Redis by what became of them.", "result",
            gauges.redis_questions, families);
  AddCounts("usher_memory_lists_total", "Lists kept in memory, and evicted.",
            "what", gauges.memory_lists, families);
  families.Gauge("usher_memory_lists_bytes", "Memory of lists.",
                 static_cast<double>(gauges.memory_lists_bytes));
}

void AddExposures(const ServerGauges& gauges, Families& families) {
  families.Counter("usher_exposures_dropped_total",
                   "Lists that were answered and could not be written down.",
                   gauges.exposures_dropped);
  if (gauges.dropped_variants.empty()) return;
  families.Begin("usher_variant_exposures_dropped_total",
                 "Of those, the ones of an experiment's variants.",
                 MetricType::Counter);
  for (const ServerGauges::DroppedVariant& dropped : gauges.dropped_variants) {
    families.Add(
        {{"experiment", dropped.experiment}, {"variant", dropped.variant}},
        static_cast<double>(dropped.lists));
  }
}

}  // namespace

std::vector<MetricFamily> MetricFamilies(const Telemetry& telemetry,
                                         const ServerGauges& gauges) {
  Families families;
  AddCalls(telemetry.calls, families);
  AddLists(telemetry.lists, families);
  AddGauges(gauges, families);
  AddListsMadeBefore(gauges, families);
  AddExposures(gauges, families);
  return families.Take();
}

}  // namespace usher
