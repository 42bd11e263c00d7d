#include "serving/experiments/experiments_config.h"

#include <google/protobuf/text_format.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/artifact/text_proto.h"
#include "index/base/status_macros.h"
#include "usher/config/experiments.pb.h"

namespace usher {
namespace {

absl::StatusOr<Variant> FromProto(const config::Variant& proto,
                                  const std::string& path) {
  Variant variant;
  variant.name = proto.name();
  if (proto.has_weight()) variant.weight = proto.weight();
  std::string ranking;
  google::protobuf::TextFormat::PrintToString(proto.ranking(), &ranking);
  absl::StatusOr<RankingOverrides> overrides = ParseRankingConfig(ranking);
  if (!overrides.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ".", overrides.status().message()));
  }
  variant.ranking = *std::move(overrides);
  return variant;
}

absl::StatusOr<Experiment> FromProto(const config::Experiment& proto,
                                     const std::string& path) {
  Experiment experiment;
  experiment.name = proto.name();
  experiment.salt = proto.salt();
  experiment.layer = proto.layer();
  if (proto.has_share()) experiment.share = proto.share();
  if (proto.has_begin()) experiment.begin = proto.begin();
  for (int i = 0; i < proto.variants_size(); ++i) {
    ASSIGN_OR_RETURN(
        Variant variant,
        FromProto(proto.variants(i), absl::StrCat(path, ".variants[", i, "]")));
    experiment.variants.push_back(std::move(variant));
  }
  return experiment;
}

absl::StatusOr<Experiments> FromProto(const config::ExperimentsConfig& proto) {
  std::vector<Experiment> all;
  for (int i = 0; i < proto.experiments_size(); ++i) {
    ASSIGN_OR_RETURN(
        Experiment experiment,
        FromProto(proto.experiments(i), absl::StrCat("experiments[", i, "]")));
    all.push_back(std::move(experiment));
  }
  return Experiments::Create(std::move(all));
}

}  // namespace

absl::StatusOr<Experiments> ParseExperiments(const std::string& path,
                                             absl::string_view text) {
  config::ExperimentsConfig proto;
  if (const absl::Status parsed = ParseTextProto(text, &proto); !parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", parsed.message()));
  }
  absl::StatusOr<Experiments> experiments = FromProto(proto);
  if (!experiments.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", experiments.status().message()));
  }
  return experiments;
}

}  // namespace usher
