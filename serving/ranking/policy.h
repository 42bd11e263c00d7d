// What decides a ranking, apart from the data.
#ifndef USHER_SERVING_RANKING_POLICY_H_
#define USHER_SERVING_RANKING_POLICY_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "index/artifact/version_info.h"
#include "serving/ranking/features.h"
#include "serving/ranking/tree_ranker.h"

namespace usher {

// From a score to the probability of attendance.
struct Calibration {
  float slope = 0;
  float intercept = 0;

  float Probability(float score) const;
  bool operator==(const Calibration&) const = default;
};

// A linear ranker, what was learned on top of it, and the sizes of the
// candidate sources. A value.
struct RankingPolicy {
  // The documented defaults (kDefaultWeights in policy.cc).
  RankingPolicy();

  float weight(Feature feature) const {
    return weights[static_cast<size_t>(feature)];
  }
  float& weight(Feature feature) {
    return weights[static_cast<size_t>(feature)];
  }

  bool operator==(const RankingPolicy&) const = default;

  // linear score = sum of weight * feature.
  std::array<float, kNumFeatures> weights;
  // Makes the score of the linear one; null: they are the same.
  std::shared_ptr<const TreeRanker> trees;
  // Of scores, where it is known.
  std::optional<Calibration> calibration;
  // Candidates of the scored scan over vectors and live bias.
  int scan_candidates = 300;
  // Candidates of each other source.
  int source_candidates = 100;
};

// What a configuration replaces in a policy. A value.
struct RankingOverrides {
  std::vector<std::pair<Feature, float>> weights;
  std::optional<int> scan_candidates;
  // Null inside: the linear score alone.
  std::optional<std::shared_ptr<const TreeRanker>> trees;
  std::optional<Calibration> calibration;
};

// Reads a RankingConfig text proto (proto/usher/config). InvalidArgument names
// the field, the value and what is allowed.
absl::StatusOr<RankingOverrides> ParseRankingConfig(
    absl::string_view text_proto);

// Replaces in `policy` what `overrides` names. Cheap enough for each request.
void Apply(const RankingOverrides& overrides, RankingPolicy& policy);

// `base` with what a RankingConfig text proto replaces; errors as above.
absl::StatusOr<RankingPolicy> ApplyRankingConfig(const RankingPolicy& base,
                                                 absl::string_view text_proto);

// The policy that a version was published with; errors as above, of the
// version's file.
absl::StatusOr<RankingPolicy> PolicyOfVersion(const VersionInfo& info);

// The RankingConfig text proto that gives `policy` back, every weight named.
// Trees are in it.
std::string RankingConfigText(const RankingPolicy& policy);

}  // namespace usher

#endif  // USHER_SERVING_RANKING_POLICY_H_
