#include <google/protobuf/text_format.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "usher/config/config.pb.h"

namespace usher {
namespace {

// So that no sum of products leaves the floats.
constexpr double kMaxWeight = 1e6;
constexpr int kMinScanCandidates = 10;
constexpr int kMaxScanCandidates = 5000;

}  // namespace

absl::StatusOr<RankingOverrides> ParseRankingConfig(
    absl::string_view text_proto) {
  config::RankingConfig config;
  if (!google::protobuf::TextFormat::ParseFromString(std::string(text_proto),
                                                     &config)) {
    return absl::InvalidArgumentError(
        "ranking: not a text proto of usher.config.RankingConfig");
  }
  RankingOverrides overrides;
  for (const config::FeatureWeight& entry : config.weights()) {
    const std::optional<Feature> feature = FeatureFromName(entry.feature());
    if (!feature.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "ranking.weights: there is no feature \"", entry.feature(),
          "\"; the names are those of serving/ranking/features.h"));
    }
    if (!(std::abs(entry.weight()) <= kMaxWeight)) {
      return absl::InvalidArgumentError(
          absl::StrCat("ranking.weights: the weight of ", entry.feature(),
                       " is ", entry.weight(), ", not between -1e6 and 1e6"));
    }
    overrides.weights.emplace_back(*feature,
                                   static_cast<float>(entry.weight()));
  }
  if (config.has_scan_candidates()) {
    if (config.scan_candidates() < kMinScanCandidates ||
        config.scan_candidates() > kMaxScanCandidates) {
      return absl::InvalidArgumentError(absl::StrCat(
          "ranking.scan_candidates: ", config.scan_candidates(),
          " is not between ", kMinScanCandidates, " and ", kMaxScanCandidates));
    }
    overrides.scan_candidates = config.scan_candidates();
  }
  return overrides;
}

void Apply(const RankingOverrides& overrides, RankingPolicy& policy) {
  for (const auto& [feature, weight] : overrides.weights) {
    policy.weight(feature) = weight;
  }
  policy.scan_candidates =
      overrides.scan_candidates.value_or(policy.scan_candidates);
}

absl::StatusOr<RankingPolicy> ApplyRankingConfig(const RankingPolicy& base,
                                                 absl::string_view text_proto) {
  ASSIGN_OR_RETURN(const RankingOverrides overrides,
                   ParseRankingConfig(text_proto));
  RankingPolicy policy = base;
  Apply(overrides, policy);
  return policy;
}

std::string RankingConfigText(const RankingPolicy& policy) {
  config::RankingConfig config;
  for (size_t i = 0; i < kNumFeatures; ++i) {
    config::FeatureWeight& entry = *config.add_weights();
    entry.set_feature(std::string(FeatureName(static_cast<Feature>(i))));
    entry.set_weight(policy.weights[i]);
  }
  config.set_scan_candidates(policy.scan_candidates);
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  return text;
}

}  // namespace usher
