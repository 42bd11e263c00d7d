#include <google/protobuf/text_format.h>

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/artifact/version.h"
#include "index/base/status_macros.h"
#include "serving/ranking/policy.h"
#include "usher/config/config.pb.h"

namespace usher {
namespace {

// So that no sum of products leaves the floats.
constexpr double kMaxWeight = 1e6;
constexpr int kMinScanCandidates = 10;
constexpr int kMaxScanCandidates = 5000;

absl::StatusOr<std::vector<Feature>> FeaturesOf(const config::Trees& config) {
  std::vector<Feature> features;
  for (const std::string& name : config.features()) {
    const std::optional<Feature> feature = FeatureFromName(name);
    if (!feature.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("ranking.trees.features: there is no feature \"", name,
                       "\": the model is of another release; train it again"));
    }
    features.push_back(*feature);
  }
  return features;
}

absl::StatusOr<TreeRanker::Tree> TreeOf(const config::Trees::Tree& config,
                                        absl::Span<const Feature> features) {
  if (config.features_size() != config.thresholds_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ranking.trees.trees: ", config.features_size(), " features but ",
        config.thresholds_size(), " thresholds"));
  }
  TreeRanker::Tree tree;
  for (int i = 0; i < config.features_size(); ++i) {
    const int32_t feature = config.features(i);
    if (feature < 0 || static_cast<size_t>(feature) >= features.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "ranking.trees.trees: feature ", feature, " of ", features.size()));
    }
    tree.splits.push_back({features[feature], config.thresholds(i)});
  }
  tree.values.assign(config.values().begin(), config.values().end());
  return tree;
}

// Null where there are none.
absl::StatusOr<std::shared_ptr<const TreeRanker>> TreesOf(
    const config::Trees& config) {
  if (config.trees().empty()) return nullptr;
  ASSIGN_OR_RETURN(const std::vector<Feature> features, FeaturesOf(config));
  std::vector<TreeRanker::Tree> trees;
  for (const config::Trees::Tree& entry : config.trees()) {
    ASSIGN_OR_RETURN(TreeRanker::Tree tree, TreeOf(entry, features));
    trees.push_back(std::move(tree));
  }
  absl::StatusOr<TreeRanker> ranker = TreeRanker::Create(
      config.depth(), config.linear_share(), std::move(trees));
  if (!ranker.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ranking.trees: ", ranker.status().message()));
  }
  return std::make_shared<const TreeRanker>(*std::move(ranker));
}

absl::StatusOr<Calibration> CalibrationOf(const config::Calibration& config) {
  if (!(std::abs(config.slope()) <= kMaxWeight) ||
      !(std::abs(config.intercept()) <= kMaxWeight)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ranking.calibration: slope ", config.slope(), " and intercept ",
        config.intercept(), " are not both between -1e6 and 1e6"));
  }
  return Calibration{config.slope(), config.intercept()};
}

void WriteTrees(const TreeRanker& ranker, config::Trees& config) {
  config.set_depth(ranker.depth());
  config.set_linear_share(ranker.linear_share());
  for (size_t f = 0; f < kNumFeatures; ++f) {
    config.add_features(std::string(FeatureName(static_cast<Feature>(f))));
  }
  for (const TreeRanker::Tree& tree : ranker.trees()) {
    config::Trees::Tree& entry = *config.add_trees();
    for (const TreeRanker::Split& split : tree.splits) {
      entry.add_features(static_cast<int32_t>(split.feature));
      entry.add_thresholds(split.threshold);
    }
    entry.mutable_values()->Assign(tree.values.begin(), tree.values.end());
  }
}

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
  if (config.has_trees()) {
    ASSIGN_OR_RETURN(overrides.trees, TreesOf(config.trees()));
  }
  if (config.has_calibration()) {
    ASSIGN_OR_RETURN(overrides.calibration,
                     CalibrationOf(config.calibration()));
  }
  return overrides;
}

void Apply(const RankingOverrides& overrides, RankingPolicy& policy) {
  for (const auto& [feature, weight] : overrides.weights) {
    policy.weight(feature) = weight;
  }
  policy.scan_candidates =
      overrides.scan_candidates.value_or(policy.scan_candidates);
  if (overrides.trees.has_value()) {
    policy.trees = *overrides.trees;
    policy.calibration.reset();
  }
  if (overrides.calibration.has_value()) {
    policy.calibration = overrides.calibration;
  }
}

absl::StatusOr<RankingPolicy> ApplyRankingConfig(const RankingPolicy& base,
                                                 absl::string_view text_proto) {
  ASSIGN_OR_RETURN(const RankingOverrides overrides,
                   ParseRankingConfig(text_proto));
  RankingPolicy policy = base;
  Apply(overrides, policy);
  return policy;
}

absl::StatusOr<RankingPolicy> PolicyOfVersion(const VersionInfo& info) {
  absl::StatusOr<RankingPolicy> policy =
      ApplyRankingConfig(RankingPolicy(), info.ranking_config);
  if (policy.ok()) return policy;
  return absl::Status(
      policy.status().code(),
      absl::StrCat(kRankingFile, ": ", policy.status().message()));
}

std::string RankingConfigText(const RankingPolicy& policy) {
  config::RankingConfig config;
  for (size_t i = 0; i < kNumFeatures; ++i) {
    config::FeatureWeight& entry = *config.add_weights();
    entry.set_feature(std::string(FeatureName(static_cast<Feature>(i))));
    entry.set_weight(policy.weights[i]);
  }
  config.set_scan_candidates(policy.scan_candidates);
  if (policy.trees != nullptr) {
    WriteTrees(*policy.trees, *config.mutable_trees());
  }
  if (policy.calibration.has_value()) {
    config.mutable_calibration()->set_slope(policy.calibration->slope);
    config.mutable_calibration()->set_intercept(policy.calibration->intercept);
  }
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  std::string text;
  printer.PrintToString(config, &text);
  return text;
}

}  // namespace usher
