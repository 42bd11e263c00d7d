#include "serving/serve_config.h"

#include <google/protobuf/text_format.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/text_proto.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "usher/config/serve_config.pb.h"

namespace usher {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kMaxQueuedCalls = 100'000;
constexpr size_t kLeastKeyBytes = 16;
constexpr int kMaxExposureDays = 3650;
constexpr int kMaxRedisTimeoutMs = 1000;
constexpr int kMaxMemoryListsMb = 65'536;

absl::StatusOr<int> InRange(absl::string_view path, absl::string_view field,
                            int value, int least, int most) {
  if (value >= least && value <= most) return value;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", field, ": ", value,
                                                 " is not between ", least,
                                                 " and ", most));
}

v1::RecommendRequest DefaultsOf(const config::Scenario& scenario) {
  v1::RecommendRequest defaults;
  defaults.set_scenario(scenario.name());
  defaults.set_limit(scenario.limit());
  if (scenario.has_filter()) *defaults.mutable_filter() = scenario.filter();
  *defaults.mutable_rules() = scenario.rules();
  defaults.set_max_per_organizer(scenario.max_per_organizer());
  defaults.set_max_per_venue(scenario.max_per_venue());
  defaults.set_max_per_series(scenario.max_per_series());
  if (scenario.has_diversity()) defaults.set_diversity(scenario.diversity());
  defaults.set_exposure(scenario.exposure());
  defaults.set_detail(scenario.detail());
  defaults.set_include_events(scenario.include_events());
  return defaults;
}

}  // namespace

absl::StatusOr<ServeConfig> ParseServeConfig(const std::string& path,
                                             absl::string_view text) {
  config::ServeConfig proto;
  if (const absl::Status parsed = ParseTextProto(text, &proto); !parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", parsed.message()));
  }
  ServeConfig config;
  if (proto.has_threads()) {
    ASSIGN_OR_RETURN(config.workers.threads,
                     InRange(path, "threads", proto.threads(), 0, kMaxThreads));
  }
  if (proto.has_max_queued_calls()) {
    ASSIGN_OR_RETURN(config.workers.max_queued,
                     InRange(path, "max_queued_calls", proto.max_queued_calls(),
                             1, kMaxQueuedCalls));
  }
  if (proto.has_exposure_days()) {
    ASSIGN_OR_RETURN(const int days,
                     InRange(path, "exposure_days", proto.exposure_days(), 1,
                             kMaxExposureDays));
    config.exposure_retention = days * kDay;
  }
  if (proto.has_exposure_sample_share()) {
    config.exposure_sample_share = proto.exposure_sample_share();
    if (!(config.exposure_sample_share >= 0 &&
          config.exposure_sample_share <= 1)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": exposure_sample_share: ", config.exposure_sample_share,
          " is not between 0 and 1"));
    }
  }
  if (proto.has_redis_timeout_ms()) {
    ASSIGN_OR_RETURN(config.redis_timeout_ms,
                     InRange(path, "redis_timeout_ms", proto.redis_timeout_ms(),
                             1, kMaxRedisTimeoutMs));
  }
  if (proto.has_memory_lists_mb()) {
    ASSIGN_OR_RETURN(config.memory_lists_mb,
                     InRange(path, "memory_lists_mb", proto.memory_lists_mb(),
                             0, kMaxMemoryListsMb));
  }
  if (proto.has_page_token_key() &&
      proto.page_token_key().size() < kLeastKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": page_token_key: has ", proto.page_token_key().size(),
        " bytes; a key has ", kLeastKeyBytes, " at least"));
  }
  config.page_token_key = proto.page_token_key();
  google::protobuf::TextFormat::PrintToString(proto.ranking(),
                                              &config.ranking_config);
  if (const auto policy =
          ApplyRankingConfig(RankingPolicy(), config.ranking_config);
      !policy.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", policy.status().message()));
  }
  std::vector<v1::RecommendRequest> defaults;
  for (const config::Scenario& scenario : proto.scenarios()) {
    defaults.push_back(DefaultsOf(scenario));
  }
  absl::StatusOr<Scenarios> scenarios = Scenarios::Create(std::move(defaults));
  if (!scenarios.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", scenarios.status().message()));
  }
  config.scenarios = *std::move(scenarios);
  return config;
}

}  // namespace usher
